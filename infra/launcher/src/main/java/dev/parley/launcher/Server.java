package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** A running server, as commands reach it: its requests carry the key, and its refusals are told in its words. Thread-safe. */
final class Server implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final URI address;
    private final Optional<String> apiKey;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Server(URI address, Optional<String> apiKey) {
        this.address = address;
        this.apiKey = apiKey;
    }

    /** A request of {@code path}, which may take as long as it likes. */
    HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.resolve(path));
        apiKey.ifPresent(key -> request.header("Authorization", "Bearer " + key));
        return request;
    }

    HttpRequest.Builder request(String path, Duration timeout) {
        return request(path).timeout(timeout);
    }

    /** @throws CommandFailedException where no server answers */
    HttpResponse<String> send(HttpRequest request) {
        try {
            return send(request, HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException e) {
            throw new CommandFailedException(
                    "no server answers at " + address + ": start one with './parley up', or name yours with --url", e);
        } catch (IOException e) {
            throw new CommandFailedException("no answer from " + address + ": " + e.getMessage(), e);
        }
    }

    /** Like {@link #send(HttpRequest)}, for whoever goes on after a connection that broke. */
    <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body) throws IOException {
        try {
            return http.send(request, body);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    static CommandFailedException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new CommandFailedException("interrupted", e);
    }

    /** The JSON of an answer; an empty object where it has no body. */
    JsonNode json(HttpResponse<String> response) {
        try {
            return response.body().isEmpty() ? MAPPER.createObjectNode() : MAPPER.readTree(response.body());
        } catch (IOException e) {
            throw new CommandFailedException(this + " does not answer like a Parley server", e);
        }
    }

    /** What the server says of a request that it did not take. */
    static CommandFailedException refused(int status, String body) {
        String why = "status " + status;
        try {
            JsonNode problem = MAPPER.readTree(body);
            why = problem.path("detail").asText(problem.path("title").asText(why));
        } catch (IOException e) {
            // Not a problem document: the status has to do.
        }
        if (status == 401) {
            why += " (give a key with --api-key or PARLEY_API_KEY)";
        }
        return new CommandFailedException(why);
    }

    /** {@code segment} of a path, in the characters that a URL has. */
    static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Its address. */
    @Override
    public String toString() {
        return address.toString();
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
