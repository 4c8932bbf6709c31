package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.launcher.ApiClient.Answer;
import dev.parley.launcher.ApiClient.Event;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The whole pipeline over HTTP, in one process, with a scripted model behind it. */
class PipelineIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static ParleyUnderTest parley;
    private static ApiClient api;

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.start();
        api = parley.api();
    }

    @AfterAll
    static void stop() {
        parley.close();
    }

    private static List<String> tokens(int count) {
        return IntStream.range(0, count).mapToObj(i -> "word" + i + " ").toList();
    }

    private static JsonNode snapshot(String conversation) {
        return api.get("/api/conversations/" + conversation).body();
    }

    private static boolean ends(Event event, String turnId) {
        return event.data().path("turnId").asText().equals(turnId)
                && List.of("message.completed", "turn.failed", "turn.cancelled").contains(event.type());
    }

    @Test
    void everyRoleAndWhatAllOfThemNeedAreReady() {
        ApiClient.Answer ready = api.get("/health/ready");

        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.body().path("roles").findValuesAsText("role"))
                .containsExactlyInAnyOrder(
                        "kafka", "registry", "postgres-sink", "topologies", "llm-processor", "feed", "ingest-api");
        assertThat(ready.body().path("roles").findValuesAsText("ready")).containsOnly("true");
        assertThat(api.get("/health/live").status()).isEqualTo(200);
    }

    @Test
    void aQuestionIsAnsweredStreamedAndKept() {
        parley.model().enqueue(Script.tokens(tokens(20)).pacedAt(Duration.ofMillis(5)));
        String conversation = api.conversation();

        JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
        String turnId = accepted.path("turnId").asText();
        List<Event> events = api.events(accepted.path("events").asText(), null, event -> ends(event, turnId));

        assertThat(events.stream()
                        .map(Event::type)
                        .filter(type -> !type.equals("message.delta"))
                        .toList())
                .containsSubsequence("message.accepted", "turn.started", "message.started", "message.completed")
                .contains("turn.routed", "turn.retrieved");
        ShownMessage shown = new ShownMessage(turnId);
        events.forEach(shown::take);
        assertThat(shown.text()).isEqualTo(String.join("", tokens(20)));
        JsonNode completed = events.getLast().data();
        assertThat(completed.path("usage").path("basis").asText()).isEqualTo("measured");
        assertThat(completed.path("finishReason").asText()).isEqualTo("stop");

        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode messages = snapshot(conversation).path("messages");
            assertThat(messages).hasSize(2);
            assertThat(messages.get(0).path("content").asText()).isEqualTo("Tell me.");
            assertThat(messages.get(1).path("content").asText()).isEqualTo(shown.text());
            assertThat(messages.get(1).path("status").asText()).isEqualTo("completed");
        });
    }

    @Test
    void aStreamCutAtEveryEventGoesOnExactly() {
        parley.model().enqueue(Script.tokens(tokens(12)).pacedAt(Duration.ofMillis(30)));
        String conversation = api.conversation();
        JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
        String turnId = accepted.path("turnId").asText();
        ShownMessage shown = new ShownMessage(turnId);
        List<String> ids = new ArrayList<>();

        String lastId = null;
        while (shown.outcome() == null) {
            Event event = api.events(accepted.path("events").asText(), lastId, any -> true)
                    .getFirst();
            shown.take(event);
            lastId = event.id();
            ids.add(lastId);
        }

        assertThat(shown.text()).isEqualTo(String.join("", tokens(12)));
        assertThat(ids).doesNotHaveDuplicates();
        // Afterwards, every one of those cursors still leads to the end.
        for (String id : ids.subList(0, ids.size() - 1)) {
            ShownMessage later = new ShownMessage(turnId);
            api.events(accepted.path("events").asText(), id, event -> ends(event, turnId))
                    .forEach(event -> {
                        if (event.type().equals("message.completed")) {
                            later.take(event);
                        }
                    });
            assertThat(later.text()).as("from " + id).isEqualTo(shown.text());
        }
    }

    @Test
    void aClientWithoutACursorJoinsInMidAnswer() {
        parley.model().enqueue(Script.tokens(tokens(30)).pacedAt(Duration.ofMillis(30)));
        String conversation = api.conversation();
        JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
        String turnId = accepted.path("turnId").asText();
        api.events(
                accepted.path("events").asText(),
                null,
                event -> event.type().equals("message.delta")
                        && event.data().path("seq").asInt() == 3);

        ShownMessage joined = new ShownMessage(turnId);
        List<Event> events =
                api.events("/api/conversations/" + conversation + "/events", null, event -> ends(event, turnId));
        events.forEach(joined::take);

        assertThat(events.stream().map(Event::type)).contains("message.snapshot");
        assertThat(joined.text()).isEqualTo(String.join("", tokens(30)));
    }

    @Test
    void stopMeansStop() {
        parley.model().enqueue(Script.tokens(tokens(1000)).pacedAt(Duration.ofMillis(20)));
        String conversation = api.conversation();
        JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
        String turnId = accepted.path("turnId").asText();
        api.events(accepted.path("events").asText(), null, event -> event.type().equals("message.delta"));

        assertThat(api.post("/api/conversations/" + conversation + "/cancel", Map.of())
                        .status())
                .isEqualTo(202);

        ModelExchange exchange = parley.lastExchange();
        assertThat(exchange.awaitClosedByClient(PATIENCE)).isTrue();
        List<Event> events = api.events(accepted.path("events").asText(), null, event -> ends(event, turnId));
        assertThat(events.getLast().type()).isEqualTo("turn.cancelled");
        assertThat(events.getLast().data().path("content").asText()).startsWith("word0 ");
        assertThat(api.post("/api/conversations/" + conversation + "/cancel", Map.of("turnId", turnId))
                        .status())
                .isEqualTo(202);
    }

    @Test
    void disconnectingIsNotStopping() {
        parley.model().enqueue(Script.tokens(tokens(30)).pacedAt(Duration.ofMillis(20)));
        String conversation = api.conversation();
        JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
        String turnId = accepted.path("turnId").asText();

        api.events(accepted.path("events").asText(), null, event -> event.type().equals("message.delta"));

        List<Event> events = api.events(accepted.path("events").asText(), null, event -> ends(event, turnId));
        assertThat(events.getLast().data().path("content").asText()).isEqualTo(String.join("", tokens(30)));
    }

    @Test
    void aRepeatedRequestIsOneTurn() {
        String conversation = api.conversation();
        String path = "/api/conversations/" + conversation + "/messages";

        Answer first = api.post(path, Map.of("content", "Once."), "Idempotency-Key", "k");
        Answer again = api.post(path, Map.of("content", "Once."), "Idempotency-Key", "k");
        Answer other = api.post(path, Map.of("content", "Twice."), "Idempotency-Key", "k");

        assertThat(first.status()).isEqualTo(202);
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.body().path("turnId")).isEqualTo(first.body().path("turnId"));
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.body().path("code").asText()).isEqualTo("idempotency_conflict");
        Answer next = api.post(path, Map.of("content", "Next."), "Prefer", "wait=60");
        assertThat(next.status()).isEqualTo(200);
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(snapshot(conversation).path("messages")).hasSize(4));
    }

    @Test
    void aFollowUpSeesTheHistory() {
        String conversation = api.conversation();
        String path = "/api/conversations/" + conversation + "/messages";
        parley.model().enqueue(Script.text("It is blue."));
        api.post(path, Map.of("content", "What colour is the sky?"), "Prefer", "wait=60");

        api.post(path, Map.of("content", "Why?"), "Prefer", "wait=60");

        JsonNode prompt = parley.lastExchange().request().body().path("messages");
        List<String> contents = new ArrayList<>();
        prompt.forEach(message -> contents.add(message.path("content").asText()));
        assertThat(contents).containsSubsequence("What colour is the sky?", "It is blue.", "Why?");
    }

    @Test
    void whatASecondMessageDoesToARunningTurnIsTheCallersChoice() {
        for (String onBusy : List.of("enqueue", "interrupt", "rollback", "reject")) {
            parley.model().enqueue(Script.tokens(tokens(60)).pacedAt(Duration.ofMillis(30)));
            String conversation = api.conversation();
            JsonNode first = api.ask(conversation, Map.of("content", "First."));
            api.events(
                    first.path("events").asText(), null, event -> event.type().equals("message.delta"));

            JsonNode second = api.ask(conversation, Map.of("content", "Second.", "onBusy", onBusy));
            String stream = "/api/conversations/" + conversation + "/events?cursor=0";
            String firstTurn = first.path("turnId").asText();
            String secondTurn = second.path("turnId").asText();
            if (onBusy.equals("reject")) {
                Event rejected = api.events(stream, null, event -> event.type().equals("message.rejected"))
                        .getLast();
                assertThat(rejected.data().path("code").asText()).isEqualTo("busy");
                continue;
            }
            Event firstEnd =
                    api.events(stream, null, event -> ends(event, firstTurn)).getLast();
            Event secondEnd =
                    api.events(stream, null, event -> ends(event, secondTurn)).getLast();

            assertThat(firstEnd.type())
                    .as(onBusy)
                    .isEqualTo(onBusy.equals("enqueue") ? "message.completed" : "turn.cancelled");
            assertThat(secondEnd.type()).as(onBusy).isEqualTo("message.completed");
            if (onBusy.equals("rollback")) {
                assertThat(firstEnd.data().path("forgotten").asBoolean()).isTrue();
                assertThat(parley.lastExchange()
                                .request()
                                .body()
                                .path("messages")
                                .toString())
                        .doesNotContain("First.");
            }
        }
    }

    @Test
    void aModelServerThatFailsIsTriedAgainAndThenToldOf() {
        parley.model().enqueue(Script.refuse(500));
        parley.model().enqueue(Script.text("Second try."));
        String conversation = api.conversation();
        Answer recovered = api.post(
                "/api/conversations/" + conversation + "/messages", Map.of("content", "Go."), "Prefer", "wait=60");
        assertThat(recovered.body().path("assistantMessage").path("content").asText())
                .isEqualTo("Second try.");

        parley.model().enqueue(Script.refuse(401));
        Answer refused = api.post(
                "/api/conversations/" + conversation + "/messages", Map.of("content", "Go."), "Prefer", "wait=60");
        assertThat(refused.body().path("assistantMessage").path("status").asText())
                .isEqualTo("failed");
        assertThat(refused.body()
                        .path("assistantMessage")
                        .path("error")
                        .path("code")
                        .asText())
                .isEqualTo("engine_rejected");
    }

    @Test
    void theAllConversationsStreamCarriesEveryConversation() {
        String one = api.conversation();
        String two = api.conversation();
        List<Event> seen = new ArrayList<>();
        Thread reader = Thread.ofVirtual()
                .start(() -> seen.addAll(api.events(
                        "/api/events",
                        null,
                        event -> event.type().equals("message.completed")
                                && event.data().path("conversationId").asText().equals(two))));
        await().atMost(PATIENCE).until(() -> api.text("/metrics").contains("parley"));
        api.post("/api/conversations/" + one + "/messages", Map.of("content", "One."), "Prefer", "wait=60");
        while (reader.isAlive()) {
            // The reader may have connected after a question: ask until it has seen an answer.
            api.post("/api/conversations/" + one + "/messages", Map.of("content", "One."), "Prefer", "wait=60");
            api.post("/api/conversations/" + two + "/messages", Map.of("content", "Two."), "Prefer", "wait=60");
        }

        assertThat(seen.stream()
                        .map(event -> event.data().path("conversationId").asText()))
                .contains(one, two);
        @Nullable String lastId = seen.getLast().id();
        String three = api.conversation();
        assertThat(api.events(
                                "/api/events",
                                lastId,
                                event -> event.data()
                                        .path("conversationId")
                                        .asText()
                                        .equals(three))
                        .getLast()
                        .type())
                .isEqualTo("conversation.created");
    }

    @Test
    void everythingIsThereAfterARestart() {
        String conversation = api.conversation();
        String path = "/api/conversations/" + conversation + "/messages";
        parley.model().enqueue(Script.text("Before."));
        api.post(path, Map.of("content", "Remember."), "Prefer", "wait=60");
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(snapshot(conversation).path("messages")).hasSize(2));
        parley.model().enqueue(Script.tokens(tokens(100)).pacedAt(Duration.ofMillis(50)));
        JsonNode running = api.ask(conversation, Map.of("content", "This one runs while everything stops."));
        String turnId = running.path("turnId").asText();
        api.events(running.path("events").asText(), null, event -> event.type().equals("message.delta"));

        parley.restartRoles();
        api = parley.api();

        Event end = api.events(running.path("events").asText(), null, event -> ends(event, turnId))
                .getLast();
        assertThat(end.type()).isEqualTo("message.completed");
        JsonNode prompt = parley.lastExchange().request().body().path("messages");
        assertThat(prompt.toString()).contains("Remember.").contains("Before.");
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(snapshot(conversation).path("messages")).hasSize(4));
    }
}
