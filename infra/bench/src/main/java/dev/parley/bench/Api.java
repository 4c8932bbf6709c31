package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.faults.EventStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The public HTTP API as a benchmark's client uses it. Thread-safe. */
final class Api {

    static final ObjectMapper MAPPER = new ObjectMapper();

    /** Longer than any silence of a stream that is well. */
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final URI server;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    /**
     * An answer.
     *
     * @param retryAfter the header of that name
     */
    record Reply(int status, JsonNode body, Optional<String> retryAfter) {

        boolean isAccepted() {
            return status / 100 == 2;
        }

        /** Whether the server asked to come again later, and said when. */
        boolean isLater() {
            return (status == 429 || status == 503) && retryAfter.isPresent();
        }
    }

    /**
     * An answer as its client saw it.
     *
     * @param askedNanos when the message was about to be sent
     * @param deltaNanos when each delta came
     * @param cutShort whether its last deltas were not sent, and {@code message.completed} told the whole
     */
    record Answer(String turn, long askedNanos, List<Long> deltaNanos, String text, boolean cutShort) {

        /** How many were cut short: clients have their text, but one frame that is missing fails a run. */
        static Figure lost(long count) {
            return Figure.of("answers whose last deltas were overtaken by their end, and not sent", "", (double) count)
                    .atMost(0);
        }

        double firstMillis() {
            return (deltaNanos.getFirst() - askedNanos) / 1e6;
        }

        /** From asking to the last token. */
        double wholeMillis() {
            return (deltaNanos.getLast() - askedNanos) / 1e6;
        }
    }

    Api(URI server) {
        this.server = server;
    }

    Reply send(String method, String path, String body, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(SILENCE)
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        headers.forEach(request::header);
        HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        String text = response.body();
        return new Reply(
                response.statusCode(),
                text.startsWith("{") ? MAPPER.readTree(text) : MAPPER.nullNode(),
                response.headers().firstValue("Retry-After"));
    }

    /** Sends what must be accepted. */
    JsonNode post(String path, String body) throws IOException, InterruptedException {
        return accepted(path, send("POST", path, body, Map.of()));
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return accepted(path, send("GET", path, "", Map.of()));
    }

    private static JsonNode accepted(String path, Reply reply) {
        if (!reply.isAccepted()) {
            throw new IllegalStateException(path + " answered " + reply.status() + " " + reply.body());
        }
        return reply.body();
    }

    /** A new conversation's id. */
    String conversation() throws IOException, InterruptedException {
        return post("/api/conversations", "{}").path("id").asText();
    }

    Reply ask(String conversation, String content, Map<String, String> headers)
            throws IOException, InterruptedException {
        String body = MAPPER.createObjectNode().put("content", content).toString();
        return send("POST", "/api/conversations/" + conversation + "/messages", body, headers);
    }

    EventStream events(String conversation, Optional<String> cursor) throws IOException {
        return EventStream.open(server, "/api/conversations/" + conversation + "/events", cursor, "", SILENCE);
    }

    /** Asks while the stream is already being read, and reads the answer to its end. */
    Answer converse(String conversation, String content) throws IOException, InterruptedException {
        return converse(conversation, Optional.of("0"), content, Map.of());
    }

    /** The same, with a stream that begins after {@code cursor}, or shows only what is new. */
    Answer converse(String conversation, Optional<String> cursor, String content, Map<String, String> headers)
            throws IOException, InterruptedException {
        try (EventStream stream = events(conversation, cursor)) {
            long asked = System.nanoTime();
            Future<Reply> asking = concurrently(() -> {
                Reply reply = ask(conversation, content, headers);
                if (!reply.isAccepted()) {
                    stream.close();
                }
                return reply;
            });
            Transcript transcript = new Transcript();
            try {
                transcript.readOn(stream);
            } catch (IOException e) {
                accepted("message", get(asking));
                throw e;
            }
            String turn = accepted("message", get(asking)).path("turnId").asText();
            return new Answer(turn, asked, transcript.times(), transcript.text(), transcript.isCutShort());
        }
    }

    private static <T> Future<T> concurrently(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofVirtual().name("bench-ask").start(future);
        return future;
    }

    private static <T> T get(Future<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** One answer, put together from the frames of one stream or of several. */
    static final class Transcript {

        private final StringBuilder text = new StringBuilder();
        private final List<Long> times = new ArrayList<>();
        private String cursor = "";
        private boolean completed;
        private boolean cutShort;

        /** Whether the end of the answer came with {@code message.completed} alone, ahead of the last deltas. */
        boolean isCutShort() {
            return cutShort;
        }

        /** Reads until the answer is complete. */
        void readOn(EventStream stream) throws IOException {
            while (!completed) {
                readOne(stream);
            }
        }

        /** Takes the next frame. */
        JsonNode readOne(EventStream stream) throws IOException {
            EventStream.@Nullable Frame frame = stream.next();
            long now = System.nanoTime();
            if (frame == null) {
                throw new IOException("the stream ended before the answer");
            }
            cursor = frame.id();
            JsonNode event = MAPPER.readTree(frame.data());
            switch (event.path("type").asText()) {
                case "message.delta" -> {
                    times.add(now);
                    text.append(event.path("text").asText());
                }
                case "message.completed" -> {
                    String content = event.path("content").asText();
                    if (!content.startsWith(text.toString())) {
                        throw new IllegalStateException(
                                "the deltas do not add up to the answer: " + text + " is not " + content);
                    }
                    cutShort = content.length() > text.length();
                    text.append(content, text.length(), content.length());
                    completed = true;
                }
                case "turn.failed", "turn.cancelled", "message.reset", "feed.gap" ->
                    throw new IllegalStateException(frame.data());
                default -> {} // Events that carry no token.
            }
            return event;
        }

        boolean isCompleted() {
            return completed;
        }

        String cursor() {
            return cursor;
        }

        String text() {
            return text.toString();
        }

        List<Long> times() {
            return List.copyOf(times);
        }
    }
}
