package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A plain HTTP client of the native API, as a test needs it. */
final class ApiClient {

    static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final URI server;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    record Answer(int status, JsonNode body) {}

    /** One event of a stream with its payload. */
    record Event(String type, String id, JsonNode data) {}

    ApiClient(String server) {
        this.server = URI.create(server);
    }

    Answer post(String path, Map<String, ?> body, String... headers) {
        HttpRequest.Builder request = request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        MAPPER.valueToTree(body).toString()));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    /** Puts a document, as it is. */
    Answer put(String path, String contentType, byte[] body) {
        return send(request(path)
                .header("Content-Type", contentType)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    }

    Answer delete(String path) {
        return send(request(path).DELETE().build());
    }

    Answer get(String path) {
        return send(request(path).GET().build());
    }

    String text(String path) {
        try {
            return http.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A new conversation's id. */
    String conversation() {
        Answer created = post("/api/conversations", Map.of());
        if (created.status() != 201) {
            throw new AssertionError("no conversation: " + created);
        }
        return created.body().path("id").asText();
    }

    /** Asks, and returns the 202's body. */
    JsonNode ask(String conversation, Map<String, ?> message) {
        Answer accepted = post("/api/conversations/" + conversation + "/messages", message);
        if (accepted.status() != 202) {
            throw new AssertionError("not accepted: " + accepted);
        }
        return accepted.body();
    }

    /**
     * Reads a stream until {@code last} holds for an event, which is included; cuts the connection then.
     *
     * @param lastEventId to resume from; null for none
     */
    List<Event> events(String path, @Nullable String lastEventId, Predicate<Event> last) {
        HttpRequest.Builder request = request(path).timeout(TIMEOUT).header("Accept", "text/event-stream");
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        List<Event> events = new ArrayList<>();
        try {
            HttpResponse<InputStream> response =
                    http.send(request.GET().build(), HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new AssertionError("no stream: " + response.statusCode() + " "
                        + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
            }
            try (InputStream body = response.body()) {
                SseReader reader = new SseReader(body, lastEventId == null ? "" : lastEventId);
                for (SseReader.Event read = reader.next(); read != null; read = reader.next()) {
                    Event event = new Event(read.type(), read.id(), MAPPER.readTree(read.data()));
                    events.add(event);
                    if (last.test(event)) {
                        return events;
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("stream broke after " + events, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        throw new AssertionError("stream ended after " + events);
    }

    private Answer send(HttpRequest request) {
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            String body = response.body();
            return new Answer(
                    response.statusCode(),
                    body.startsWith("{") || body.startsWith("[") ? MAPPER.readTree(body) : MAPPER.missingNode());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.resolve(path));
    }
}
