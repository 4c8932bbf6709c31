package dev.parley.ingest.protocol.agui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.protocol.agui.RunEncoding.Names;
import dev.parley.ingest.protocol.agui.Told.Mark;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunEncodingTest {

    private static final Names NAMES = new Names("c", "run-1", TurnEvents.TURN);
    private static final String THOUGHTS = RunEvents.reasoningId(TurnEvents.ANSWER);

    private boolean unreadable;

    /** One event as it is told. */
    private record Event(String id, JsonNode json) {
        String type() {
            return json.path("type").asText();
        }
    }

    private static List<String> types(List<Event> events) {
        return events.stream().map(Event::type).toList();
    }

    private static List<JsonNode> json(List<Event> events) {
        return events.stream().map(Event::json).toList();
    }

    private ArrayNode thread(String answerId, boolean thoughts) {
        if (unreadable) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "not now");
        }
        ArrayNode messages = Json.MAPPER.createArrayNode();
        messages.addObject().put("id", TurnEvents.QUESTION).put("role", "user").put("content", "Why?");
        if (thoughts) {
            messages.addObject()
                    .put("id", RunEvents.reasoningId(answerId))
                    .put("role", "reasoning")
                    .put("content", "");
        }
        messages.addObject().put("id", answerId).put("role", "assistant").put("content", "");
        return messages;
    }

    private final class Stream {
        private final RunEncoding encoding;

        Stream(Told told) {
            encoding = new RunEncoding(
                    NAMES, told, (sequence, answerId, thoughts) -> thread(answerId, thoughts), Duration.ofSeconds(15));
        }

        List<Event> tell(List<FeedEvent> events) {
            List<Event> told = new ArrayList<>();
            for (FeedEvent event : events) {
                if (!encoding.isOver()) {
                    encoding.encode(TurnEvents.frame(event)).forEach(piece -> told.add(event(piece)));
                }
            }
            return told;
        }

        List<Event> tell(FeedEvent... events) {
            return tell(List.of(events));
        }
    }

    private static Event event(byte[] piece) {
        String text = new String(piece, StandardCharsets.UTF_8);
        String[] lines = text.split("\n", -1);
        boolean hasId = lines[0].startsWith("id: ");
        String data = lines[hasId ? 1 : 0];
        assertThat(text).isEqualTo((hasId ? lines[0] + "\n" : "") + data + "\n\n");
        try {
            return new Event(
                    hasId ? lines[0].substring("id: ".length()) : "",
                    Json.MAPPER.readTree(data.substring("data: ".length())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a stream tells, or the answer that the request for it gets in its place. */
    private static List<Event> toldOrRefused(Stream stream, List<FeedEvent> events) {
        try {
            return stream.tell(events);
        } catch (ProblemException e) {
            return List.of(new Event("", RunErrors.json(e)));
        }
    }

    private Stream begun() {
        return new Stream(Told.nothing(TurnEvents.TURN));
    }

    private Stream after(Event event) {
        return new Stream(Told.parse(event.id()));
    }

    @Test
    void anAnswerIsOneRunOfOneStep() {
        Answer answer = new Answer("Hm.", "Well.", List.of(new ToolCall("call_1", "look", "{\"q\":1}")));

        List<Event> events = begun().tell(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.retrieved(new Source("s", "Title", null, 0.5)),
                        TurnEvents.started(1),
                        TurnEvents.reasoning(1, 0, "Hm."),
                        TurnEvents.text(1, 1, "We"),
                        TurnEvents.text(1, 2, "ll."),
                        TurnEvents.completed(answer, 1));

        assertThat(types(events))
                .containsExactly(
                        "RUN_STARTED",
                        "STEP_STARTED",
                        "CUSTOM",
                        "REASONING_START",
                        "REASONING_MESSAGE_START",
                        "REASONING_MESSAGE_CONTENT",
                        "REASONING_MESSAGE_END",
                        "REASONING_END",
                        "TEXT_MESSAGE_START",
                        "TEXT_MESSAGE_CONTENT",
                        "TEXT_MESSAGE_CONTENT",
                        "TEXT_MESSAGE_END",
                        "TOOL_CALL_START",
                        "TOOL_CALL_ARGS",
                        "TOOL_CALL_END",
                        "STEP_FINISHED",
                        "RUN_FINISHED");
        assertThat(events.getFirst().json().toString())
                .isEqualTo(
                        "{\"type\":\"RUN_STARTED\",\"threadId\":\"c\",\"runId\":\"run-1\",\"protocolVersion\":\"1.0\"}");
        assertThat(events.get(12).json().toString())
                .isEqualTo("{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"call_1\",\"toolCallName\":\"look\","
                        + "\"parentMessageId\":\"" + TurnEvents.ANSWER + "\"}");
        JsonNode last = events.getLast().json();
        assertThat(last.path("outcome").toString())
                .isEqualTo("{\"type\":\"success\",\"pendingToolCallIds\":[\"call_1\"]}");
        assertThat(last.at("/metadata/parley/finishReason").asText()).isEqualTo("tool_calls");
        assertThat(last.at("/usage/0").toString())
                .isEqualTo("{\"provider\":\"engine\",\"model\":\"a-model\",\"inputTokens\":3,\"outputTokens\":2,"
                        + "\"totalTokens\":5}");
        assertThat(events).extracting(Event::id).doesNotHaveDuplicates().doesNotContain("");
    }

    /** Cut after any event, a run goes on as if it had not been; {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aStreamThatIsCutAnywhereGoesOnExactly(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 60; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            String context = "seed " + seed + " round " + round;
            List<FeedEvent> live = new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun()));
            List<FeedEvent> memory = new ArrayList<>(live);
            int attempts = 1 + random.nextInt(3);
            Answer answer = Answer.NOTHING;
            boolean madeVoid = false;
            for (int attempt = 1; attempt <= attempts; attempt++) {
                answer = TurnEvents.randomAnswer(random);
                if (attempt > 1) {
                    live.add(TurnEvents.reset(attempt));
                }
                live.add(TurnEvents.started(attempt));
                List<FeedEvent> deltas = TurnEvents.deltas(answer, attempt, random);
                int said = attempt == attempts ? deltas.size() : random.nextInt(deltas.size() + 1);
                live.addAll(deltas.subList(0, said));
                memory.add(TurnEvents.started(attempt));
                memory.addAll(deltas.subList(0, said));
                if (attempt < attempts) {
                    madeVoid |= deltas.subList(0, said).stream().anyMatch(FeedEvent.ToolArguments.class::isInstance);
                    memory.subList(2, memory.size()).clear(); // A later reader is not told of it.
                }
            }
            FeedEvent end = TurnEvents.completed(answer, attempts);
            live.add(end);
            memory.add(end);
            List<FeedEvent> log = List.of(TurnEvents.accepted(), TurnEvents.begun(), end);

            List<Event> whole = begun().tell(live);
            check(json(whole), answer, madeVoid, context);
            for (int cut = 0; cut < whole.size() - 1; cut++) {
                Told told = Told.parse(whole.get(cut).id());
                boolean isVoid = told.hasOpenCalls() && told.attempt() < attempts;
                for (List<FeedEvent> replay : List.of(memory, log)) {
                    List<JsonNode> both = new ArrayList<>(json(whole.subList(0, cut + 1)));
                    both.addAll(json(toldOrRefused(after(whole.get(cut)), replay)));
                    check(both, answer, isVoid, context + " cut after " + whole.get(cut));
                }
            }
            if (madeVoid) {
                check(json(comingToTheThread().tell(memory)), answer, false, context + " comes anew");
            }
        }
    }

    /** Whether another attempt made a call void that was being told: its client has to come to the thread anew. */
    private static boolean isBrokenOff(List<JsonNode> events) {
        return events.getLast().path("code").asText().equals("stream_reset");
    }

    private Stream comingToTheThread() {
        Told told = Told.nothing(TurnEvents.TURN);
        told.mark(Mark.HISTORY_DUE);
        told.mark(Mark.AFRESH);
        return new Stream(told);
    }

    /** Breaks off where an attempt has {@code madeVoid} a call of the one before that was being told, and nowhere else. */
    private static void check(List<JsonNode> events, Answer answer, boolean madeVoid, String context) {
        ThreadUnderTest thread;
        try {
            thread = ThreadUnderTest.of(events);
        } catch (AssertionError e) {
            throw new AssertionError(context, e);
        }
        assertThat(thread.isOver()).as(context).isTrue();
        assertThat(isBrokenOff(events)).as(context).isEqualTo(madeVoid);
        if (madeVoid) {
            assertThat(thread.hasOpenCalls()).as(context).isTrue();
            return;
        }
        assertThat(thread.message(TurnEvents.ANSWER))
                .as(context)
                .isEqualTo(answer.said().whole());
        assertThat(thread.message(THOUGHTS)).as(context).isEqualTo(answer.reasoning());
        assertThat(thread.arguments())
                .as(context)
                .isEqualTo(answer.calls().stream()
                        .map(call -> call.getArguments().isBlank() ? "{}" : call.getArguments())
                        .toList());
        assertThat(events.getLast().path("type").asText()).as(context).isEqualTo("RUN_FINISHED");
    }

    @Test
    void argumentsAreToldAsTheyComeAndCallsEndWithTheAnswer() {
        List<ToolCall> calls =
                List.of(new ToolCall("call_1", "look", "{\"q\":1}"), new ToolCall("call_2", "find", " "));
        Stream stream = begun();

        List<Event> events = new ArrayList<>(stream.tell(
                TurnEvents.accepted(),
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.text(1, 0, "So"),
                TurnEvents.arguments(1, 1, "call_1", "look", ""),
                TurnEvents.arguments(1, 2, "call_1", null, "{\"q\":"),
                TurnEvents.text(1, 3, "."),
                TurnEvents.arguments(1, 4, "call_1", null, "1}"),
                TurnEvents.arguments(1, 5, "call_2", "find", " ")));

        assertThat(types(events))
                .endsWith("TEXT_MESSAGE_END", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_ARGS", "TOOL_CALL_START")
                .doesNotContain("TOOL_CALL_END");
        events.addAll(stream.tell(TurnEvents.completed(new Answer("", "So.", "", calls, 2), 1)));
        assertThat(types(events))
                .endsWith(
                        "TOOL_CALL_START",
                        "TEXT_MESSAGE_START",
                        "TEXT_MESSAGE_CONTENT",
                        "TOOL_CALL_END",
                        "TOOL_CALL_ARGS",
                        "TOOL_CALL_END",
                        "TEXT_MESSAGE_END",
                        "STEP_FINISHED",
                        "RUN_FINISHED");
        assertThat(ThreadUnderTest.of(json(events)).arguments()).containsExactly("{\"q\":1}", "{}");
    }

    @Test
    void halfACallIsNeverEnded() {
        List<FeedEvent> turn = List.of(
                TurnEvents.accepted(),
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.arguments(1, 0, "call_1", "look", "{\"q\":"));

        for (FeedEvent end :
                List.of(TurnEvents.cancelled(""), TurnEvents.failed("engine_error", ""), TurnEvents.reset(2))) {
            Stream stream = begun();
            List<Event> events = new ArrayList<>(stream.tell(turn));
            Event last = events.getLast();
            events.addAll(stream.tell(end, TurnEvents.started(2), TurnEvents.text(2, 0, "anew")));
            assertThat(types(events)).doesNotContain("TOOL_CALL_END").endsWith("RUN_ERROR");
            assertThat(ThreadUnderTest.of(json(events)).isOver()).isTrue();
            List<Event> resumed = toldOrRefused(
                    after(last),
                    List.of(TurnEvents.accepted(), TurnEvents.begun(), end, TurnEvents.text(2, 0, "anew")));
            assertThat(resumed.getLast().json()).isEqualTo(events.getLast().json());
        }
    }

    /** A place that nobody was ever told. */
    @ParameterizedTest
    @ValueSource(strings = {"1.0.0.asn.99", "7.0.0.asn.3e,0", "1.0.0.asn.0,0,0", "1.9.9.asmt.1e,1e,1e", "0.0.0.asn.2"})
    void aPlaceThatNeverWasEndsTheStreamAndNoMore(String place) {
        Answer answer = new Answer("", "So.", List.of(new ToolCall("call_1", "look", "{\"q\":1}")));
        Told told = Told.parse(TurnEvents.TURN + "." + place);

        List<Event> events = toldOrRefused(
                new Stream(told),
                List.of(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.started(1),
                        TurnEvents.text(1, 0, "So."),
                        TurnEvents.arguments(1, 1, "call_1", "look", "{\"q\":"),
                        TurnEvents.completed(answer, 1)));

        assertThat(events.getLast().type()).isIn("RUN_FINISHED", "RUN_ERROR");
    }

    @Test
    void whatFollowsACutIsWhatWouldHaveBeenTold() {
        Answer answer = new Answer("Hm.", "Well.", List.of(new ToolCall("call_1", "look", "{}")));
        List<FeedEvent> turn = List.of(
                TurnEvents.accepted(),
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.reasoning(1, 0, "Hm."),
                TurnEvents.text(1, 1, "We"),
                TurnEvents.text(1, 2, "ll."),
                TurnEvents.completed(answer, 1));
        List<Event> whole = begun().tell(turn);

        for (int cut = 0; cut < whole.size() - 1; cut++) {
            assertThat(after(whole.get(cut)).tell(turn)).isEqualTo(whole.subList(cut + 1, whole.size()));
        }
    }

    @Test
    void anAnswerThatStartsAgainIsTakenBackByASnapshot() {
        List<Event> events = begun().tell(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.started(1),
                        TurnEvents.reasoning(1, 0, "void"),
                        TurnEvents.text(1, 1, "void"),
                        TurnEvents.reset(2),
                        TurnEvents.started(2),
                        TurnEvents.text(2, 0, "Good"),
                        TurnEvents.completed(Answer.saying("Good"), 2));

        assertThat(types(events))
                .containsSubsequence(
                        "TEXT_MESSAGE_CONTENT",
                        "TEXT_MESSAGE_END",
                        "MESSAGES_SNAPSHOT",
                        "TEXT_MESSAGE_START",
                        "TEXT_MESSAGE_CONTENT",
                        "TEXT_MESSAGE_END",
                        "RUN_FINISHED");
        ThreadUnderTest thread = ThreadUnderTest.of(json(events));
        assertThat(thread.message(TurnEvents.ANSWER)).isEqualTo("Good");
        assertThat(thread.message(THOUGHTS)).isEmpty();
        assertThat(thread.messages()).contains(TurnEvents.QUESTION);
    }

    @Test
    void whereTheThreadCannotBeReadTheStreamBreaksOffAndTheRunGoesOn() {
        Stream stream = begun();
        List<Event> events = new ArrayList<>(stream.tell(
                TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1), TurnEvents.text(1, 0, "void")));
        unreadable = true;
        events.addAll(stream.tell(TurnEvents.reset(2)));

        assertThat(events.getLast().type()).isEqualTo("RUN_ERROR");
        assertThat(events.getLast().id()).isEmpty();
        assertThat(events.getLast().json().path("code").asText()).isEqualTo("stream_reset");
        unreadable = false;
        List<Event> rest = after(events.get(events.size() - 2))
                .tell(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.completed(Answer.saying("Good"), 2));
        assertThat(types(rest)).startsWith("MESSAGES_SNAPSHOT").endsWith("RUN_FINISHED");
    }

    @Test
    void aRunThatIsStoppedSaysSoWithWhatWasSaid() {
        List<Event> events = begun().tell(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.started(1),
                        TurnEvents.text(1, 0, "Ha"),
                        TurnEvents.cancelled("Ha"));

        assertThat(types(events)).endsWith("TEXT_MESSAGE_END", "STEP_FINISHED", "RUN_FINISHED");
        assertThat(events.getLast().json().path("outcome").toString()).isEqualTo("{\"type\":\"cancelled\"}");
        assertThat(types(begun().tell(TurnEvents.accepted(), TurnEvents.cancelled(""))))
                .containsExactly("RUN_STARTED", "RUN_FINISHED");
    }

    @Test
    void aRunThatFailsTellsAllThatIsKeptOfItsText() {
        List<FeedEvent> turn = List.of(
                TurnEvents.accepted(),
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.reasoning(1, 0, "Hm"),
                TurnEvents.text(1, 1, "Ha"));
        List<Event> events = begun().tell(turn);
        FeedEvent failed = TurnEvents.knowing(
                TurnEvents.failed("engine_rate_limited", "Half"),
                Upstream.newBuilder()
                        .setCalls(1)
                        .setRetryAfterMillis(30_000L)
                        .setUsageDetails(new UsageDetails(1, null, 2, null, null))
                        .build());

        for (int cut = 0; cut < events.size(); cut++) {
            List<JsonNode> both = new ArrayList<>(json(events.subList(0, cut + 1)));
            List<Event> rest = after(events.get(cut)).tell(TurnEvents.accepted(), TurnEvents.begun(), failed);
            both.addAll(json(rest));
            assertThat(ThreadUnderTest.of(both).message(TurnEvents.ANSWER)).isEqualTo("Half");
            JsonNode last = rest.getLast().json();
            assertThat(last.path("type").asText()).isEqualTo("RUN_ERROR");
            assertThat(last.path("code").asText()).isEqualTo("engine_rate_limited");
            assertThat(last.path("message").asText()).isEqualTo("it broke");
            assertThat(last.at("/metadata/parley/retryAfterMillis").asLong()).isEqualTo(30_000);
            assertThat(last.at("/usage/0/cachedInputTokens").asInt()).isEqualTo(1);
        }
    }

    @Test
    void whatIsRejectedOrLostIsAnError() {
        assertThat(begun().tell(TurnEvents.rejected("busy")).getLast().json().toString())
                .isEqualTo("{\"type\":\"RUN_ERROR\",\"message\":\"not now\",\"code\":\"busy\"}");
        Stream stream = begun();
        stream.tell(TurnEvents.accepted());
        assertThat(stream.tell(TurnEvents.gap()).getLast().json().path("code").asText())
                .isEqualTo("unavailable");
        assertThatThrownBy(() -> begun().tell(TurnEvents.gap())).isInstanceOf(ProblemException.class);
    }

    @Test
    void aRefusalIsTextWithANote() {
        List<Event> events = begun().tell(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.completed(Answer.refusing("Well. ", "I cannot."), 1, "refusal"));

        List<Event> said = events.stream()
                .filter(event -> event.type().equals("TEXT_MESSAGE_CONTENT"))
                .toList();
        assertThat(said).hasSize(2);
        assertThat(said.getFirst().json().has("metadata")).isFalse();
        assertThat(said.getLast().json().at("/metadata/parley/refusal").asBoolean())
                .isTrue();
    }

    @Test
    void anAnswerWithoutAWordIsAMessage() {
        assertThat(types(begun().tell(
                                TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.completed(Answer.NOTHING, 1))))
                .contains("TEXT_MESSAGE_START", "TEXT_MESSAGE_END")
                .doesNotContain("TEXT_MESSAGE_CONTENT");
    }

    @Test
    void aNodeThatIsBehindItsClientWaitsForWhatTheClientHasSeen() {
        List<Event> events = begun().tell(
                        TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(2), TurnEvents.text(2, 0, "Go"));

        Stream behind = after(events.getLast());
        assertThat(behind.tell(
                        TurnEvents.accepted(),
                        TurnEvents.begun(),
                        TurnEvents.started(1),
                        TurnEvents.text(1, 0, "void")))
                .isEmpty();
        List<Event> rest = behind.tell(
                TurnEvents.reset(2),
                TurnEvents.started(2),
                TurnEvents.text(2, 0, "Go"),
                TurnEvents.text(2, 1, "od"),
                TurnEvents.completed(Answer.saying("Good"), 2));
        assertThat(rest.getFirst().json().path("delta").asText()).isEqualTo("od");
    }

    @Test
    void somebodyWhoComesToARunningAnswerIsToldTheThreadFirst() {
        Told told = Told.nothing(TurnEvents.TURN);
        told.mark(Told.Mark.HISTORY_DUE);
        told.mark(Told.Mark.AFRESH);
        List<FeedEvent> turn = List.of(
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.reasoning(1, 0, "Hm"),
                TurnEvents.text(1, 1, "Good"),
                TurnEvents.completed(new Answer("Hm", "Good", List.of()), 1));

        List<Event> events = new Stream(told).tell(turn);

        assertThat(types(events)).startsWith("RUN_STARTED", "MESSAGES_SNAPSHOT", "STEP_STARTED", "MESSAGES_SNAPSHOT");
        for (int cut = 0; cut < events.size() - 1; cut++) {
            List<JsonNode> both = new ArrayList<>(json(events.subList(0, cut + 1)));
            both.addAll(json(after(events.get(cut)).tell(turn)));
            ThreadUnderTest thread = ThreadUnderTest.of(both);
            assertThat(thread.message(TurnEvents.ANSWER)).isEqualTo("Good");
            assertThat(thread.message(THOUGHTS)).isEqualTo("Hm");
        }
    }

    @Test
    void aPlaceBeyondTheEndIsNobodys() {
        String beyond = TurnEvents.TURN + ".1.0.99.asmt";

        assertThatThrownBy(() -> new Stream(Told.parse(beyond))
                        .tell(
                                TurnEvents.accepted(),
                                TurnEvents.begun(),
                                TurnEvents.completed(Answer.saying("Good"), 1)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("invalid_cursor");
    }

    @ParameterizedTest
    @CsvSource({
        "''",
        "7",
        "turn_x.1.0.0.an",
        "turn_0123456789abcdef01234567.1.0.0.",
        "turn_0123456789abcdef01234567.1.0.0.na",
        "turn_0123456789abcdef01234567.1.0.0.xn",
        "turn_0123456789abcdef01234567.01.0.0.an",
        "turn_0123456789abcdef01234567.1.0.9999999999.an",
        "turn_0123456789abcdef01234567.1.0.0.an.1e.2e",
        "turn_0123456789abcdef01234567.-1.0.0.an"
    })
    void whatIsNoEventsIdIsRefused(String id) {
        assertThatThrownBy(() -> Told.parse(id))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("invalid_cursor");
    }
}
