package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A client of a running server's native API: one conversation, one question at a time. */
final class ChatClient {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration RECONNECT_PAUSE = Duration.ofMillis(500);
    /** How often a broken stream is taken up again before the user is told. */
    private static final int MAX_RECONNECTS = 60;

    private final Server server;

    /** What a client shows while an answer comes. */
    interface Answer {
        void text(String piece);

        void reasoning(String piece);

        /** What was shown is void; the answer begins anew. */
        void reset(String reason);

        /** The connection broke and is being taken up again. */
        void reconnecting();
    }

    /** How an answer ended. {@code sources} are titles; {@code trouble} is empty where the answer is whole. */
    record Outcome(String content, List<String> sources, Optional<String> trouble) {}

    record Question(String conversationId, String turnId, String assistantMessageId, String events) {}

    ChatClient(URI server, Optional<String> apiKey) {
        this.server = new Server(server, apiKey);
    }

    /** Creates a conversation, or finds that it exists; returns its id. */
    String open(Optional<String> conversationId, Optional<String> workspace) {
        if (conversationId.isPresent() && exists(conversationId.get())) {
            return conversationId.get();
        }
        Map<String, String> request = new HashMap<>();
        conversationId.ifPresent(id -> request.put("id", id));
        workspace.ifPresent(name -> request.put("workspaceId", name));
        return post("/api/conversations", request).path("id").asText();
    }

    private boolean exists(String conversationId) {
        HttpResponse<String> response =
                server.send(server.request("/api/conversations/" + Server.encoded(conversationId), REQUEST_TIMEOUT)
                        .GET()
                        .build());
        return response.statusCode() == 200;
    }

    /** Asks; a repeat after a lost answer is safe, since the idempotency key stays the same. */
    Question ask(String conversationId, String content) {
        String key = UUID.randomUUID().toString();
        JsonNode accepted = post(
                "/api/conversations/" + Server.encoded(conversationId) + "/messages",
                Map.of("content", content),
                "Idempotency-Key",
                key);
        return new Question(
                conversationId,
                accepted.path("turnId").asText(),
                accepted.path("assistantMessageId").asText(),
                accepted.path("events").asText());
    }

    void cancel(Question question) {
        post(
                "/api/conversations/" + Server.encoded(question.conversationId()) + "/cancel",
                Map.of("turnId", question.turnId()));
    }

    /** Follows the turn to its end, over broken connections; blocks until then. */
    Outcome follow(Question question, Answer answer) {
        String lastId = "";
        Shown shown = new Shown(question, answer);
        for (int reconnects = 0; reconnects <= MAX_RECONNECTS; reconnects++) {
            if (reconnects > 0) {
                answer.reconnecting();
                pause();
            }
            HttpRequest.Builder request = server.request(question.events()).header("Accept", "text/event-stream");
            if (!lastId.isEmpty()) {
                request.header("Last-Event-ID", lastId);
            }
            try (InputStream body = stream(request.GET().build())) {
                SseReader events = new SseReader(body, lastId);
                for (SseReader.Event event = events.next(); event != null; event = events.next()) {
                    lastId = event.id();
                    reconnects = 0;
                    Outcome outcome = shown.take(MAPPER.readTree(event.data()));
                    if (outcome != null) {
                        return outcome;
                    }
                }
            } catch (IOException e) {
                // The stream broke: go on from the last event seen.
            }
        }
        return new Outcome(shown.text.toString(), java.util.List.of(), Optional.of("lost the connection to " + server));
    }

    /** What has been shown of one turn, by the rules of the event stream. Used by one thread. */
    private static final class Shown {
        private final Question question;
        private final Answer answer;
        private final StringBuilder text = new StringBuilder();

        Shown(Question question, Answer answer) {
            this.question = question;
            this.answer = answer;
        }

        /** Shows one event; returns the outcome where it ends the turn. */
        @Nullable
        Outcome take(JsonNode event) {
            if (!event.path("turnId").asText("").equals(question.turnId())) {
                return null;
            }
            switch (event.path("type").asText()) {
                case "message.delta" -> {
                    if (event.has("reasoning")) {
                        answer.reasoning(event.path("reasoning").asText());
                    } else {
                        show(event.path("text").asText());
                    }
                }
                case "message.reset" -> {
                    text.setLength(0);
                    answer.reset(event.path("reason").asText());
                }
                case "message.snapshot" -> replace(event.path("text").asText());
                case "message.completed" -> {
                    replace(event.path("content").asText());
                    List<String> sources = new ArrayList<>();
                    event.path("sources")
                            .forEach(source -> sources.add(source.path("title").asText()));
                    return new Outcome(text.toString(), sources, Optional.empty());
                }
                case "turn.failed", "message.rejected" -> {
                    return ended(event.path("detail").asText() + " ("
                            + event.path("code").asText() + ")");
                }
                case "turn.cancelled" -> {
                    return ended("cancelled");
                }
                default -> {} // Events that change nothing on a terminal.
            }
            return null;
        }

        private Outcome ended(String trouble) {
            return new Outcome(text.toString(), List.of(), Optional.of(trouble));
        }

        private void show(String piece) {
            text.append(piece);
            answer.text(piece);
        }

        /** Shows what is missing of {@code whole}; starts anew where what was shown is no part of it. */
        private void replace(String whole) {
            if (!whole.startsWith(text.toString())) {
                text.setLength(0);
                answer.reset("corrected");
            }
            show(whole.substring(text.length()));
        }
    }

    private JsonNode post(String path, Map<String, String> body, String... headers) {
        HttpRequest.Builder request = server.request(path, REQUEST_TIMEOUT).header("Content-Type", "application/json");
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> response = server.send(request.POST(HttpRequest.BodyPublishers.ofString(
                        MAPPER.valueToTree(body).toString()))
                .build());
        if (response.statusCode() / 100 != 2) {
            throw Server.refused(response.statusCode(), response.body());
        }
        return server.json(response);
    }

    private InputStream stream(HttpRequest request) throws IOException {
        HttpResponse<InputStream> response = server.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() / 100 == 5) {
            response.body().close();
            throw new IOException("status " + response.statusCode());
        }
        if (response.statusCode() != 200) {
            try (InputStream body = response.body()) {
                throw Server.refused(response.statusCode(), new String(body.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return response.body();
    }

    private static void pause() {
        try {
            Thread.sleep(RECONNECT_PAUSE);
        } catch (InterruptedException e) {
            throw Server.interrupted(e);
        }
    }
}
