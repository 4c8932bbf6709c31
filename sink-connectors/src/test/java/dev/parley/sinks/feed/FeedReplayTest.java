package dev.parley.sinks.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseFrames;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A feed whose memory, archive and time are the test's, in one thread: what happens while a replay waits is scripted. */
class FeedReplayTest {

    private static final ConversationKey KEY = new ConversationKey("t", "c");
    private static final SseFrames FRAMES = new SseFrames();
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    /** Answers a running turn of one conversation: created, started, routed, retrieved. */
    private static final List<ConversationEvent> EVENTS = List.of(
            event(1, null, new ConversationCreated(null, "w", Map.of())),
            event(2, "turn", new TurnStarted("user", "answer", "turn.1", null, null)),
            event(3, "turn", new TurnRouted("answer", "chat", 1.0, "e", "default")),
            event(4, "turn", new TurnRetrieved("answer", List.of())));

    private static final ConversationEvent COMPLETED = event(
            5,
            "turn",
            MessageCompleted.newBuilder()
                    .setMessageId("answer")
                    .setGenerationId("turn.1")
                    .setAttempt(new Attempt("x", 1, "e", "m", "w", ""))
                    .setContent("Hello")
                    .setFinishReason("stop")
                    .setUsage(new Usage(1, 1, UsageBasis.MEASURED, null))
                    .setTimings(new Timings(null, null, null, null))
                    .build());

    private final List<ConversationEvent> archived = new ArrayList<>();
    private final List<Runnable> whileWaiting = new ArrayList<>();
    private final List<Frame> told = new ArrayList<>();
    private final FeedMemory memory = new FeedMemory(1 << 20, "topic", new long[] {0}, FRAMES);
    private long nanos;

    private static ConversationEvent event(long sequence, @Nullable String turn, ConversationEvent.Body body) {
        return new ConversationEvent("t", "c", sequence, NOW, "cause", turn, null, body);
    }

    private static GenerationChunk chunk(String attempt, GenerationChunk.Body body) {
        return new GenerationChunk("turn.1", attempt, NOW, body);
    }

    private static final List<GenerationChunk> CHUNKS = List.of(
            chunk("x", new AttemptStarted(1, "initial", "e", "m", "w", "model")),
            chunk("x", new TextDelta(0, "Hel", false)),
            chunk("x", new TextDelta(1, "lo", false)));

    private void read(ConversationEvent event) {
        memory.accept(KEY, event, 0, event.getSequence() - 1);
    }

    private void read(GenerationChunk chunk) {
        memory.accept(KEY, chunk);
    }

    private void pause(Duration time) {
        nanos += time.toNanos();
        if (!whileWaiting.isEmpty()) {
            whileWaiting.removeFirst().run();
        }
    }

    /** The ids of what a reader with this cursor is told at once. */
    private List<String> readerAfter(String cursor) {
        Feed feed = new Feed(
                new FeedSettings(1 << 20, Duration.ofMinutes(1)),
                new Archive(),
                new Replays(Runnable::run, () -> nanos, this::pause),
                FRAMES,
                new SimpleMeterRegistry());
        feed.remember(memory);
        ConversationFeed.Subscription _ = feed.subscribe(KEY, Optional.of(cursor), told::add);
        return ids();
    }

    private List<String> ids() {
        return told.stream().map(Frame::cursor).toList();
    }

    private final class Archive implements EventArchive {
        @Override
        public List<ConversationEvent> events(ConversationKey conversation, long after, int limit) {
            return archived.stream()
                    .filter(event -> event.getSequence() > after)
                    .limit(limit)
                    .toList();
        }

        @Override
        public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
            return List.of();
        }

        @Override
        public List<Positioned> tenantEvents(String tenant, Map<Integer, Long> afterPositions, int limit) {
            return List.of();
        }

        @Override
        public Map<Integer, Long> positions() {
            return Map.of(0, (long) archived.size());
        }
    }

    @Test
    void whoHasSeenMoreOfAnAnswerThanThisNodeWaitsForItsChunks() {
        EVENTS.forEach(this::read);
        read(CHUNKS.get(0));
        whileWaiting.add(() -> read(CHUNKS.get(1)));

        assertThat(readerAfter("4.1.0")).as("delta 0 is not told again").isEmpty();
        read(CHUNKS.get(2));
        assertThat(ids()).containsExactly("4.1.1");
    }

    @Test
    void whoHasSeenMoreOfAnAnswerThanThisNodeWillEverReadIsToldOfAGap() {
        EVENTS.forEach(this::read);
        read(CHUNKS.get(0));

        assertThat(readerAfter("4.1.0")).containsExactly("4", "2", "3", "4", "4.1", "4.1");
        assertThat(told.getFirst().event()).isInstanceOf(FeedEvent.FeedGap.class);
    }

    @Test
    void aReplayFromTheArchiveInMidAnswerGoesOnAtTheExactDelta() {
        archived.addAll(EVENTS);
        EVENTS.forEach(this::read);
        CHUNKS.forEach(this::read);
        Timeline timeline = memory.known(KEY).orElseThrow();
        while (timeline.forgetOldest() > 0) {
            // The log's events are gone from memory, the answer's deltas are not.
        }

        assertThat(readerAfter("2.1.0")).containsExactly("3.1.0", "4.1.0", "4.1.1");
    }

    @Test
    void anAnswerThatEndsInTheArchiveVoidsWhatWasShownOfIt() {
        archived.addAll(EVENTS);
        archived.add(COMPLETED);
        EVENTS.forEach(this::read);
        read(COMPLETED);
        Timeline timeline = memory.known(KEY).orElseThrow();
        while (timeline.forgetOldest() > 0) {
            // Only the archive has it.
        }

        assertThat(readerAfter("4.1.0")).containsExactly("4.999999999", "5");
        assertThat(told.getFirst().event())
                .isEqualTo(new FeedEvent.MessageReset(KEY, "turn", "answer", 2, "another_attempt"));
    }

    @Test
    void aNodeBehindTheArchiveTellsNothingTwice() {
        archived.addAll(EVENTS);
        whileWaiting.add(() -> {
            EVENTS.forEach(this::read);
            CHUNKS.forEach(this::read);
        });

        assertThat(readerAfter("0")).containsExactly("1", "2", "3", "4", "4.1", "4.1.0", "4.1.1");
    }

    @Test
    void aConversationOlderThanThisNodesMemoryGoesLiveAfterTheArchive() {
        archived.addAll(EVENTS);
        archived.add(COMPLETED);
        memory.skip(0, archived.size() - 1L);

        assertThat(readerAfter("4")).containsExactly("5");
        assertThat(nanos).as("without waiting").isZero();
        read(event(6, "next", new TurnStarted("user-2", "answer-2", "next.1", null, null)));
        assertThat(ids()).containsExactly("5", "6");
    }
}
