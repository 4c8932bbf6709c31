package dev.parley.ingest.answer;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.json.Said;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the feed tells of one turn, made up for tests. */
public final class TurnEvents {

    static {
        TrustedRecords.trust();
    }

    public static final ConversationKey KEY = new ConversationKey("t", "c");
    public static final String TURN = "turn_0123456789abcdef01234567";
    public static final String QUESTION = "msg_question";
    public static final String ANSWER = "msg_answer";
    public static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    public static final Usage USAGE = new Usage(3, 2, UsageBasis.MEASURED, null);

    /** Whole characters, some of them of two chars. */
    private static final List<String> CHARACTERS =
            List.of("a", "b", " ", "\n", "\u0000", "\u2028", "\"", "é", "€", "\uD83D\uDE00", "\uD834\uDD1E");

    /** What models write as a tool's arguments; {@code %d} is a number. Some of it is no object, and never can be one. */
    private static final List<String> ARGUMENTS = List.of(
            "",
            " \n",
            "{}",
            "{\"q\":\"%d\"}",
            "{\"q\":\"%d\"}",
            " { \"q\" : [ %d , { \"é\" : \"\uD83D\uDE00\\n\" } , null ] } ",
            "{\"arguments\":%d}",
            "{\"q\":\"%d",
            "{\"q\":\"%d\"} {}",
            "{\"q\":%d]",
            "[%d]",
            "\"{\\\"q\\\":%d}\"",
            "look %d");

    private static final Timings TIMINGS = new Timings(null, null, null, null);

    private TurnEvents() {}

    public static Frame frame(FeedEvent event) {
        return new Frame(event, "1", new byte[0]);
    }

    public static FeedEvent logged(ConversationEvent.Body body) {
        return logged(TURN, body);
    }

    public static FeedEvent logged(@Nullable String turn, ConversationEvent.Body body) {
        return new FeedEvent.Logged(
                KEY, new ConversationEvent(KEY.tenant(), KEY.conversation(), 7L, NOW, "cause", turn, null, body));
    }

    public static FeedEvent accepted() {
        return accepted(Map.of(), null);
    }

    public static FeedEvent accepted(Map<String, String> metadata, @Nullable CallerPrompt prompt) {
        return logged(MessageAccepted.newBuilder()
                .setMessageId(QUESTION)
                .setAssistantMessageId(ANSWER)
                .setRole(Role.USER)
                .setContent("Why?")
                .setOnBusy(OnBusy.ENQUEUE)
                .setMetadata(metadata)
                .setFingerprint("print")
                .setPrompt(prompt)
                .build());
    }

    public static FeedEvent begun() {
        return logged(new TurnStarted(QUESTION, ANSWER, TURN + ".1", null, null));
    }

    public static FeedEvent retrieved(Source... sources) {
        return logged(new TurnRetrieved(ANSWER, List.of(sources)));
    }

    public static FeedEvent completed(Answer answer, int attempt, String finishReason) {
        return logged(MessageCompleted.newBuilder()
                .setMessageId(ANSWER)
                .setGenerationId(TURN + ".1")
                .setAttempt(attempt(attempt))
                .setContent(answer.said().whole())
                .setReasoning(answer.reasoning().isEmpty() ? null : answer.reasoning())
                .setFinishReason(finishReason)
                .setUsage(USAGE)
                .setTimings(TIMINGS)
                .setToolCalls(answer.calls())
                .setUpstream(answer.upstream())
                .build());
    }

    public static FeedEvent completed(Answer answer, int attempt) {
        return completed(answer, attempt, answer.calls().isEmpty() ? "stop" : "tool_calls");
    }

    public static FeedEvent failed(String code, String content) {
        return logged(TurnFailed.newBuilder()
                .setMessageId(ANSWER)
                .setGenerationId(TURN + ".1")
                .setAttempt(attempt(1))
                .setCode(code)
                .setDetail("it broke")
                .setContent(content)
                .setUsage(USAGE)
                .setTimings(TIMINGS)
                .build());
    }

