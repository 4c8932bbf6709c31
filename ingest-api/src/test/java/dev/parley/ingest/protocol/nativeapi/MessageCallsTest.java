package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.ConversationKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sending messages, and what one may do with them. */
class MessageCallsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String MESSAGES = "/api/conversations/c/messages";
    private static final Map<String, String> HELLO = Map.of("content", "Hello.");

    private final FakeWorld world = new FakeWorld();
    private DoorUnderTest door;
    private ConversationKey conversation;

    @BeforeEach
    void start() {
        door = DoorUnderTest.over(world);
        conversation = world.conversation("c");
    }

    @AfterEach
    void stop() {
        door.close();
    }

    private long acceptances() {
        return world.events(conversation).stream()
                .filter(event -> event.getBody() instanceof MessageAccepted)
                .count();
    }

    /** The bodies of the events that a stream from this cursor tells. */
    private List<String> eventsAfter(JsonNode accepted) {
        String url = accepted.path("events").asText();
        assertThat(url).startsWith("/api/conversations/c/events?cursor=");
        long cursor = Long.parseLong(url.substring(url.indexOf('=') + 1));
        return world.events(conversation).stream()
                .filter(event -> event.getSequence() > cursor)
                .map(event -> event.getBody().getClass().getSimpleName())
                .toList();
    }

    @Test
    void aMessageIsOnTheLogWhenItIsAccepted() {
        Reply reply = door.post(
                MESSAGES,
                Map.of(
                        "content",
                        "Hello.",
                        "onBusy",
                        "interrupt",
                        "intent",
                        "chat",
                        "engine",
                        "big/model",
                        "metadata",
                        Map.of("from", "test")));

        assertThat(reply.status()).isEqualTo(202);
        SubmitMessage submit = (SubmitMessage) world.commands().getLast().body();
        assertThat(submit.getContent()).isEqualTo("Hello.");
        assertThat(submit.getOnBusy().name()).isEqualTo("INTERRUPT");
        assertThat(submit.getIntent()).isEqualTo("chat");
        assertThat(submit.getEngine()).isEqualTo("big/model");
        assertThat(submit.getMetadata()).isEqualTo(Map.of("from", "test"));
        assertThat(reply.json().path("messageId").asText()).isEqualTo(submit.getMessageId());
        assertThat(reply.json().path("turnId").asText()).isEqualTo(submit.getTurnId());
        assertThat(reply.json().path("assistantMessageId").asText()).isEqualTo(submit.getAssistantMessageId());
        assertThat(eventsAfter(reply.json())).containsExactly("MessageAccepted", "TurnStarted", "MessageCompleted");
    }

    @Test
    void whatUnicodeCanSayArrivesExactly() {
        String content = "a\u0000\u2028\uD83D\uDE00\r\n\t\u200F\uFEFFé e\u0301";

        door.post(MESSAGES, Map.of("content", content));

        assertThat(((SubmitMessage) world.commands().getLast().body()).getContent())
                .isEqualTo(content);
    }

    @Test
    void theCallersTraceGoesOnAndABadOneIsReplaced() {
        String trace = TraceParent.continueOrStart(null);

        door.post(MESSAGES, HELLO, "traceparent", trace);
        assertThat(world.commands().getLast().call().traceparent()).isEqualTo(trace);

        door.post(MESSAGES, HELLO, "traceparent", "00-nonsense");
        assertThat(world.commands().getLast().call().traceparent()).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "true, true"})
    void aRepeatGetsTheFirstAnswerWhateverTheNodeRemembers(boolean forgetful, boolean postgresAway) {
        Reply first = door.post(MESSAGES, HELLO, "Idempotency-Key", "k");
        door.post(MESSAGES, Map.of("content", "Another."));
        if (forgetful) {
            door.feed.forgetful();
        }
        if (postgresAway) {
            door.queries.away();
        }

        Reply again = door.post(MESSAGES, HELLO, "Idempotency-Key", "k");

        assertThat(again.status()).isEqualTo(202);
        assertThat(again.json()).isEqualTo(first.json());
        assertThat(eventsAfter(again.json())).startsWith("MessageAccepted", "TurnStarted", "MessageCompleted");
        assertThat(acceptances()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "true, true"})
    void anotherMessageUnderTheSameKeyIsAConflictWhateverTheNodeRemembers(boolean forgetful, boolean postgresAway) {
        door.post(MESSAGES, HELLO, "Idempotency-Key", "k");
        if (forgetful) {
            door.feed.forgetful();
        }
        if (postgresAway) {
            door.queries.away();
        }
        List<Map<String, Object>> others = List.of(
                Map.of("content", "Other."),
                Map.of("content", "Hello.", "onBusy", "reject"),
                Map.of("content", "Hello.", "metadata", Map.of("a", "b")));

        for (Map<String, Object> other : others) {
            Reply reply = door.post(MESSAGES, other, "Idempotency-Key", "k");
            assertThat(reply.status() + " " + reply.problem()).isEqualTo("422 idempotency_conflict");
        }
        assertThat(acceptances()).isEqualTo(1);
    }

    @Test
    void theOrderAndSpellingOfTheJsonMakeNoOtherMessage() {
        Reply first = door.post(
                MESSAGES, "{\"content\": \"é\", \"metadata\": {\"a\": \"1\", \"b\": \"2\"}}", "Idempotency-Key", "k");
        Reply again = door.post(
                MESSAGES,
                "{\"metadata\":{\"b\":\"2\",\"a\":\"1\"},\"onBusy\":\"enqueue\",\"intent\":null,\"content\":\"\\u00e9\"}",
                "Idempotency-Key",
                "k");

        assertThat(again.status()).isEqualTo(202);
        assertThat(again.json()).isEqualTo(first.json());
    }

    @Test
    void aMessageIdOfTheCallersOwnIsAKeyAsWell() {
        Map<String, String> mine = Map.of("content", "Hello.", "messageId", "mine-1");

        Reply first = door.post(MESSAGES, mine);
        Reply again = door.post(MESSAGES, mine);
        Reply other = door.post(MESSAGES, Map.of("content", "Other.", "messageId", "mine-1"));
        Reply ofAnAnswer = door.post(
                MESSAGES,
                Map.of(
                        "content",
                        "Other.",
                        "messageId",
                        first.json().path("assistantMessageId").asText()));

        assertThat(first.json().path("messageId").asText()).isEqualTo("mine-1");
        assertThat(again.json()).isEqualTo(first.json());
        assertThat(other.problem()).isEqualTo("idempotency_conflict");
        assertThat(ofAnAnswer.problem()).isEqualTo("idempotency_conflict");
    }

    @Test
    void theSameKeyInAnotherConversationIsAnotherMessage() {
        world.conversation("d");

        Reply one = door.post(MESSAGES, HELLO, "Idempotency-Key", "k");
        Reply two = door.post("/api/conversations/d/messages", Map.of("content", "Other."), "Idempotency-Key", "k");

        assertThat(two.status()).isEqualTo(202);
        assertThat(two.json().path("turnId")).isNotEqualTo(one.json().path("turnId"));
    }

    @Test
    void nodesThatGetTheSameKeyAtOnceAgreeOnOneMessage() throws Exception {
        try (DoorUnderTest other = DoorUnderTest.over(world);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 20; round++) {
                String key = "race-" + round;
                CyclicBarrier start = new CyclicBarrier(6);
                List<Future<Reply>> replies = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    DoorUnderTest node = i % 2 == 0 ? door : other;
                    String content = "Variant " + i % 3;
                    Callable<Reply> call = () -> {
                        start.await();
                        return node.post(MESSAGES, Map.of("content", content), "Idempotency-Key", key);
                    };
                    replies.add(callers.submit(call));
                }
                Map<String, Integer> outcomes = new HashMap<>();
                for (int i = 0; i < 6; i++) {
                    outcomes.merge(i % 3 + ":" + replies.get(i).get().status(), 1, Integer::sum);
                }
                // One variant won, both times it was sent; the two others lost, both times.
                assertThat(outcomes.values()).as(outcomes.toString()).containsOnly(2);
                assertThat(outcomes.keySet().stream().filter(outcome -> outcome.endsWith(":202")))
                        .hasSize(1);
                assertThat(outcomes.keySet().stream().filter(outcome -> outcome.endsWith(":422")))
                        .hasSize(2);
                assertThat(acceptances()).isEqualTo(round + 1L);
            }
        }
    }

    @Test
    void withoutAKeyTheSameMessageTwiceIsTwoMessages() {
        door.post(MESSAGES, HELLO);
        door.post(MESSAGES, HELLO);

        assertThat(acceptances()).isEqualTo(2);
    }

    // Waiting

    @ParameterizedTest
    @CsvSource({"COMPLETE, completed, You said: Hello.", "FAIL, failed, Half", "CANCEL, cancelled, Ha"})
    void whoWaitsGetsTheExchangeHoweverItEnds(Answer answer, String status, String content) {
        world.answer(answer);

        Reply reply = door.post(MESSAGES, HELLO, "Prefer", "wait=30");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Preference-Applied")).isEqualTo("wait=30");
        JsonNode asked = reply.json().path("userMessage");
        JsonNode answered = reply.json().path("assistantMessage");
        assertThat(asked.path("content").asText()).isEqualTo("Hello.");
        assertThat(asked.path("role").asText()).isEqualTo("user");
        assertThat(answered.path("status").asText()).isEqualTo(status);
        assertThat(answered.path("content").asText()).isEqualTo(content);
        assertThat(answered.path("role").asText()).isEqualTo("assistant");
        assertThat(answered.path("turnId")).isEqualTo(asked.path("turnId"));
        assertThat(answered.path("model").asText()).isEqualTo("a-model");
        assertThat(answered.path("completedAt").asText()).isNotBlank();
        assertThat(answered.path("error").path("code").asText()).isEqualTo(answer == Answer.FAIL ? "engine_error" : "");
    }

    @Test
    void whoseTimeIsOverGetsTheUsualAnswer() {
        world.answer(Answer.NEVER);

        Reply reply = door.post(MESSAGES, HELLO, "Prefer", "respond-async, wait=1");

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().path("turnId").asText()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "true, true"})
    void whoWaitsWithARepeatGetsWhatTheFirstWouldHave(boolean forgetful, boolean postgresAway) {
        Reply first = door.post(MESSAGES, HELLO, "Idempotency-Key", "k", "Prefer", "wait=30");
        if (forgetful) {
            door.feed.forgetful();
        }
        if (postgresAway) {
            door.queries.away();
        }

        Reply again = door.post(MESSAGES, HELLO, "Idempotency-Key", "k", "Prefer", "wait=30");

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json()).isEqualTo(first.json());
    }

    @Test
    void aRejectionIsAProblemForWhoWaitsAndStaysOneUnderTheSameKey() {
        world.answer(Answer.REJECT);
        Reply rejected = door.post(
                MESSAGES, Map.of("content", "x", "onBusy", "reject"), "Idempotency-Key", "k", "Prefer", "wait=30");
        world.answer(Answer.COMPLETE);

        Reply again = door.post(
                MESSAGES, Map.of("content", "x", "onBusy", "reject"), "Idempotency-Key", "k", "Prefer", "wait=30");

        assertThat(rejected.status() + " " + rejected.problem()).isEqualTo("409 busy");
        assertThat(again.status() + " " + again.problem()).isEqualTo("409 busy");
    }

    @Test
    void whoWaitsIsLetGoWhenTheServerStops() throws Exception {
        world.answer(Answer.NEVER);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            DoorUnderTest stopping = DoorUnderTest.over(world);
            Future<Reply> waiting = callers.submit(() -> stopping.post(MESSAGES, HELLO, "Prefer", "wait=120"));
            await().atMost(PATIENCE).until(() -> stopping.feed.readers() > 0 && acceptances() == 1);

            stopping.close();

            assertThat(waiting.get().status()).isEqualTo(202);
            assertThat(stopping.feed.readers()).isZero();
        }
    }

    @Test
    void nobodyStaysSubscribed() {
        door.post(MESSAGES, HELLO, "Idempotency-Key", "k", "Prefer", "wait=30");
        door.post(MESSAGES, Map.of("content", "Other."), "Idempotency-Key", "k");
        world.kafkaAway();
        door.post(MESSAGES, HELLO, "Prefer", "wait=30");

        assertThat(door.feed.readers()).isZero();
    }

    // Trouble

    @Test
    void withoutKafkaAMessageIsRefusedForNow() {
        world.kafkaAway();

        Reply reply = door.post(MESSAGES, HELLO, "Prefer", "wait=30");

        assertThat(reply.status() + " " + reply.problem()).isEqualTo("503 unavailable");
        assertThat(Integer.parseInt(reply.header("Retry-After"))).isPositive();
    }

    @Test
    void withoutPostgresMessagesAreAccepted() {
        door.queries.away();
        assertThat(door.post(MESSAGES, HELLO, "Idempotency-Key", "k").status()).isEqualTo(202);

        door.feed.forgetful();
        Reply unknown = door.post(MESSAGES, Map.of("content", "And now?"));

        assertThat(unknown.status()).isEqualTo(202);
        assertThat(eventsAfter(unknown.json())).startsWith("MessageAccepted");
    }

    @Test
    void whileNobodyDecidesMessagesAreAcceptedAllTheSame() {
        world.pipelineStopped();

        assertThat(door.post(MESSAGES, HELLO).status()).isEqualTo(202);
        assertThat(door.post(MESSAGES, HELLO, "Idempotency-Key", "k").status()).isEqualTo(202);
    }

    @Test
    void aDeletedConversationTakesNoMessages() {
        door.send("DELETE", "/api/conversations/c", null);

        Reply reply = door.post(MESSAGES, HELLO);

        assertThat(reply.status() + " " + reply.problem()).isEqualTo("410 conversation_deleted");
    }

    // Everything else

    @Test
    void cancellingIsAcceptedAsOftenAsOneLikes() {
        assertThat(door.send("POST", "/api/conversations/c/cancel", null).status())
                .isEqualTo(202);
        assertThat(door.post("/api/conversations/c/cancel", Map.of("turnId", "turn_x"))
                        .status())
                .isEqualTo(202);
        door.send("DELETE", "/api/conversations/c", null);
        assertThat(door.post("/api/conversations/c/cancel", Map.of()).status()).isEqualTo(202);

        assertThat(world.commands().stream()
                        .map(FakeWorld.Appended::body)
                        .filter(CancelTurn.class::isInstance)
                        .map(command -> ((CancelTurn) command).getTurnId()))
                .containsExactly(null, "turn_x", null);
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void anAnswerCanBeRatedWithPostgresOrWithout(boolean postgresAway) {
        JsonNode exchange = door.post(MESSAGES, HELLO, "Prefer", "wait=30").json();
        String answer = exchange.path("assistantMessage").path("id").asText();
        if (postgresAway) {
            door.queries.away();
        }

        Reply thumb = door.post(MESSAGES + "/" + answer + "/feedback", Map.of("rating", "up", "comment", "Nice."));
        Reply stars = door.post(MESSAGES + "/" + answer + "/feedback", Map.of("rating", 4));

        assertThat(thumb.status()).isEqualTo(202);
        assertThat(stars.status()).isEqualTo(202);
        assertThat(world.commands().stream()
                        .map(FakeWorld.Appended::body)
                        .filter(RateMessage.class::isInstance)
                        .map(command -> ((RateMessage) command).getRating()))
                .containsExactly("up", "4");
    }

    @Test
    void anAnswerCanBeAskedForOnceMore() {
        JsonNode exchange = door.post(MESSAGES, HELLO, "Prefer", "wait=30", "Idempotency-Key", "k")
                .json();
        String answer = exchange.path("assistantMessage").path("id").asText();

        Reply first = door.post(MESSAGES + "/" + answer + "/regenerate", Map.of(), "Idempotency-Key", "k");
        Reply again = door.post(MESSAGES + "/" + answer + "/regenerate", Map.of(), "Idempotency-Key", "k");

        assertThat(first.status()).isEqualTo(202);
        assertThat(again.json().path("turnId")).isEqualTo(first.json().path("turnId"));
        RegenerateMessage command =
                (RegenerateMessage) world.commands().getLast().body();
        assertThat(command.getMessageId()).isEqualTo(answer);
        assertThat(command.getAssistantMessageId())
                .isEqualTo(first.json().path("assistantMessageId").asText())
                .isNotEqualTo(answer);
        assertThat(command.getTurnId())
                .isNotEqualTo(exchange.path("assistantMessage").path("turnId").asText());
    }

    @Test
    void messagesAreListedWithACursor() {
        door.post(MESSAGES, HELLO, "Prefer", "wait=30");

        JsonNode listed = door.get(MESSAGES).json();

        assertThat(listed.path("messages")).hasSize(2);
        List<ConversationEvent> events = world.events(conversation);
        assertThat(listed.path("cursor").asText()).isEqualTo(Integer.toString(events.size()));
    }
}
