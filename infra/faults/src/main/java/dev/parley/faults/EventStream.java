package dev.parley.faults;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One event stream over a socket of its own, so that a cut shows where it happened and silence has a deadline: HTTP/1.1 with
 * or without chunks, then frames by the interpretation rules of the HTML standard. One thread reads; any may close.
 */
public final class EventStream implements Closeable {

    private static final Duration CONNECT = Duration.ofSeconds(5);

    /** A dispatched event. */
    public record Frame(String type, String id, String data) {}

    /** The server answered with another status than 200. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;
        private final String body;

        RefusedException(int status, String body) {
            super("status " + status);
            this.status = status;
            this.body = body;
        }

        public int status() {
            return status;
        }

        public String body() {
            return body;
        }
    }

    private final Socket socket;
    private final InputStream in;
    private boolean chunked;
    private long leftInChunk;
    private String lastId;

    private EventStream(Socket socket, String lastId) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.lastId = lastId;
    }

    /**
     * Opens a stream.
     *
     * @param cursor sent as {@code Last-Event-ID}, as browsers do
     * @param silence after which reading fails
     * @throws RefusedException where the server does not stream
     */
    public static EventStream open(URI server, String path, Optional<String> cursor, String headers, Duration silence)
            throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), (int) CONNECT.toMillis());
            socket.setSoTimeout((int) silence.toMillis());
            socket.setTcpNoDelay(true);
            String request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
                    + cursor.map(id -> "Last-Event-ID: " + id + "\r\n").orElse("") + headers + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            EventStream stream = new EventStream(socket, cursor.orElse(""));
            stream.readHead();
            return stream;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void readHead() throws IOException {
        String status = headLine();
        int code = Integer.parseInt(status.split(" ", -1)[1]);
        long length = -1;
        for (String line = headLine(); !line.isEmpty(); line = headLine()) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("transfer-encoding:") && lower.contains("chunked")) {
                chunked = true;
            } else if (lower.startsWith("content-length:")) {
                length = Long.parseLong(
                        lower.substring("content-length:".length()).strip());
            }
        }
        if (code != 200) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            while (length < 0 || body.size() < length) {
                int next = read();
                if (next < 0) {
                    break;
                }
                body.write(next);
            }
            throw new RefusedException(code, body.toString(StandardCharsets.UTF_8));
        }
    }

    private String headLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended in the head");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** The next byte of the body; -1 at its end. */
    private int read() throws IOException {
        if (!chunked) {
            return in.read();
        }
        if (leftInChunk == 0) {
            String size = headLine();
            if (size.isEmpty()) {
                size = headLine(); // The end of the chunk before.
            }
            leftInChunk = Long.parseLong(size.strip(), 16);
            if (leftInChunk == 0) {
                return -1;
            }
        }
        leftInChunk--;
        return in.read();
    }

    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = read(); next != '\n'; next = read()) {
            if (next < 0) {
                return null; // What was cut is no line.
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** The next event; null at the end of the stream. One that was cut short is no event. */
    @Nullable
    public Frame next() throws IOException {
        String type = "message";
        StringBuilder data = new StringBuilder();
        for (String line = line(); line != null; line = line()) {
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    return new Frame(type, lastId, data.toString());
                }
                type = "message";
                continue;
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
            switch (field) {
                case "event" -> type = value;
                case "id" -> lastId = value;
                case "data" -> data.append(data.isEmpty() ? "" : "\n").append(value);
                default -> {} // Comments, and fields of no use here.
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
