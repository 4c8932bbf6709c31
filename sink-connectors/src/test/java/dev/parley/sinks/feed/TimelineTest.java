package dev.parley.sinks.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseFrames;
import dev.parley.sinks.json.Said;
import dev.parley.stack.LaterVersion;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimelineTest {

    private static final ConversationKey KEY = new ConversationKey("t", "c");
    private static final SseFrames FRAMES = new SseFrames();
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Usage USAGE = new Usage(1, 1, UsageBasis.MEASURED, null);

    private static ConversationEvent event(long sequence, @Nullable String turn, ConversationEvent.Body body) {
        return new ConversationEvent("t", "c", sequence, NOW, "cause", turn, null, body);
    }

    private static GenerationChunk chunk(String turn, String attempt, GenerationChunk.Body body) {
        return new GenerationChunk(turn + ".1", attempt, NOW, body);
    }

    private static Tally tally(int seq) {
        return Tally.newBuilder()
                .setSeq(seq)
                .setTextBytes(0L)
                .setTextCrc32c(0L)
                .setUsage(USAGE)
                .setGenerationMillis(1.0)
                .build();
    }

    /** A random log of one conversation: records of both topics in one of the orders in which a node may read them. */
    private static List<SpecificRecord> randomLog(Random random) {
        List<SpecificRecord> log = new ArrayList<>();
        long sequence = 0;
        log.add(event(++sequence, null, new ConversationCreated(null, "w", Map.of())));
        for (int number = 0; number < 1 + random.nextInt(3); number++) {
            String turn = "turn-" + number;
            String message = "answer-" + number;
            List<SpecificRecord> events = new ArrayList<>();
            events.add(event(++sequence, turn, new TurnStarted("user", message, turn + ".1", null, null)));
            events.add(event(++sequence, turn, new TurnRouted(message, "chat", 1.0, "e", "default")));
            events.add(event(++sequence, turn, new TurnRetrieved(message, List.of())));
            List<SpecificRecord> chunks = new ArrayList<>();
            int attempts = 1 + random.nextInt(3);
            StringBuilder text = new StringBuilder();
            List<ToolCall> calls = new ArrayList<>();
            for (int attempt = 1; attempt <= attempts; attempt++) {
                String id = turn + "-" + attempt;
                text.setLength(0);
                calls.clear();
                chunks.add(chunk(turn, id, new AttemptStarted(attempt, "initial", "e", "m", "w", "model")));
                int deltas = random.nextInt(8);
                for (int seq = 0; seq < deltas; seq++) {
                    String piece = "<" + turn + "/" + attempt + "/" + seq + "\n>";
                    text.append(piece);
                    chunks.add(chunk(turn, id, new TextDelta(seq, piece, false)));
                    if (random.nextInt(6) == 0) {
                        chunks.add(chunk(turn, id, new TextDelta(seq, piece, false))); // read again
                    }
                    if (attempt > 1 && random.nextInt(4) == 0) {
                        chunks.add(chunk(turn, turn + "-1", new TextDelta(seq, "zombie", false))); // a worker given up
                    }
                }
                int asked = random.nextInt(3);
                int begun = random.nextInt(asked + 1);
                for (int call = 0; call < begun; call++, deltas += 2) {
                    chunks.add(chunk(turn, id, new ToolArgumentsDelta(deltas, "call-" + id + "-" + call, "f", "")));
                    String rest = call == begun - 1 ? "{\"n" : "{\"n\":" + call + "}";
                    ToolArgumentsDelta more = new ToolArgumentsDelta(deltas + 1, "call-" + id + "-" + call, null, rest);
                    chunks.add(chunk(turn, id, more));
                    if (random.nextInt(6) == 0) {
                        chunks.add(chunk(turn, id, more)); // read again
                    }
                }
                for (int seq = deltas; seq < deltas + asked; seq++) {
                    int place = seq - deltas;
                    ToolCall call = new ToolCall("call-" + id + "-" + place, "f", "{\"n\":" + place + "}");
                    calls.add(call);
                    chunks.add(chunk(turn, id, new ToolCalled(seq, call)));
                    if (random.nextInt(6) == 0) {
                        chunks.add(chunk(turn, id, new ToolCalled(seq, call))); // read again
                    }
                }
                deltas += asked;
                chunks.add(chunk(
                        turn,
                        id,
                        attempt < attempts
                                ? new AttemptFailed("worker_lost", "x", true, tally(deltas), null)
                                : new AttemptFinished("stop", tally(deltas), null, List.of())));
            }
            if (random.nextInt(3) == 0) {
                chunks.add(chunk(turn, turn + "-late", new AttemptStarted(9, "initial", "e", "m", "w", "model")));
                chunks.add(chunk(turn, turn + "-late", new TextDelta(0, "too late", false)));
            }
            // The two topics interleave at will; only the turn's end comes after what it sums up.
            while (!events.isEmpty() || !chunks.isEmpty()) {
                boolean fromEvents = chunks.isEmpty() || (!events.isEmpty() && random.nextBoolean());
                log.add(fromEvents ? events.removeFirst() : chunks.removeFirst());
            }
            log.add(event(
                    ++sequence,
                    turn,
                    MessageCompleted.newBuilder()
                            .setMessageId(message)
                            .setGenerationId(turn + ".1")
                            .setAttempt(new Attempt("a", attempts, "e", "m", "w", ""))
                            .setContent(text.toString())
                            .setFinishReason("stop")
                            .setUsage(USAGE)
                            .setTimings(new Timings(null, null, null, null))
                            .setToolCalls(List.copyOf(calls))
                            .build()));
        }
        return log;
    }

    private static List<Frame> accept(Timeline timeline, SpecificRecord record) {
        return switch (record) {
            case ConversationEvent event -> timeline.accept(event);
            case GenerationChunk chunk -> timeline.accept(chunk);
            default -> throw new IllegalArgumentException();
        };
    }

    /** A client that shows what it is told, and fails on a repeat, a hole or a splice. */
    private static final class Client {
        private final List<Long> sequences = new ArrayList<>();
        private final StringBuilder shown = new StringBuilder();
        private final List<ToolCall> begun = new ArrayList<>();
        private final List<ToolCall> calls = new ArrayList<>();
        private String lastId = "0";
        private int attempt;
        private int nextSeq;
        private final List<String> answers = new ArrayList<>();

        void take(Frame frame, String context) {
            lastId = frame.cursor();
            switch (frame.event()) {
                case FeedEvent.Logged(var key, ConversationEvent event) -> {
                    assertThat(event.getSequence())
                            .as("%s: no event twice or left out", context)
                            .isEqualTo(sequences.size() + 1L);
                    sequences.add(event.getSequence());
                    if (event.getBody() instanceof TurnStarted) {
                        attempt = 0;
                        nextSeq = 0;
                        shown.setLength(0);
                        calls.clear();
                        begun.clear();
                    }
                    if (event.getBody() instanceof MessageCompleted completed) {
                        for (int i = 0; i < begun.size(); i++) {
                            ToolCall call = completed.getToolCalls().get(i);
                            assertThat(begun.get(i).getId()).as(context).isEqualTo(call.getId());
                            assertThat(call.getArguments())
                                    .as("%s: a true beginning of arguments", context)
                                    .startsWith(begun.get(i).getArguments());
                        }
                        assertThat(completed.getContent())
                                .as("%s: a true preview", context)
                                .startsWith(shown.toString());
                        assertThat(calls)
                                .as("%s: calls as they will be", context)
                                .isEqualTo(completed.getToolCalls().subList(0, calls.size()));
                        answers.add(completed.getContent());
                    }
                }
                case FeedEvent.MessageStarted started -> {
                    assertThat(shown).as("%s: no start in mid-text", context).isEmpty();
                    assertThat(calls).as("%s: no start after calls", context).isEmpty();
                    attempt = started.attempt();
                    nextSeq = 0;
                }
                case FeedEvent.MessageReset reset -> {
                    shown.setLength(0);
                    calls.clear();
                    begun.clear();
                    nextSeq = 0;
                }
                case FeedEvent.MessageDelta delta -> {
                    assertThat(delta.attempt()).as(context).isEqualTo(attempt);
                    assertThat(delta.seq())
                            .as("%s: no delta twice or left out", context)
                            .isEqualTo(nextSeq);
                    nextSeq++;
                    shown.append(delta.text());
                }
                case FeedEvent.ToolArguments piece -> {
                    assertThat(piece.attempt()).as(context).isEqualTo(attempt);
                    assertThat(piece.seq())
                            .as("%s: no piece twice or left out", context)
                            .isEqualTo(nextSeq);
                    nextSeq++;
                    ToolCall before = piece.name().isPresent() ? null : begun.removeLast();
                    begun.add(
                            before == null
                                    ? new ToolCall(piece.callId(), piece.name().orElseThrow(), piece.arguments())
                                    : new ToolCall(
                                            before.getId(),
                                            before.getName(),
                                            before.getArguments() + piece.arguments()));
                }
                case FeedEvent.MessageToolCall called -> {
                    assertThat(called.attempt()).as(context).isEqualTo(attempt);
                    assertThat(called.seq())
                            .as("%s: no call twice or left out", context)
                            .isEqualTo(nextSeq);
                    nextSeq++;
                    calls.add(called.call());
                }
                case FeedEvent.MessageSnapshot snapshot -> {
                    attempt = snapshot.attempt();
                    nextSeq = snapshot.seq() + 1;
                    shown.setLength(0);
                    shown.append(snapshot.said().whole());
                    calls.clear();
                    begun.clear();
                    snapshot.calls().ifPresent(soFar -> {
                        calls.addAll(soFar.told());
                        begun.addAll(soFar.calls());
                    });
                }
                case FeedEvent.FeedGap gap -> throw new AssertionError(context + ": a gap");
            }
        }
    }

    private static List<String> truth(List<SpecificRecord> log) {
        return log.stream()
                .filter(ConversationEvent.class::isInstance)
                .map(record -> ((ConversationEvent) record).getBody())
                .filter(MessageCompleted.class::isInstance)
                .map(body -> ((MessageCompleted) body).getContent())
                .toList();
    }

    /** A client that is cut after any number of frames, at any moment; {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aClientThatIsCutAnywhereShowsExactlyTheTruth(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 300; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            List<SpecificRecord> log = randomLog(random);
            Timeline timeline = new Timeline(KEY, FRAMES);
            Client client = new Client();
            boolean connected = false;
            String context = "seed " + seed + " round " + round;
            for (SpecificRecord record : log) {
                List<Frame> frames = accept(timeline, record);
                if (connected) {
                    for (Frame frame : frames) {
                        client.take(frame, context);
                        if (random.nextInt(3) == 0) {
                            connected = false; // cut: what else there was is lost on the way
                            break;
                        }
                    }
                } else if (random.nextInt(2) == 0 && timeline.sequence() > 0) {
                    connected = resume(timeline, client, random, context);
                }
            }
            while (!connected) {
                connected = resume(timeline, client, random, context);
            }
            assertThat(client.answers).as(context).isEqualTo(truth(log));
        }
    }

    private static boolean resume(Timeline timeline, Client client, Random random, String context) {
        Timeline.Replay replay = timeline.after(FeedCursor.parse(client.lastId));
        assertThat(replay.missingBefore()).isZero();
        for (Frame frame : replay.frames()) {
            client.take(frame, context);
            if (random.nextInt(4) == 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aJoinerWithoutACursorGetsTheRunningTurnInOnePiece() {
        Timeline timeline = new Timeline(KEY, FRAMES);
        timeline.accept(event(1, null, new ConversationCreated(null, "w", Map.of())));
        timeline.accept(event(2, "turn", new TurnStarted("u", "a", "turn.1", null, null)));
        timeline.accept(chunk("turn", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
        timeline.accept(chunk("turn", "x", new TextDelta(0, "Hel", false)));
        timeline.accept(chunk("turn", "x", new TextDelta(1, "lo", false)));

        assertThat(timeline.joining().stream().map(frame -> SseFrames.type(frame.event())))
                .isEqualTo(List.of("turn.started", "message.started", "message.snapshot"));
        assertThat(timeline.joining().getLast().cursor()).isEqualTo("2.1.1");
    }

    @Test
    void workThatIsNotForClientsToSeeNeitherShowsNorTakesThePlaceOfWhatIs() {
        Timeline timeline = new Timeline(KEY, FRAMES);
        timeline.accept(event(1, null, new ConversationCreated(null, "w", Map.of())));
        timeline.accept(chunk("turn", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
        timeline.accept(chunk("turn", "x", new TextDelta(0, "Hello", false)));
        for (int number = 0; number < 50; number++) {
            String kind = number % 2 == 0 ? "classify" : "of a later version";
            timeline.accept(chunk("other" + number, "y", new AttemptStarted(1, "initial", "e", "m", "w", kind)));
            timeline.accept(chunk("other" + number, "y", new TextDelta(0, "sort", false)));
        }

        List<Frame> frames = timeline.accept(event(2, "turn", new TurnStarted("u", "a", "turn.1", null, null)));

        assertThat(frames.stream().map(frame -> SseFrames.type(frame.event())))
                .isEqualTo(List.of("turn.started", "message.started", "message.delta"));
        assertThat(timeline.accept(event(3, "other0", new TurnStarted("u", "b", "other0.1", null, null))))
                .hasSize(1);
    }

    private static final ToolCall CALL = new ToolCall("call_1", "look", "{\"q\":1}");

    private static Timeline asking() {
        Timeline timeline = new Timeline(KEY, FRAMES);
        timeline.accept(event(1, null, new ConversationCreated(null, "w", Map.of())));
        timeline.accept(event(2, "turn", new TurnStarted("u", "a", "turn.1", null, null)));
        timeline.accept(chunk("turn", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
        timeline.accept(chunk("turn", "x", new ReasoningDelta(0, "Hm.")));
        timeline.accept(chunk("turn", "x", new TextDelta(1, "Let me see.", false)));
        return timeline;
    }

    private static ConversationEvent completed(long sequence, String turn, String attemptId, String content) {
        return event(
                sequence,
                turn,
                MessageCompleted.newBuilder()
                        .setMessageId("answer-" + turn)
                        .setGenerationId(turn + ".1")
                        .setAttempt(new Attempt(attemptId, 2, "e", "m", "w", ""))
                        .setContent(content)
                        .setFinishReason("stop")
                        .setUsage(USAGE)
                        .setTimings(new Timings(null, null, null, null))
                        .build());
    }

    private static ConversationEvent started(long sequence, String turn) {
        return event(sequence, turn, new TurnStarted("user-" + turn, "answer-" + turn, turn + ".1", null, null));
    }

    private static MessageAccepted accepted(String turn) {
        return MessageAccepted.newBuilder()
                .setMessageId("user-" + turn)
                .setAssistantMessageId("answer-" + turn)
                .setRole(Role.USER)
                .setContent("q")
                .setOnBusy(OnBusy.ENQUEUE)
                .setFingerprint("print")
                .build();
    }

    @Nested
    class ToolCalls {

        @Test
        void aToolCallIsADeltaAmongTheOthers() throws JsonProcessingException {
            Timeline timeline = asking();

            List<Frame> frames = timeline.accept(chunk("turn", "x", new ToolCalled(2, CALL)));

            assertThat(frames).singleElement().satisfies(frame -> {
                assertThat(frame.cursor()).isEqualTo("2.1.2");
                assertThat(frame.event()).isEqualTo(new FeedEvent.MessageToolCall(KEY, "turn", "a", 1, 2, CALL));
            });
            JsonNode data = new ObjectMapper()
                    .readTree(new String(frames.getFirst().encoded(), StandardCharsets.UTF_8)
                            .lines()
                            .toList()
                            .get(2)
                            .substring("data: ".length()));
            assertThat(data.path("type").asText()).isEqualTo("message.delta");
            assertThat(data.toString()).contains("\"look\"").contains("call_1");
            assertThat(timeline.accept(chunk("turn", "x", new ToolCalled(2, CALL))))
                    .as("a repeat")
                    .isEmpty();
            assertThat(timeline.accept(chunk("turn", "x", new ToolCalled(4, CALL))))
                    .as("after a hole")
                    .isEmpty();
            assertThat(timeline.accept(chunk("turn", "another", new ToolCalled(3, CALL))))
                    .as("of another attempt")
                    .isEmpty();
        }

        @Test
        void whoResumesBeforeAToolCallIsToldOfIt() {
            Timeline timeline = asking();
            timeline.accept(chunk("turn", "x", new ToolCalled(2, CALL)));

            assertThat(timeline.after(FeedCursor.parse("2.1.1")).frames())
                    .extracting(Frame::event)
                    .isEqualTo(List.of(new FeedEvent.MessageToolCall(KEY, "turn", "a", 1, 2, CALL)));
            assertThat(timeline.after(FeedCursor.parse("2.1.2")).frames()).isEmpty();
        }

        @Test
        void aSnapshotHoldsToolCallsAndANewAttemptNone() {
            Timeline timeline = asking();
            timeline.accept(chunk("turn", "x", new ToolCalled(2, CALL)));

            assertThat(timeline.snapshot().orElseThrow().event())
                    .isEqualTo(new FeedEvent.MessageSnapshot(
                            KEY, "turn", "a", 1, 2, Said.plainly("Let me see."), "Hm.", soFar(1, CALL)));

            timeline.accept(chunk("turn", "y", new AttemptStarted(2, "worker_lost", "e", "m", "w", "model")));
            assertThat(timeline.joining().getLast().event())
                    .isEqualTo(new FeedEvent.MessageSnapshot(
                            KEY, "turn", "a", 2, -1, Said.plainly(""), "", Optional.empty()));
        }

        @Test
        void aRefusalIsToldApart() {
            Timeline timeline = asking();

            assertThat(accept(timeline, chunk("turn", "x", new TextDelta(2, "I cannot.", true))))
                    .extracting(Frame::event)
                    .containsExactly(new FeedEvent.MessageDelta(
                            KEY, "turn", "a", 1, 2, FeedEvent.MessageDelta.Kind.REFUSAL, "I cannot."));
            assertThat(timeline.snapshot().orElseThrow().event())
                    .isEqualTo(new FeedEvent.MessageSnapshot(
                            KEY,
                            "turn",
                            "a",
                            1,
                            2,
                            new Said("Let me see.", Optional.of("I cannot.")),
                            "Hm.",
                            Optional.empty()));
            timeline.accept(chunk("turn", "y", new AttemptStarted(2, "worker_lost", "e", "m", "w", "model")));
            assertThat(timeline.joining().getLast().event())
                    .isEqualTo(new FeedEvent.MessageSnapshot(
                            KEY, "turn", "a", 2, -1, Said.plainly(""), "", Optional.empty()));
        }

        @Test
        void anAnswerTooLargeToKeepPieceByPieceIsResumedFromASnapshotWithItsCalls() {
            Timeline timeline = asking();
            timeline.accept(chunk("turn", "x", new ToolCalled(2, CALL)));
            timeline.accept(chunk("turn", "x", new TextDelta(3, "x".repeat(RunningTurn.MAX_DELTA_BYTES), false)));

            assertThat(timeline.after(FeedCursor.parse("2.1.0")).frames())
                    .singleElement()
                    .satisfies(frame -> assertThat(((FeedEvent.MessageSnapshot) frame.event()).calls())
                            .isEqualTo(soFar(1, CALL)));
        }

        @Test
        void argumentsAreDeltasAmongTheOthersUntilTheCallIsWhole() throws JsonProcessingException {
            Timeline timeline = asking();

            List<Frame> frames = timeline.accept(chunk("turn", "x", new ToolArgumentsDelta(2, "call_1", "look", "")));
            assertThat(frames).singleElement().satisfies(frame -> {
                assertThat(frame.cursor()).isEqualTo("2.1.2");
                assertThat(frame.event()).isEqualTo(arguments(2, Optional.of("look"), ""));
            });
            assertThat(data(frames.getFirst()).toString())
                    .isEqualTo(
                            "{\"type\":\"tool.arguments\",\"conversationId\":\"c\",\"turnId\":\"turn\",\"messageId\":\"a\","
                                    + "\"attempt\":1,\"seq\":2,\"toolCallId\":\"call_1\",\"name\":\"look\",\"arguments\":\"\"}");
            timeline.accept(chunk("turn", "x", new ToolArgumentsDelta(3, "call_1", null, "{\"q\"")));
            timeline.accept(chunk("turn", "x", new TextDelta(4, " And more.", false)));
            assertThat(timeline.accept(chunk("turn", "x", new ToolArgumentsDelta(3, "call_1", null, "{\"q\""))))
                    .as("a repeat")
                    .isEmpty();
            assertThat(timeline.accept(chunk("turn", "x", new ToolArgumentsDelta(6, "call_1", null, ":"))))
                    .as("after a hole")
                    .isEmpty();

            ToolCall begun = new ToolCall("call_1", "look", "{\"q\"");
            Frame snapshot = timeline.snapshot().orElseThrow();
            assertThat(((FeedEvent.MessageSnapshot) snapshot.event()).calls()).isEqualTo(soFar(0, begun));
            assertThat(data(snapshot).path("toolArguments").toString())
                    .isEqualTo("[{\"id\":\"call_1\",\"name\":\"look\",\"arguments\":\"{\\\"q\\\"\"}]");
            assertThat(data(snapshot).has("toolCalls")).isFalse();
            assertThat(timeline.after(FeedCursor.parse("2.1.2")).frames())
                    .extracting(Frame::event)
                    .first()
                    .isEqualTo(arguments(3, Optional.empty(), "{\"q\""));

            timeline.accept(chunk("turn", "x", new ToolCalled(5, CALL)));
            assertThat(((FeedEvent.MessageSnapshot)
                                    timeline.snapshot().orElseThrow().event())
                            .calls())
                    .isEqualTo(soFar(1, CALL));
        }

        private static FeedEvent arguments(int seq, Optional<String> name, String piece) {
            return new FeedEvent.ToolArguments(KEY, "turn", "a", 1, seq, "call_1", name, piece);
        }

        private static Optional<FeedEvent.CallsSoFar> soFar(int whole, ToolCall call) {
            return Optional.of(new FeedEvent.CallsSoFar("Let me see.".length(), List.of(call), whole));
        }

        private static JsonNode data(Frame frame) throws JsonProcessingException {
            return new ObjectMapper()
                    .readTree(new String(frame.encoded(), StandardCharsets.UTF_8)
                            .lines()
                            .toList()
                            .get(2)
                            .substring("data: ".length()));
        }
    }

    @Nested
    class OnNodesThatLagBehind {

        @Test
        void aNodeThatReadsAllChunksBeforeAnyEventStillHasTheRunningAnswerWhole() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            for (int number = 0; number < 20; number++) {
                String turn = "turn" + number;
                timeline.accept(chunk(turn, turn + "-x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
                timeline.accept(chunk(turn, turn + "-x", new TextDelta(0, "Hi", false)));
            }
            timeline.accept(chunk("turn19", "turn19-y", new AttemptStarted(2, "worker_lost", "e", "m", "w", "model")));
            timeline.accept(chunk("turn19", "turn19-y", new TextDelta(0, "Hello", false)));
            long sequence = 0;
            for (int number = 0; number < 19; number++) {
                String turn = "turn" + number;
                timeline.accept(started(++sequence, turn));
                timeline.accept(completed(++sequence, turn, turn + "-x", "Hi"));
            }

            assertThat(timeline.accept(started(++sequence, "turn19")))
                    .extracting(Frame::cursor)
                    .as("the second attempt is the second here, too")
                    .containsExactly("39", "39.1", "39.1.0", "39.1.999999999", "39.2", "39.2.0");
        }

        @Test
        void whatComesLateOfAnEndedTurnTakesNoRoom() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            timeline.accept(chunk("next", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
            for (int number = 1; number <= 9; number++) {
                timeline.accept(started(2L * number - 1, "turn" + number));
                timeline.accept(completed(2L * number, "turn" + number, "none", ""));
            }
            for (int number = 1; number <= 9; number++) {
                timeline.accept(
                        chunk("turn" + number, "late", new AttemptStarted(9, "initial", "e", "m", "w", "model")));
            }

            assertThat(timeline.accept(started(19, "next")))
                    .extracting(Frame::cursor)
                    .containsExactly("19", "19.1");
        }

        @Test
        void anEndByAnAttemptThatWasNotReadHereVoidsWhatWasShown() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            timeline.accept(started(1, "turn"));
            timeline.accept(chunk("turn", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
            timeline.accept(chunk("turn", "x", new TextDelta(0, "He", false)));

            List<Frame> frames = timeline.accept(completed(2, "turn", "y", "Good day"));

            assertThat(frames).extracting(Frame::cursor).containsExactly("1.999999999", "2");
            assertThat(frames.getFirst().event())
                    .isEqualTo(new FeedEvent.MessageReset(KEY, "turn", "answer-turn", 2, "another_attempt"));
            assertThat(timeline.after(FeedCursor.parse("1.1.0")).frames())
                    .extracting(Frame::cursor)
                    .as("cut in mid-answer")
                    .containsExactly("1.999999999", "2");
            assertThat(timeline.after(FeedCursor.parse("1.999999999")).frames())
                    .extracting(Frame::cursor)
                    .as("cut after the word that it is void")
                    .containsExactly("2");
        }

        @Test
        void anEndByTheAttemptThatWasShownVoidsNothing() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            timeline.accept(started(1, "turn"));
            timeline.accept(chunk("turn", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));

            assertThat(timeline.accept(completed(2, "turn", "x", "Good day")))
                    .extracting(Frame::cursor)
                    .containsExactly("2");
        }

        @ParameterizedTest
        @ValueSource(strings = {"2.1.2", "2.1.999999999", "2.2", "2.2.0"})
        void aReaderMayHaveSeenMoreOfAnAnswerThanThisNode(String cursor) {
            assertThat(asking().isBehind(FeedCursor.parse(cursor))).isTrue();
        }

        @ParameterizedTest
        @ValueSource(strings = {"0", "1", "1.7.3", "2", "2.1", "2.1.1"})
        void aReaderMayHaveSeenAsMuchOfAnAnswerAsThisNodeOrLess(String cursor) {
            assertThat(asking().isBehind(FeedCursor.parse(cursor))).isFalse();
        }
    }

    @Nested
    class KnownTurns {

        @Test
        void theRunningTurnIsKnownWithThePlaceFromWhichAllOfItIsTold() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            assertThat(timeline.running()).isEmpty();
            assertThat(timeline.latestTurn()).isEmpty();
            timeline.accept(event(1, "one", accepted("one")));
            assertThat(timeline.running()).isEmpty();
            timeline.accept(event(2, "one", new TurnStarted("user-one", "answer-one", "one.1", null, null)));
            timeline.accept(event(3, "two", accepted("two")));
            timeline.accept(chunk("one", "x", new AttemptStarted(1, "initial", "e", "m", "w", "model")));
            timeline.accept(chunk("one", "x", new TextDelta(0, "Hi", false)));

            ConversationFeed.Running running = timeline.running().orElseThrow();
            assertThat(running).isEqualTo(new ConversationFeed.Running("one", "answer-one", "1"));
            assertThat(timeline.latestTurn()).contains("two");
            assertThat(timeline.after(FeedCursor.parse(running.before())).frames().stream()
                            .map(frame -> SseFrames.type(frame.event())))
                    .isEqualTo(List.of("turn.started", "message.accepted", "message.started", "message.delta"));

            timeline.accept(event(
                    4,
                    "one",
                    TurnCancelled.newBuilder()
                            .setMessageId("answer-one")
                            .setUserMessageId("user-one")
                            .setGenerationId("one.1")
                            .setContent("Hi")
                            .setTimings(new Timings(null, null, null, null))
                            .build()));
            assertThat(timeline.running()).isEmpty();
            assertThat(timeline.latestTurn()).contains("two");
        }

        @Test
        void aTurnIsItsEventsInTheirOrderAsLongAsTheyAreRemembered() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            timeline.accept(event(1, "one", accepted("one")));
            timeline.accept(event(2, "two", accepted("two")));
            timeline.accept(event(3, "one", new TurnStarted("user-one", "answer-one", "one.1", null, null)));
            timeline.accept(event(4, null, new ConversationCreated(null, "w", Map.of())));

            assertThat(timeline.turn("one"))
                    .extracting(ConversationEvent::getSequence)
                    .containsExactly(1L, 3L);
            assertThat(timeline.turn("two"))
                    .extracting(ConversationEvent::getSequence)
                    .containsExactly(2L);
            assertThat(timeline.turn("three")).isEmpty();

            timeline.forgetOldest();
            assertThat(timeline.turn("one"))
                    .extracting(ConversationEvent::getSequence)
                    .containsExactly(3L);
        }

        @Test
        void memoryThatWasFreedIsReportedMissing() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            for (int sequence = 1; sequence <= 5; sequence++) {
                timeline.accept(event((long) sequence, null, new ConversationCreated(null, "w", Map.of())));
            }
            timeline.forgetOldest();
            timeline.forgetOldest();

            assertThat(timeline.after(FeedCursor.after(0)).missingBefore()).isEqualTo(2);
            assertThat(timeline.after(FeedCursor.after(2)).missingBefore()).isZero();
            assertThat(timeline.after(FeedCursor.after(2)).frames()).hasSize(3);
        }

        @ParameterizedTest
        @ValueSource(strings = {"5", "5.1", "5.1.0", "0", "123456789012.3.44"})
        void aCursorReadsBack(String text) {
            assertThat(FeedCursor.parse(text)).hasToString(text);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"", "x", "-1", "1.", "1.2.", "1.2.3.4", "1 ", "9999999999999999999", "1.x", "t1.abc", "١"})
        void whatIsNoCursorIsRefused(String text) {
            assertThatThrownBy(() -> FeedCursor.parse(text)).isInstanceOf(InvalidCursorException.class);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"\n", "\r", "\r\n", "\u0000", "\u2028\u2029", "\uD83D\uDE00", "a\"b\\c", "data: x\n\nid: 7"})
        void anyTextIsOneLineOfJsonAndReadsBackExactly(String text) throws JsonProcessingException {
            Frame frame = FRAMES.encode(
                    new FeedEvent.MessageDelta(KEY, "turn", "a", 1, 0, FeedEvent.MessageDelta.Kind.TEXT, text),
                    "1.1.0");

            List<String> lines =
                    new String(frame.encoded(), StandardCharsets.UTF_8).lines().toList();

            assertThat(lines)
                    .hasSize(4)
                    .startsWith("id: 1.1.0", "event: message.delta")
                    .endsWith("");
            JsonNode data = new ObjectMapper().readTree(lines.get(2).substring("data: ".length()));
            assertThat(data.path("text").asText()).isEqualTo(text);
            assertThat(FRAMES.under(frame, "77").encoded())
                    .asString(StandardCharsets.UTF_8)
                    .startsWith("id: 77\nevent: message.delta\n");
        }

        @Test
        void aTenantCursorIsBoundToItsTenant() {
            FeedMemory memory = new FeedMemory(1_000_000, "topic", new long[] {5, 7}, FRAMES);

            TenantCursor here = TenantCursor.parse(memory.here("one").toString());

            assertThat(memory.isOurs(here, "one")).isTrue();
            assertThat(memory.isOurs(here, "two")).isFalse();
            assertThat(here.next()).containsExactly(5, 7);
            for (String garbage : List.of("", "t1.", "t1.@@", "t1.AAAA", "5.1.0")) {
                assertThatThrownBy(() -> TenantCursor.parse(garbage)).isInstanceOf(InvalidCursorException.class);
            }
        }

        @Test
        void anEventOfALaterVersionIsAChangeWithACursorOfItsOwn() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            accept(timeline, event(1, null, new ConversationCreated(null, "w", Map.of())));

            List<Frame> frames = accept(
                    timeline, event(2, null, LaterVersion.body(ConversationEvent.getClassSchema(), "ToolApproved")));

            assertThat(frames).singleElement().satisfies(frame -> {
                assertThat(frame.cursor()).isEqualTo(FeedCursor.after(2).toString());
                assertThat(new String(frame.encoded(), StandardCharsets.UTF_8))
                        .contains("event: conversation.changed\n")
                        .contains("\"sequence\":2,\"time\":\"2026-01-01T00:00:00Z\"")
                        .doesNotContain("call_1");
            });
            assertThat(timeline.deleted()).isFalse();
            assertThat(timeline.sequence()).isEqualTo(2);
        }

        @Test
        void aChunkOfALaterVersionIsPassedOver() {
            Timeline timeline = new Timeline(KEY, FRAMES);
            accept(timeline, event(1, "turn", new TurnStarted("question", "answer", "turn.1", null, null)));
            accept(timeline, chunk("turn", "a", new AttemptStarted(1, "initial", "e", "m", "w", "model")));

            assertThat(accept(
                            timeline,
                            chunk("turn", "a", LaterVersion.body(GenerationChunk.getClassSchema(), "Progress"))))
                    .isEmpty();
            assertThat(accept(timeline, chunk("turn", "a", new TextDelta(0, "Hello", false))))
                    .hasSize(1);
        }
    }
}
