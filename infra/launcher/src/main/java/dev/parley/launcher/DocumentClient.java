package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A client of a running server's documents. Thread-safe. */
final class DocumentClient implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

    /** For a server that is too busy, or waits for one of its own; each time twice as long as before. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

    private static final int MAX_TRIES = 5;

    private final URI server;
    private final String workspace;
    private final Optional<String> apiKey;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** What became of an upload. */
    sealed interface Put {
        record Added() implements Put {}

        record Replaced() implements Put {}

        record Unchanged() implements Put {}

        /** Nothing of use can be made of it, however often it is sent. */
        record Refused(String code, String detail) implements Put {}
    }

    DocumentClient(URI server, String workspace, Optional<String> apiKey) {
        this.server = server;
        this.workspace = workspace;
        this.apiKey = apiKey;
    }

    /**
     * Puts a document.
     *
     * @throws CommandFailedException where the server cannot be asked
     */
    Put put(String path, byte[] bytes) {
        HttpResponse<String> response = send(request(documents() + "/" + encodedPath(path))
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build());
        return switch (response.statusCode()) {
            case 201 -> new Put.Added();
            case 200 -> json(response).path("unchanged").asBoolean() ? new Put.Unchanged() : new Put.Replaced();
            case 400, 413, 415, 422 -> {
                JsonNode problem = json(response);
                yield new Put.Refused(
                        problem.path("code").asText(), problem.path("detail").asText());
            }
            default -> throw refused(response);
        };
    }

    void delete(String path) {
        HttpResponse<String> response =
                send(request(documents() + "/" + encodedPath(path)).DELETE().build());
        if (response.statusCode() != 204) {
            throw refused(response);
        }
    }

    /** The paths of all documents of the workspace. */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        String after = "";
        do {
            HttpResponse<String> response = send(request(documents() + "?limit=1000"
                            + (after.isEmpty() ? "" : "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8)))
                    .GET()
                    .build());
            if (response.statusCode() != 200) {
                throw refused(response);
            }
            JsonNode page = json(response);
            page.path("documents")
                    .forEach(document -> paths.add(document.path("path").asText()));
            after = page.path("next").asText("");
        } while (!after.isEmpty());
        return paths;
    }

    private String documents() {
        return "/api/workspaces/" + encoded(workspace) + "/documents";
    }

    private static String encodedPath(String path) {
        return Stream.of(path.split("/", -1)).map(DocumentClient::encoded).collect(Collectors.joining("/"));
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.resolve(path)).timeout(REQUEST_TIMEOUT);
        apiKey.ifPresent(key -> request.header("Authorization", "Bearer " + key));
        return request;
    }

    /** Sends, and again where the server asks for patience: putting and deleting may be repeated. */
    private HttpResponse<String> send(HttpRequest request) {
        try {
            Duration pause = FIRST_PAUSE;
            for (int tries = 1; ; tries++) {
                HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
                if (response.statusCode() != 503 || tries == MAX_TRIES) {
                    return response;
                }
                Thread.sleep(pause);
                pause = pause.multipliedBy(2);
            }
        } catch (ConnectException e) {
            throw new CommandFailedException(
                    "no server answers at " + server + ": start one with './parley up', or name yours with --url", e);
        } catch (IOException e) {
            throw new CommandFailedException("no answer from " + server + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailedException("interrupted", e);
        }
    }

    private JsonNode json(HttpResponse<String> response) {
        try {
            return MAPPER.readTree(response.body());
        } catch (IOException e) {
            throw new CommandFailedException(server + " does not answer like a Parley server", e);
        }
    }

    private CommandFailedException refused(HttpResponse<String> response) {
        String why = "status " + response.statusCode();
        try {
            JsonNode problem = MAPPER.readTree(response.body());
            why = problem.path("detail").asText(problem.path("title").asText(why));
        } catch (IOException e) {
            // Not a problem document: the status has to do.
        }
        if (response.statusCode() == 401) {
            why += " (give a key with --api-key or PARLEY_API_KEY)";
        }
        return new CommandFailedException(why);
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
