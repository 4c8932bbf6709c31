package dev.parley.stack.scripted;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Asks by hand, byte for byte, and reads as a careful client would: lenient about form, strict about the end. It is there to
 * hold the catalogue's results against what is really sent.
 */
final class CarefulClient {

    private static final ObjectMapper JSON = new ObjectMapper();

    private CarefulClient() {}

    /** How the bytes ended. */
    enum End {
        /** The body's end was reached. */
        BODY,
        CLOSED,
        RESET,
        /** The connection stayed open, and the client had waited long enough. */
        OPEN
    }

    /**
     * What was read.
     *
     * @param text what it says, as far as it may be shown
     * @param finished whether the answer has its end
     * @param failed whether an error was told
     */
    record Answer(int status, String head, String body, End end, String text, boolean finished, boolean failed) {}

    /** Asks and reads, for {@code patience} at most where the end does not come. */
    static Answer ask(int port, Api api, String json, Duration patience) {
        String path = api == Api.MESSAGES ? "/v1/messages" : "/v1/chat/completions";
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(HttpWire.join(
                            ("POST " + path + " HTTP/1.1\r\nhost: x\r\ncontent-length: " + body.length + "\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8),
                            body));
            return read(new Bytes(socket, patience));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that comes, until it ends in one way or the other. */
    private static final class Bytes {

        private final Socket socket;
        private final InputStream in;
        private final long deadline;
        private final byte[] buffer = new byte[8192];
        private int at;
        private int count;
        private End end = End.BODY;

        Bytes(Socket socket, Duration patience) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.deadline = System.nanoTime() + patience.toNanos();
        }

        /** The next byte, or -1 where there is none, and {@link #end} says why. */
        int next() throws IOException {
            if (at < count) {
                return buffer[at++] & 0xFF;
            }
            long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
            if (left <= 0) {
                end = End.OPEN;
                return -1;
            }
            socket.setSoTimeout((int) left);
            try {
                count = in.read(buffer);
                at = 0;
                end = count < 0 ? End.CLOSED : end;
                return count < 0 ? -1 : buffer[at++] & 0xFF;
            } catch (SocketTimeoutException e) {
                end = End.OPEN;
                return -1;
            } catch (SocketException e) {
                end = End.RESET;
                return -1;
            }
        }

        /** A line without its end; empty at the end of all. */
        String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = next(); next >= 0 && next != '\n'; next = next()) {
                if (next != '\r') {
                    line.write(next);
                }
            }
            return line.toString(StandardCharsets.UTF_8);
        }
    }

    private static Answer read(Bytes bytes) throws IOException {
        String start = bytes.line();
        if (start.isEmpty()) {
            return new Answer(0, "", "", bytes.end, "", false, false);
        }
        int status = Integer.parseInt(start.split(" ", 3)[1]);
        if (status / 100 == 1) {
            while (!bytes.line().isEmpty()) {
                // What goes before the answer says nothing of it.
            }
            return read(bytes);
        }
        StringBuilder head = new StringBuilder();
        for (String line = bytes.line(); !line.isEmpty(); line = bytes.line()) {
            head.append(line).append('\n');
        }
        byte[] body = status == 204 ? new byte[0] : body(bytes, head.toString());
        if (body.length > 1 && body[0] == 0x1F && (body[1] & 0xFF) == 0x8B) {
            body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
        } else if (head.toString().contains("content-encoding: deflate")) {
            body = new InflaterInputStream(new ByteArrayInputStream(body), new Inflater(true)).readAllBytes();
        }
        return status / 100 == 2
                ? answer(status, head.toString(), body, bytes.end)
                : new Answer(
                        status, head.toString(), new String(body, StandardCharsets.UTF_8), bytes.end, "", false, true);
    }

    private static byte[] body(Bytes bytes, String head) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (head.contains("transfer-encoding: chunked")) {
            while (true) {
                String size = bytes.line();
                int length = size.isEmpty() ? 0 : Integer.parseInt(size.replaceFirst(";.*", ""), 16);
                if (size.isEmpty() || !copy(bytes, length, body)) {
                    return body.toByteArray();
                }
                String end = bytes.line();
                if (length == 0) {
                    while (!end.isEmpty()) {
                        end = bytes.line();
                    }
                    return body.toByteArray();
                }
            }
        }
        int length = head.lines()
                .filter(line -> line.startsWith("content-length: "))
                .mapToInt(line -> Integer.parseInt(line.substring("content-length: ".length())))
                .findFirst()
                .orElse(Integer.MAX_VALUE);
        var _ = copy(bytes, length, body);
        return body.toByteArray();
    }

    private static boolean copy(Bytes bytes, int length, ByteArrayOutputStream to) throws IOException {
        for (int i = 0; i < length; i++) {
            int next = bytes.next();
            if (next < 0) {
                return false;
            }
            to.write(next);
        }
        return true;
    }

    private static Answer answer(int status, String head, byte[] body, End end) {
        String text = new String(body, StandardCharsets.UTF_8);
        Reading reading = new Reading();
        if (head.toLowerCase(Locale.ROOT).contains("content-type: text/event-stream")) {
            for (String data : events(text)) {
                if (!reading.take(data)) {
                    break;
                }
            }
        } else {
            reading.takeWhole(text);
        }
        return new Answer(status, head, text, end, reading.text.toString(), reading.finished, reading.failed);
    }

    /** The data of each event, by the standard; the last counts without a blank line after it. */
    static List<String> events(String stream) {
        List<String> events = new ArrayList<>();
        List<String> data = new ArrayList<>();
        boolean isError = false;
        String text = stream.startsWith("\uFEFF") ? stream.substring(1) : stream;
        List<String> lines = new ArrayList<>(Arrays.asList(text.split("\r\n|\r|\n", -1)));
        lines.add("");
        for (String line : lines) {
            if (line.isEmpty()) {
                String joined = String.join("\n", data);
                data.clear();
                if (!joined.isEmpty()) {
                    events.add(isError && !joined.startsWith("{") ? "{\"error\":\"in words\"}" : joined);
                }
                isError = false;
            } else if (line.startsWith("data:")) {
                data.add(line.substring(line.startsWith("data: ") ? 6 : 5));
            } else if (line.equals("event: error")) {
                isError = true;
            } else if (line.startsWith("error:")) {
                events.add("{\"error\":" + line.substring(6) + "}");
            }
        }
        return events;
    }

    /** What a stream's events come to. */
    private static final class Reading {

        private final StringBuilder text = new StringBuilder();
        private boolean finished;
        private boolean failed;

        /** False where nothing more counts. */
        boolean take(String data) {
            if (data.equals("[DONE]")) {
                return false;
            }
            JsonNode json;
            try {
                json = JSON.readTree(data);
            } catch (JsonProcessingException e) {
                return false;
            }
            if (isError(json)) {
                failed = true;
                finished = false;
                return false;
            }
            if (json.path("type").asText().equals("message_stop")) {
                return false;
            }
            text.append(json.at("/delta/text").asText(""));
            text.append(json.at("/content_block/text").asText(""));
            finish(json.at("/delta/stop_reason"));
            for (JsonNode choice : json.path("choices")) {
                if (choice.path("index").asInt() == 0) {
                    text.append(text(choice.at("/delta/content")));
                    finish(choice.path("finish_reason"));
                }
            }
            return true;
        }

        void takeWhole(String body) {
            try {
                JsonNode json = JSON.readTree(body);
                failed = isError(json);
                text.append(json.at("/choices/0/message/content").asText(""));
                text.append(json.at("/content/0/text").asText(""));
                finish(json.at("/choices/0/finish_reason"));
                finish(json.path("stop_reason"));
            } catch (JsonProcessingException e) {
                finished = false;
            }
        }

        private void finish(JsonNode reason) {
            if (reason.isTextual() && !reason.asText().isEmpty()) {
                finished = true;
                failed |= List.of("error", "abort", "network_error", "insufficient_system_resource")
                        .contains(reason.asText());
            }
        }

        private static boolean isError(JsonNode json) {
            return json.isArray()
                    || json.hasNonNull("error")
                    || json.has("detail")
                    || json.has("errors")
                    || json.path("status").asText().equals("error")
                    || json.path("object").asText().equals("error")
                    || (json.has("message") && json.has("code"));
        }

        private static String text(JsonNode content) {
            if (!content.isArray()) {
                return content.asText("");
            }
            StringBuilder text = new StringBuilder();
            content.forEach(part -> text.append(part.path("text").asText("")));
            return text.toString();
        }
    }
}
