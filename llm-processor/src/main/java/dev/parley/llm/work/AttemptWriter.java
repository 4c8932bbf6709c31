package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.engine.Prices;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.TextChecksum;
import dev.parley.schemas.TokenEstimate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Turns what an engine says into the chunks of one attempt.
 *
 * <p>The first piece goes out at once, and so does every piece that comes {@link #COALESCE} or more after the one before;
 * pieces that come faster are joined and go out when that time is over, or when there are {@link #MAX_PENDING_CHARS} of
 * them. A delta never ends between the halves of a surrogate pair: a leading half waits for its trailing one.
 *
 * <p>Called by the engine's thread, and by the worker's clock ({@link #tick}); all under one lock. The engine's thread
 * waits while more than {@link #MAX_IN_FLIGHT_BYTES} are unacknowledged, so that a slow log slows the model's stream rather
 * than filling memory.
 */
final class AttemptWriter implements AnswerSink {

    static final Duration COALESCE = Duration.ofMillis(10);
    static final Duration HEARTBEAT = Duration.ofSeconds(3);
    static final int MAX_PENDING_CHARS = 4096;
    static final int MAX_DELTA_CHARS = 256 * 1024;
    static final long MAX_IN_FLIGHT_BYTES = 1024 * 1024;

    private static final UsageDetails NO_DETAILS = new UsageDetails(null, null, null, null, null);

    private enum Kind {
        TEXT,
        REFUSAL,
        REASONING,
        ARGUMENTS
    }

    /** A call whose arguments are told as they come. */
    private static final class Call {
        final String id;
        final String name;
        boolean told;

        Call(String id, String name) {
            this.id = id;
            this.name = name;
        }
    }

    private final ChunkLog log;
    private final LongSupplier ticker;
    private final int maxBytes;
    private final int promptChars;
    private final String claimedEngine;
    private final long startedNanos;
    private final TextChecksum checksum = new TextChecksum();
    private final StringBuilder pending = new StringBuilder();
    private Kind pendingKind = Kind.TEXT;
    /** The call that is told of; what is pending of arguments is of this one. */
    private @Nullable Call call;
    /** How much of each call's arguments has been told in pieces. */
    private final Map<String, Integer> toldOfCalls = new HashMap<>();

    private int seq;
    private long lastSentNanos;
    private long inFlightBytes;
    /** Of reasoning and of calls: what is not text. */
    private long reasoningChars;
    /** Of the text. */
    private int textChars;
    /** Of the text before the refusal. */
    private int saidBefore;
    /** Of the text before the first call; negative where there is no call yet. */
    private int textBeforeCalls = -1;

    private boolean refusing;

    private @Nullable Answerer answerer;
    private Prices prices = Prices.NONE;
    private int modelCalls;
    private @Nullable Double firstTokenMillis;
    private boolean broken;
    private boolean tooLarge;
    private boolean ended;

    /**
     * A writer for an attempt that has just been claimed.
     *
     * @param ticker monotonic, in nanoseconds
     * @param maxBytes of the answer's text in UTF-8, and of reasoning and tool calls in characters
     * @param claimedEngine the one that the claim named
     */
    AttemptWriter(ChunkLog log, LongSupplier ticker, int maxBytes, int promptChars, String claimedEngine) {
        this.log = log;
        this.ticker = ticker;
        this.maxBytes = maxBytes;
        this.promptChars = promptChars;
        this.claimedEngine = claimedEngine;
        this.startedNanos = ticker.getAsLong();
        this.lastSentNanos = startedNanos;
    }

    /** The answer outgrew its limit; the generation is to stop. */
    static final class AnswerTooLargeException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** The log takes no more of this attempt; there is no use in going on. */
    static final class LogUnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public synchronized void asking(Answerer next, Prices itsPrices) {
        modelCalls += next.getEndpoint().isEmpty() ? 0 : 1;
        answerer = next;
        prices = itsPrices;
    }

    @Override
    public synchronized boolean asksAgain() {
        modelCalls++;
        return true;
    }

    @Override
    public synchronized void answered(Answerer known) {
        answerer = known;
    }

    /** What is said after a refusal has begun is part of it, so that one place tells where it is. */
    @Override
    public synchronized void text(String piece) {
        take(refusing ? Kind.REFUSAL : Kind.TEXT, piece);
    }

    @Override
    public synchronized void refusal(String piece) {
        refusing |= !piece.isEmpty();
        take(Kind.REFUSAL, piece);
    }

    @Override
    public void reasoning(String piece) {
        take(Kind.REASONING, piece);
    }

    @Override
    public synchronized void toolArguments(String callId, String name, String piece) {
        check();
        if (ended) {
            return;
        }
        begun();
        boolean begins = call == null || !call.id.equals(callId);
        if (begins || pendingKind != Kind.ARGUMENTS) {
            flush(true);
            pendingKind = Kind.ARGUMENTS;
        }
        if (begins) {
            call = new Call(callId, name);
        }
        pending.append(piece);
        flushWhereDue();
        awaitRoom();
    }

    /** Calls count towards the answer's limit like reasoning: neither is part of the text whose length is checked. */
    @Override
    public synchronized void toolCall(ToolCall whole) {
        check();
        if (ended) {
            return;
        }
        begun();
        if (pendingKind == Kind.ARGUMENTS && call != null && call.id.equals(whole.getId())) {
            pending.setLength(0); // The whole says it.
            call.told = true;
        } else {
            flush(true);
        }
        reasoningChars += Math.max(0, whole.getArguments().length() - toldOfCalls.getOrDefault(whole.getId(), 0));
        if (reasoningChars > maxBytes) {
            tooLarge = true;
        } else {
            ToolCall clean = new ToolCall(
                    wellFormed(whole.getId()), wellFormed(whole.getName()), wellFormed(whole.getArguments()));
            calls();
            send(
                    Integer.toString(seq),
                    new ToolCalled(seq, clean),
                    whole.getArguments().length());
            seq++;
        }
        awaitRoom();
    }

    /** The answer's text so far is what comes before its calls. */
    private void calls() {
        if (textBeforeCalls < 0) {
            textBeforeCalls = textChars;
        }
    }

    private void begun() {
        if (firstTokenMillis == null) {
            firstTokenMillis = millisSinceStart();
        }
    }

    private synchronized void take(Kind kind, String piece) {
        check();
        if (piece.isEmpty() || ended) {
            return;
        }
        begun();
        if (kind != pendingKind) {
            flush(true);
            pendingKind = kind;
        }
        pending.append(piece);
        flushWhereDue();
        awaitRoom();
    }

    private void flushWhereDue() {
        boolean first = seq == 0;
        if (first || pending.length() >= MAX_PENDING_CHARS || silence() >= COALESCE.toNanos()) {
            flush(false);
        }
    }

    private void check() {
        if (broken) {
            throw new LogUnavailableException();
        }
        if (tooLarge) {
            throw new AnswerTooLargeException();
        }
    }

    private void awaitRoom() {
        while (inFlightBytes > MAX_IN_FLIGHT_BYTES && !broken) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LogUnavailableException();
            }
        }
        check();
    }

    /** Sends what has waited long enough, and a sign of life after a long silence. Called every few milliseconds. */
    synchronized void tick() {
        if (ended || broken) {
            return;
        }
        if ((!pending.isEmpty() || isToBegin()) && silence() >= COALESCE.toNanos()) {
            flush(false);
        }
        // Half a surrogate pair may still be pending, which is no sign of life.
        if (silence() >= HEARTBEAT.toNanos()) {
            send("heartbeat-" + (ticker.getAsLong() - startedNanos), new Heartbeat(), 0);
        }
    }

    private long silence() {
        return ticker.getAsLong() - lastSentNanos;
    }

    /**
     * Sends what is pending.
     *
     * @param last whether nothing follows that could complete a surrogate pair
     */
    private void flush(boolean last) {
        int end = pending.length();
        boolean halfPair = end > 0 && Character.isHighSurrogate(pending.charAt(end - 1));
        if (halfPair && !last) {
            end--;
        }
        int start = 0;
        if (end == 0 && isToBegin()) {
            delta("");
        }
        while (start < end) {
            int stop = Math.min(end, start + MAX_DELTA_CHARS);
            if (stop < end && Character.isHighSurrogate(pending.charAt(stop - 1))) {
                stop--;
            }
            delta(wellFormed(pending.substring(start, stop)));
            start = stop;
        }
        pending.delete(0, end);
    }

    /** Whether it is to be told that a call has begun. */
    private boolean isToBegin() {
        return pendingKind == Kind.ARGUMENTS && call != null && !call.told;
    }

    private void delta(String text) {
        switch (pendingKind) {
            case TEXT, REFUSAL -> {
                if (checksum.bytes() + text.length() > maxBytes) {
                    tooLarge = true;
                    return;
                }
                checksum.add(text);
                boolean refusal = pendingKind == Kind.REFUSAL;
                textChars += text.length();
                saidBefore += refusal ? 0 : text.length();
                send(Integer.toString(seq), new TextDelta(seq, text, refusal), text.length());
            }
            case REASONING -> {
                reasoningChars += text.length();
                if (reasoningChars > maxBytes) {
                    tooLarge = true;
                    return;
                }
                send(Integer.toString(seq), new ReasoningDelta(seq, text), text.length());
            }
            case ARGUMENTS -> {
                reasoningChars += text.length();
                if (reasoningChars > maxBytes) {
                    tooLarge = true;
                    return;
                }
                arguments(text);
            }
        }
        seq++;
    }

    private void arguments(String text) {
        Call begun = call;
        if (begun == null) {
            throw new IllegalStateException("there are no arguments without a call");
        }
        calls();
        String name = begun.told ? null : wellFormed(begun.name);
        begun.told = true;
        toldOfCalls.merge(begun.id, text.length(), Integer::sum);
        send(Integer.toString(seq), new ToolArgumentsDelta(seq, wellFormed(begun.id), name, text), text.length());
    }

    /** Halves of surrogate pairs that have no other half cannot be written in UTF-8: they become U+FFFD. */
    private static String wellFormed(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean lone;
            if (Character.isHighSurrogate(c)) {
                lone = i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
                i += lone ? 0 : 1;
            } else {
                lone = Character.isLowSurrogate(c);
            }
            if (lone) {
                mended = mended == null ? new StringBuilder(text) : mended;
                mended.setCharAt(i, '\uFFFD');
            }
        }
        return mended == null ? text : mended.toString();
    }

    private void send(String id, GenerationChunk.Body body, int size) {
        lastSentNanos = ticker.getAsLong();
        inFlightBytes += size;
        // What becomes of it is told to the callback.
        var _ = log.send(id, body, (metadata, failure) -> acknowledged(size, failure));
    }

    private synchronized void acknowledged(int size, @Nullable Exception failure) {
        inFlightBytes -= size;
        broken |= failure != null;
        notifyAll();
    }

    /**
     * Sends what is left, so that the answer is known to be whole.
     *
     * @throws AnswerTooLargeException where what was left is more than may be
     */
    synchronized void complete() {
        if (!ended) {
            flush(true);
            check();
        }
    }

    /** Sends what is left, then the attempt's last chunk as {@code ending} makes it of the tally. Once. */
    synchronized Optional<Future<RecordMetadata>> end(Optional<TokenUsage> measured, Ending ending) {
        if (ended) {
            return Optional.empty();
        }
        flush(true);
        ended = true;
        return Optional.of(log.send("end", ending.chunk(tally(measured)), (metadata, failure) -> {}));
    }

    /** Makes the last chunk. */
    @FunctionalInterface
    interface Ending {
        GenerationChunk.Body chunk(Tally tally);
    }

    private Tally tally(Optional<TokenUsage> measured) {
        Usage usage = measured.map(AttemptWriter::measured)
                .orElseGet(() -> new Usage(
                        tokens(promptChars),
                        tokens((int) Math.min(Integer.MAX_VALUE, checksum.bytes() + reasoningChars)),
                        UsageBasis.ESTIMATED,
                        null));
        UsageDetails details = measured.flatMap(AttemptWriter::details).orElse(null);
        return Tally.newBuilder()
                .setSeq(seq)
                .setTextBytes(checksum.bytes())
                .setTextCrc32c(checksum.crc32c())
                .setUsage(prices.priced(usage, details))
                .setFirstTokenMillis(firstTokenMillis)
                .setGenerationMillis(millisSinceStart())
                .setAnsweredBy(answeredBy())
                .setUsageDetails(details)
                .setModelCalls(modelCalls)
                .setRefusalFrom(refusing ? saidBefore : null)
                .setTextBeforeCalls(textBeforeCalls >= 0 && textBeforeCalls < textChars ? textBeforeCalls : null)
                .build();
    }

    private static Usage measured(TokenUsage counted) {
        Integer input = counted.input();
        Integer output = counted.output();
        return new Usage(input == null ? 0 : input, output == null ? 0 : output, UsageBasis.MEASURED, null);
    }

    private static Optional<UsageDetails> details(TokenUsage counted) {
        UsageDetails details = new UsageDetails(
                counted.cachedInput(),
                counted.cacheWrites(),
                counted.reasoning(),
                counted.audioInput(),
                counted.audioOutput());
        return Optional.of(details).filter(any -> !any.equals(NO_DETAILS));
    }

    /** Nothing where the claim has said it all. */
    private @Nullable Answerer answeredBy() {
        boolean asClaimed = answerer == null
                || (answerer.getEndpoint().isEmpty() && answerer.getEngine().equals(claimedEngine));
        return asClaimed ? null : answerer;
    }

    private static int tokens(int chars) {
        return TokenEstimate.ofChars(chars);
    }

    private double millisSinceStart() {
        return (ticker.getAsLong() - startedNanos) / 1e6;
    }

    /** Who was asked last; empty where nobody was. */
    synchronized Optional<Answerer> answerer() {
        return Optional.ofNullable(answerer);
    }

    synchronized @Nullable Double firstTokenMillis() {
        return firstTokenMillis;
    }
}