    public static FeedEvent cancelled(String content) {
        return logged(TurnCancelled.newBuilder()
                .setMessageId(ANSWER)
                .setUserMessageId(QUESTION)
                .setGenerationId(TURN + ".1")
                .setContent(content)
                .setUsage(USAGE)
                .setTimings(TIMINGS)
                .build());
    }

    /** The same end, of which this became known upstream. */
    public static FeedEvent knowing(FeedEvent end, Upstream upstream) {
        return switch (((FeedEvent.Logged) end).event().getBody()) {
            case MessageCompleted completed ->
                logged(MessageCompleted.newBuilder(completed)
                        .setUpstream(upstream)
                        .build());
            case TurnFailed failed ->
                logged(TurnFailed.newBuilder(failed).setUpstream(upstream).build());
            case TurnCancelled cancelled ->
                logged(TurnCancelled.newBuilder(cancelled).setUpstream(upstream).build());
            default -> throw new IllegalArgumentException("no end");
        };
    }

    public static FeedEvent rejected(String code) {
        return logged(new MessageRejected(QUESTION, code, "not now"));
    }

    private static Attempt attempt(int number) {
        return new Attempt("attempt-" + number, number, "engine", "a-model", "worker", "");
    }

    public static FeedEvent started(int attempt) {
        return new FeedEvent.MessageStarted(KEY, TURN, ANSWER, attempt, "engine", "a-model");
    }

    public static FeedEvent text(int attempt, int seq, String piece) {
        return new FeedEvent.MessageDelta(KEY, TURN, ANSWER, attempt, seq, FeedEvent.MessageDelta.Kind.TEXT, piece);
    }

    public static FeedEvent refusal(int attempt, int seq, String piece) {
        return new FeedEvent.MessageDelta(KEY, TURN, ANSWER, attempt, seq, FeedEvent.MessageDelta.Kind.REFUSAL, piece);
    }

    public static FeedEvent reasoning(int attempt, int seq, String piece) {
        return new FeedEvent.MessageDelta(
                KEY, TURN, ANSWER, attempt, seq, FeedEvent.MessageDelta.Kind.REASONING, piece);
    }

    public static FeedEvent called(int attempt, int seq, ToolCall call) {
        return new FeedEvent.MessageToolCall(KEY, TURN, ANSWER, attempt, seq, call);
    }

    /** A piece of a call's arguments; with its name the first. */
    public static FeedEvent arguments(int attempt, int seq, String id, @Nullable String name, String piece) {
        return new FeedEvent.ToolArguments(KEY, TURN, ANSWER, attempt, seq, id, Optional.ofNullable(name), piece);
    }

    public static FeedEvent reset(int attempt) {
        return new FeedEvent.MessageReset(KEY, TURN, ANSWER, attempt, "worker_lost");
    }

    public static FeedEvent snapshot(int attempt, int seq, Answer soFar) {
        return new FeedEvent.MessageSnapshot(
                KEY, TURN, ANSWER, attempt, seq, soFar.said(), soFar.reasoning(), soFar.begun());
    }

    public static FeedEvent gap() {
        return new FeedEvent.FeedGap(KEY.tenant(), Optional.of(KEY), FeedEvent.FeedGap.Reason.ARCHIVE_UNAVAILABLE);
    }

