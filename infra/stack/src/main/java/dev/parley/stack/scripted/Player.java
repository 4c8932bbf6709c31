package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Piece.Event;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Puts one response on the wire, at its script's pace. One thread, which is interrupted when the client goes. */
final class Player {

    /** What arrives together with the end of a connection may be lost with it. */
    private static final Duration BEFORE_BREAKING = Duration.ofMillis(100);

    private final ModelExchange exchange;
    private final Socket socket;
    private final OutputStream out;
    private final StringBuilder waiting = new StringBuilder();
    private int events;
    private long due;

    Player(ModelExchange exchange, Socket socket, OutputStream out) {
        this.exchange = exchange;
        this.socket = socket;
        this.out = out;
    }

    /**
     * Plays it to its end.
     *
     * @param arrived when the request did, by {@link System#nanoTime}
     */
    void play(Response response, long arrived) throws IOException, InterruptedException {
        Duration firstTokenAfter = Duration.ZERO;
        Duration pace = Duration.ZERO;
        int pauses = 0;
        if (exchange.script() instanceof Script.Answer answer) {
            firstTokenAfter = answer.firstTokenAfter();
            pace = answer.pace();
            pauses = Math.max(0, answer.deltas().size() - 1);
        }
        due = arrived + firstTokenAfter.toNanos();
        switch (response) {
            case Response.Nothing() -> hang();
            case Response.Dropped() -> {
                sleepUntil(due);
                exchange.answered();
                socket.close();
            }
            case Response.Whole whole -> {
                boolean said = whole.status() == 200 && !exchange.request().stream();
                sleepUntil(said ? due + pace.multipliedBy(pauses).toNanos() : due);
                exchange.answered();
                out.write(HttpWire.response(whole));
            }
            case Response.Streamed streamed -> stream(streamed, pace);
        }
    }

    private void stream(Response.Streamed response, Duration pace) throws IOException, InterruptedException {
        Framing framing = response.framing();
        Delivery delivery = response.delivery();
        out.write(HttpWire.head(response));
        Body body = new Body(out, response.encoding());
        waiting.append(framing.opening());
        for (Piece piece : response.pieces()) {
            switch (piece) {
                case Piece.Due() -> {
                    if (delivery.releases(exchange.deltasSent())) {
                        release(body, delivery);
                    }
                    sleepUntil(due);
                    due += pace.toNanos();
                }
                case Piece.Sent() -> {
                    if (delivery.releases(exchange.deltasSent() + 1)) {
                        release(body, delivery);
                    }
                    exchange.sent();
                }
                case Piece.Answered() -> exchange.answered();
                case Event event -> waiting.append(framing.text(events++, event));
                case Piece.Raw(String text) -> waiting.append(text);
                case Piece.Cut(Event event, boolean inCharacter) -> {
                    release(body, delivery);
                    body.write(beginning(framing.text(events, event), inCharacter));
                }
                case Piece.Pause(Duration time) -> {
                    release(body, delivery);
                    TimeUnit.NANOSECONDS.sleep(time.toNanos());
                }
                case Piece.Forever(Piece same, Duration every) -> {
                    while (true) {
                        waiting.append(
                                same instanceof Event event
                                        ? framing.text(events++, event)
                                        : same instanceof Piece.Raw(String text) ? text : "");
                        release(body, delivery);
                        TimeUnit.NANOSECONDS.sleep(every.toNanos());
                    }
                }
                case Piece.LastChunk() -> {
                    exchange.answered();
                    end(body, delivery);
                }
                case Piece.Close() -> breakOff(body, delivery, false);
                case Piece.Reset() -> breakOff(body, delivery, true);
                case Piece.Hang() -> {
                    release(body, delivery);
                    hang();
                }
            }
        }
    }

    private void release(Body body, Delivery delivery) throws IOException {
        if (!waiting.isEmpty()) {
            for (byte[] write : delivery.writes(taken())) {
                body.write(write);
            }
        }
    }

    private void end(Body body, Delivery delivery) throws IOException {
        List<byte[]> writes = waiting.isEmpty() ? List.of() : delivery.writes(taken());
        for (int i = 0; i < writes.size() - 1; i++) {
            body.write(writes.get(i));
        }
        body.end(writes.isEmpty() ? new byte[0] : writes.getLast());
        if (!body.isBounded()) {
            socket.close();
        }
    }

    private void breakOff(Body body, Delivery delivery, boolean reset) throws IOException, InterruptedException {
        release(body, delivery);
        TimeUnit.NANOSECONDS.sleep(BEFORE_BREAKING.toNanos());
        exchange.answered();
        if (reset) {
            socket.setSoLinger(true, 0);
        }
        socket.close();
    }

    private byte[] taken() {
        byte[] bytes = waiting.toString().getBytes(StandardCharsets.UTF_8);
        waiting.setLength(0);
        return bytes;
    }

    private static byte[] beginning(String text, boolean inCharacter) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = bytes.length / 2;
        for (int i = 0; inCharacter && i < bytes.length; i++) {
            if ((bytes[i] & 0xC0) == 0xC0) {
                length = i + 1;
                break;
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    private static void sleepUntil(long due) throws InterruptedException {
        long left = due - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    /** Until the client goes, which interrupts us. */
    private static void hang() throws InterruptedException {
        Thread.sleep(Duration.ofDays(1));
    }
}
