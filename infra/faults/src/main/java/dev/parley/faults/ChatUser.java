package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.faults.History.Outcome;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Calls of the public HTTP API, each with what its caller knows afterwards. Thread-safe. */
final class ChatUser {

    static final ObjectMapper MAPPER = new ObjectMapper();

    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    /** An answer; empty where none came. */
    record Answer(Outcome outcome, Optional<JsonNode> body) {
        boolean acknowledged() {
            return outcome instanceof Outcome.Acknowledged;
        }
    }

    Answer post(URI node, String path, Map<String, ?> body, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        MAPPER.valueToTree(body).toString()));
        headers.forEach(request::header);
        return send(request.build());
    }

    Answer get(URI node, String path, Map<String, String> headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(node.resolve(path)).timeout(TIMEOUT).GET();
        headers.forEach(request::header);
        return send(request.build());
    }

    private Answer send(HttpRequest request) {
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            String text = response.body();
            Optional<JsonNode> body = text.startsWith("{") ? Optional.of(MAPPER.readTree(text)) : Optional.empty();
            return new Answer(outcome(response.statusCode(), body), body);
        } catch (IOException e) {
            return new Answer(new Outcome.Unknown(e.getClass().getSimpleName()), Optional.empty());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static Outcome outcome(int status, Optional<JsonNode> body) {
        if (status / 100 == 2) {
            return new Outcome.Acknowledged();
        }
        String code = body.map(json -> json.path("code").asText("")).orElse("");
        // Whether a server that fails had done it already, only the log can tell.
        return status >= 500 ? new Outcome.Unknown(status + " " + code) : new Outcome.Refused(status, code);
    }
}