    /**
     * An answer, or its beginning.
     *
     * @param text before the refusal
     * @param textBeforeCalls null where no text comes after the calls
     */
    public record Answer(
            String reasoning,
            String text,
            String refusal,
            List<ToolCall> calls,
            @Nullable Integer textBeforeCalls) {

        public static final Answer NOTHING = new Answer("", "", List.of());

        /** One that ends with its calls. */
        public Answer(String reasoning, String text, String refusal, List<ToolCall> calls) {
            this(reasoning, text, refusal, calls, null);
        }

        /** One without a refusal. */
        public Answer(String reasoning, String text, List<ToolCall> calls) {
            this(reasoning, text, "", calls);
        }

        public static Answer saying(String text) {
            return new Answer("", text, List.of());
        }

        public static Answer refusing(String text, String refusal) {
            return new Answer("", text, refusal, List.of());
        }

        public Said said() {
            return new Said(text, Optional.of(refusal).filter(words -> !words.isEmpty()));
        }

        private Optional<FeedEvent.CallsSoFar> begun() {
            return calls.isEmpty() ? Optional.empty() : Optional.of(new FeedEvent.CallsSoFar(beforeCalls(), calls, 0));
        }

        /** How much of the text comes before the calls, if there are any. */
        public int beforeCalls() {
            return textBeforeCalls == null || calls.isEmpty() ? said().whole().length() : textBeforeCalls;
        }

        @Nullable
        Upstream upstream() {
            return refusal.isEmpty() && textBeforeCalls == null
                    ? null
                    : Upstream.newBuilder()
                            .setRefusalFrom(refusal.isEmpty() ? null : text.length())
                            .setTextBeforeCalls(textBeforeCalls)
                            .build();
        }

        public Answer with(FeedEvent delta) {
            return switch (delta) {
                case FeedEvent.MessageDelta piece ->
                    switch (piece.kind()) {
                        case TEXT -> new Answer(reasoning, text + piece.text(), refusal, calls, textBeforeCalls);
                        case REFUSAL -> new Answer(reasoning, text, refusal + piece.text(), calls, textBeforeCalls);
                        case REASONING -> new Answer(reasoning + piece.text(), text, refusal, calls, textBeforeCalls);
                    };
                case FeedEvent.ToolArguments piece -> {
                    ToolCall last = calls.isEmpty() ? null : calls.getLast();
                    yield piece.name().isPresent() || last == null
                            ? calling(
                                    calls,
                                    new ToolCall(piece.callId(), piece.name().orElseThrow(), piece.arguments()))
                            : calling(
                                    calls.subList(0, calls.size() - 1),
                                    new ToolCall(
                                            last.getId(), last.getName(), last.getArguments() + piece.arguments()));
                }
                case FeedEvent.MessageToolCall whole -> {
                    String id = whole.call().getId();
                    boolean begun = calls.stream().anyMatch(call -> call.getId().equals(id));
                    yield begun
                            ? new Answer(
                                    reasoning,
                                    text,
                                    refusal,
                                    calls.stream()
                                            .map(call -> call.getId().equals(id) ? whole.call() : call)
                                            .toList(),
                                    textBeforeCalls)
                            : calling(calls, whole.call());
                }
                default -> throw new IllegalArgumentException("no delta");
            };
        }

        private Answer calling(List<ToolCall> before, ToolCall last) {
            List<ToolCall> more = new ArrayList<>(before);
            more.add(last);
            return new Answer(
                    reasoning,
                    text,
                    refusal,
                    more,
                    calls.isEmpty() ? (Integer) said().whole().length() : textBeforeCalls);
        }
    }

    public static Answer randomAnswer(Random random) {
        List<ToolCall> calls = new ArrayList<>();
        for (int i = random.nextInt(2) * random.nextInt(3); i > 0; i--) {
            calls.add(new ToolCall(
                    "call_" + i,
                    "tool" + random.nextInt(3),
                    ARGUMENTS
                            .get(random.nextInt(ARGUMENTS.size()))
                            .replace("%d", Integer.toString(random.nextInt(99)))));
        }
        String reasoning = random.nextBoolean() ? "" : randomText(random, 12);
        String text = random.nextInt(4) == 0 ? "" : randomText(random, 25);
        String refusal = random.nextInt(4) == 0 ? randomText(random, 12) : "";
        int codePoints = (text + refusal).codePointCount(0, text.length() + refusal.length());
        boolean speaksOn = !calls.isEmpty() && codePoints > 0 && random.nextInt(3) == 0;
        return new Answer(
                reasoning,
                text,
                refusal,
                calls,
                speaksOn ? (Integer) (text + refusal).offsetByCodePoints(0, random.nextInt(codePoints)) : null);
    }

