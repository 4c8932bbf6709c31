package dev.parley.ingest.answer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.http.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Server-sent events of the protocols that are not this server's own: JSON on one {@code data:} line. */
public final class SseJson {

    public static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    /** A comment, which every client passes over. */
    static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

    private SseJson() {}

    public static byte[] of(JsonNode json) {
        return frame(new byte[0], json);
    }

    /** An event with a name. */
    public static byte[] of(String event, JsonNode json) {
        return frame(("event: " + event + "\n").getBytes(StandardCharsets.US_ASCII), json);
    }

    /** An event with an id, by which a reader goes on after it. */
    public static byte[] withId(String id, JsonNode json) {
        return frame(("id: " + id + "\n").getBytes(StandardCharsets.US_ASCII), json);
    }

    private static byte[] frame(byte[] name, JsonNode json) {
        try {
            byte[] text = Json.MAPPER.writeValueAsBytes(json);
            ByteArrayOutputStream frame = new ByteArrayOutputStream(text.length + 64);
            frame.writeBytes(name);
            frame.writeBytes(DATA);
            frame.writeBytes(text);
            frame.writeBytes(END);
            return frame.toByteArray();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON can be written", e);
        }
    }
}
