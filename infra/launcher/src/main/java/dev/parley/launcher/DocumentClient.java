package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A client of a running server's documents. Thread-safe. */
final class DocumentClient implements AutoCloseable {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

    /** For a server that is too busy, or waits for one of its own; each time twice as long as before. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

    private static final int MAX_TRIES = 5;

    private final Server server;
    private final String workspace;

    /** What became of an upload. */
    sealed interface Put {
        record Added() implements Put {}

        record Replaced() implements Put {}

        record Unchanged() implements Put {}

        /** Nothing of use can be made of it, however often it is sent. */
        record Refused(String code, String detail) implements Put {}
    }

    DocumentClient(URI server, String workspace, Optional<String> apiKey) {
        this.server = new Server(server, apiKey);
        this.workspace = workspace;
    }

    /**
     * Puts a document.
     *
     * @throws CommandFailedException where the server cannot be asked
     */
    Put put(String path, byte[] bytes) {
        HttpResponse<String> response = send(server.request(documents() + "/" + encodedPath(path), REQUEST_TIMEOUT)
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build());
        return switch (response.statusCode()) {
            case 201 -> new Put.Added();
            case 200 -> server.json(response).path("unchanged").asBoolean() ? new Put.Unchanged() : new Put.Replaced();
            case 400, 413, 415, 422 -> {
                JsonNode problem = server.json(response);
                yield new Put.Refused(
                        problem.path("code").asText(), problem.path("detail").asText());
            }
            default -> throw Server.refused(response.statusCode(), response.body());
        };
    }

    void delete(String path) {
        HttpResponse<String> response = send(server.request(documents() + "/" + encodedPath(path), REQUEST_TIMEOUT)
                .DELETE()
                .build());
        if (response.statusCode() != 204) {
            throw Server.refused(response.statusCode(), response.body());
        }
    }

    /** The paths of all documents of the workspace. */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        String after = "";
        do {
            HttpResponse<String> response = send(server.request(
                            documents() + "?limit=1000" + (after.isEmpty() ? "" : "&after=" + Server.encoded(after)),
                            REQUEST_TIMEOUT)
                    .GET()
                    .build());
            if (response.statusCode() != 200) {
                throw Server.refused(response.statusCode(), response.body());
            }
            JsonNode page = server.json(response);
            page.path("documents")
                    .forEach(document -> paths.add(document.path("path").asText()));
            after = page.path("next").asText("");
        } while (!after.isEmpty());
        return paths;
    }

    private String documents() {
        return "/api/workspaces/" + Server.encoded(workspace) + "/documents";
    }

    private static String encodedPath(String path) {
        return Stream.of(path.split("/", -1)).map(Server::encoded).collect(Collectors.joining("/"));
    }

    /** Sends, and again where the server asks for patience: putting and deleting may be repeated. */
    private HttpResponse<String> send(HttpRequest request) {
        Duration pause = FIRST_PAUSE;
        for (int tries = 1; ; tries++) {
            HttpResponse<String> response = server.send(request);
            if (response.statusCode() != 503 || tries == MAX_TRIES) {
                return response;
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                throw Server.interrupted(e);
            }
            pause = pause.multipliedBy(2);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
