package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Everybody who waits at the door for something to happen in a conversation. Thread-safe. */
final class Watches implements AutoCloseable {

    /** For finding, in memory or archive, what happened before. */
    static final Duration REPLAY = Duration.ofSeconds(3);

    /** The cursor before the first event. */
    private static final String BEGINNING = "0";

    private final ConversationFeed feed;
    private final Set<Watch> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    Watches(ConversationFeed feed, MeterRegistry meters) {
        this.feed = feed;
        meters.gauge("parley.ingest.waiting", open, Set::size);
    }

    /** Some expectations on one subscription; over when all are met, or none can be any more. */
    final class Watch implements ConversationFeed.FrameListener, AutoCloseable {
        private final List<Expectation> expectations;
        private ConversationFeed.Subscription subscription = () -> {};

        private Watch(Expectation... expectations) {
            this.expectations = List.of(expectations);
        }

        @Override
        public boolean onFrame(Frame frame) {
            switch (frame.event()) {
                case FeedEvent.Logged(var key, ConversationEvent event) ->
                    expectations.forEach(expectation -> expectation.offer(event));
                case FeedEvent.FeedGap gap -> onEnd(); // What is waited for may lie in the gap.
                case FeedEvent.MessageStarted _,
                        FeedEvent.MessageDelta _,
                        FeedEvent.ToolArguments _,
                        FeedEvent.MessageToolCall _,
                        FeedEvent.MessageReset _,
                        FeedEvent.MessageSnapshot _ -> {} // A running answer: not waited for here.
            }
            return expectations.stream().anyMatch(expectation -> !expectation.isOver());
        }

        @Override
        public void onEnd() {
            expectations.forEach(Expectation::end);
        }

        @Override
        public void close() {
            subscription.close();
            open.remove(this);
        }
    }

    /** Watches what happens from now on; a running turn's events so far are told as well. */
    Watch live(ConversationKey conversation, Expectation... expectations) {
        return watch(conversation, Optional.empty(), expectations);
    }

    /** Watches a conversation's whole life, from its first event on. */
    Watch whole(ConversationKey conversation, Expectation... expectations) {
        return watch(conversation, Optional.of(BEGINNING), expectations);
    }

    private Watch watch(ConversationKey conversation, Optional<String> cursor, Expectation... expectations) {
        Watch watch = new Watch(expectations);
        open.add(watch);
        try {
            watch.subscription = feed.subscribe(conversation, cursor, watch);
        } catch (RuntimeException e) {
            open.remove(watch);
            throw e;
        }
        if (closing) {
            watch.onEnd();
        }
        return watch;
    }

    /** The first event in the whole life of a conversation that fits; empty where it cannot be found now. */
    Optional<ConversationEvent> replayed(ConversationKey conversation, Predicate<ConversationEvent> wanted) {
        Expectation expectation = new Expectation(wanted);
        try (Watch watch = whole(conversation, expectation)) {
            return expectation.within(REPLAY);
        }
    }

    /**
     * The first event that fits among those up to and including {@code sequence}, which must have happened; empty where none does.
     *
     * @throws ProblemException where they cannot be read now
     */
    Optional<ConversationEvent> among(
            ConversationKey conversation, long sequence, Predicate<ConversationEvent> wanted) {
        if (sequence == 0) {
            return Optional.empty();
        }
        Predicate<ConversationEvent> last = event -> event.getSequence() >= sequence;
        Expectation found = new Expectation(wanted.or(last));
        try (Watch watch = whole(conversation, found)) {
            return Optional.of(found.within(REPLAY).orElseThrow(Watches::unreadable))
                    .filter(wanted);
        }
    }

    /** What to throw where the past of a conversation cannot be told. */
    static ProblemException unreadable() {
        return new ProblemException(ErrorCode.UNAVAILABLE, "the conversation cannot be read now");
    }

    /** Whether nobody is to wait any more. */
    boolean isClosing() {
        return closing;
    }

    /** Lets everyone who waits go with what is known. */
    @Override
    public void close() {
        closing = true;
        open.forEach(Watch::onEnd);
    }
}