    public static String randomText(Random random, int maxCharacters) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxCharacters + 1); i > 0; i--) {
            text.append(CHARACTERS.get(random.nextInt(CHARACTERS.size())));
        }
        return text.toString();
    }

    /**
     * One of the many ways in which a model may stream {@code answer}: thoughts, words, a refusal, calls; some of their
     * arguments in pieces, with more words between them.
     */
    public static List<FeedEvent> deltas(Answer answer, int attempt, Random random) {
        List<IntFunction<FeedEvent>> deltas = new ArrayList<>();
        for (String piece : pieces(answer.reasoning(), random)) {
            deltas.add(seq -> reasoning(attempt, seq, piece));
        }
        int before = answer.beforeCalls();
        int inText = Math.min(before, answer.text().length());
        deltas.addAll(words(attempt, answer.text().substring(0, inText), "", random));
        deltas.addAll(words(attempt, "", answer.refusal().substring(0, before - inText), random));
        List<IntFunction<FeedEvent>> later =
                words(attempt, answer.text().substring(inText), answer.refusal().substring(before - inText), random);
        List<IntFunction<FeedEvent>> calls = beginnings(answer.calls(), attempt, !later.isEmpty(), random);
        deltas.addAll(calls.stream().limit(1).toList());
        calls = calls.subList(Math.min(1, calls.size()), calls.size());
        for (int call = 0, word = 0; call < calls.size() || word < later.size(); ) {
            boolean speaks = word < later.size() && (call == calls.size() || random.nextBoolean());
            deltas.add(speaks ? later.get(word++) : calls.get(call++));
        }
        answer.calls().forEach(call -> deltas.add(seq -> called(attempt, seq, call)));
        return IntStream.range(0, deltas.size())
                .mapToObj(seq -> deltas.get(seq).apply(seq))
                .toList();
    }

    private static List<IntFunction<FeedEvent>> words(int attempt, String text, String refusal, Random random) {
        List<IntFunction<FeedEvent>> deltas = new ArrayList<>();
        for (String piece : pieces(text, random)) {
            deltas.add(seq -> text(attempt, seq, piece));
        }
        for (String piece : pieces(refusal, random)) {
            deltas.add(seq -> refusal(attempt, seq, piece));
        }
        return deltas;
    }

    /** Arguments of some of the first calls, in pieces: all of each, but of the last. */
    private static List<IntFunction<FeedEvent>> beginnings(
            List<ToolCall> calls, int attempt, boolean any, Random random) {
        List<IntFunction<FeedEvent>> deltas = new ArrayList<>();
        int count = Math.max(any ? 1 : 0, random.nextInt(calls.size() + 1));
        for (int i = 0; i < count; i++) {
            ToolCall call = calls.get(i);
            List<String> pieces = new ArrayList<>(pieces(call.getArguments(), random));
            if (pieces.isEmpty() || random.nextBoolean()) {
                pieces.addFirst("");
            }
            if (i == count - 1) {
                pieces = pieces.subList(0, 1 + random.nextInt(pieces.size()));
            }
            String first = pieces.getFirst();
            deltas.add(seq -> arguments(attempt, seq, call.getId(), call.getName(), first));
            pieces.stream()
                    .skip(1)
                    .forEach(piece -> deltas.add(seq -> arguments(attempt, seq, call.getId(), null, piece)));
        }
        return deltas;
    }

    /** {@code text} in random pieces, none of which begins or ends within a surrogate pair. */
    public static List<String> pieces(String text, Random random) {
        List<String> pieces = new ArrayList<>();
        for (int from = 0; from < text.length(); ) {
            int left = text.codePointCount(from, text.length());
            int to = text.offsetByCodePoints(from, 1 + random.nextInt(Math.min(left, 6)));
            pieces.add(text.substring(from, to));
            from = to;
        }
        return pieces;
    }
}
