package dev.parley.ingest.answer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.edge.StreamEncoding;
import dev.parley.sinks.feed.FeedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An encoding's pieces as a client reads them. */
public final class ServerSentEvents {

    private static final String DATA = "data: ";
    private static final String EVENT = "event: ";

    private ServerSentEvents() {}

    /** What {@code encoding} makes of {@code events}, as the edge asks it: until it is over. */
    public static List<byte[]> encoded(StreamEncoding encoding, List<FeedEvent> events) {
        List<byte[]> pieces = new ArrayList<>(encoding.opening());
        for (FeedEvent event : events) {
            if (!encoding.isOver()) {
                pieces.addAll(encoding.encode(TurnEvents.frame(event)));
            }
        }
        return pieces;
    }

    /** The data of each event; {@code [DONE]} as it is. */
    public static List<String> data(List<byte[]> pieces) {
        return pieces.stream().map(ServerSentEvents::data).toList();
    }

    /** The data of each event as JSON, with its event's name, where it has one, held against its type. */
    public static List<JsonNode> json(List<byte[]> pieces) {
        return pieces.stream()
                .filter(piece -> !data(piece).equals("[DONE]"))
                .map(ServerSentEvents::json)
                .toList();
    }

    private static String data(byte[] piece) {
        return lines(piece).getLast().substring(DATA.length());
    }

    private static List<String> lines(byte[] piece) {
        String text = new String(piece, StandardCharsets.UTF_8);
        List<String> lines = List.of(text.substring(0, text.length() - 2).split("\n", -1));
        if (!text.endsWith("\n\n")
                || !lines.getLast().startsWith(DATA)
                || lines.size() > 2
                || (lines.size() == 2 && !lines.getFirst().startsWith(EVENT))) {
            throw new AssertionError("not one event: " + text);
        }
        return lines;
    }

    private static JsonNode json(byte[] piece) {
        try {
            JsonNode json = Json.MAPPER.readTree(data(piece));
            List<String> lines = lines(piece);
            if (lines.size() == 2
                    && !lines.getFirst().equals(EVENT + json.path("type").asText())) {
                throw new AssertionError("an event under another name: " + lines);
            }
            return json;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
