package dev.parley.ingest.door;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;

/**
 * What every protocol does at the door: puts commands on the log, and learns from the feed what became of them.
 *
 * <p>Whoever waits subscribes <em>before</em> it looks anything up or appends, so that no answer falls between. Nothing
 * here needs Postgres to be there: it only tells sooner, or of older things. Thread-safe; callers wait on their own threads.
 */
public final class Door implements AutoCloseable {

    /** The pipeline decides within tens of milliseconds; a caller is not kept longer than this. */
    private static final Duration DECISION = Duration.ofSeconds(5);

    /** After this long without a decision, a keyed message is taken for accepted, as an unkeyed one is at once. */
    private static final Duration ACCEPTANCE = Duration.ofSeconds(2);

    /** For finding, in memory or archive, what happened before. */
    private static final Duration REPLAY = Duration.ofSeconds(3);

    /** How long another node's very recent conversation or message may be unknown here. */
    private static final Duration LAG = Duration.ofMillis(500);

    private static final Duration LAG_PAUSE = Duration.ofMillis(25);

    /** The cursor before the first event. */
    private static final String BEGINNING = "0";

    private final CommandLog log;
    private final ConversationFeed feed;
    private final ConversationQueries queries;
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    public Door(CommandLog log, ConversationFeed feed, ConversationQueries queries, MeterRegistry meters) {
        this.log = log;
        this.feed = feed;
        this.queries = queries;
        meters.gauge("parley.ingest.waiting", watches, Set::size);
    }

    /** Some expectations on one subscription; over when all are met, or none can be any more. */
    private final class Watch implements ConversationFeed.FrameListener, AutoCloseable {
        private final List<Expectation> expectations;
        private ConversationFeed.Subscription subscription = () -> {};

        Watch(Expectation... expectations) {
            this.expectations = List.of(expectations);
        }

        @Override
        public boolean onFrame(Frame frame) {
            switch (frame.event()) {
                case FeedEvent.Logged(var key, ConversationEvent event) ->
                    expectations.forEach(expectation -> expectation.offer(event));
                case FeedEvent.FeedGap gap -> onEnd(); // What is waited for may lie in the gap.
                default -> {} // A running answer: not waited for here.
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
            watches.remove(this);
        }
    }

    /** Watches what happens from now on; a running turn's events so far are told as well. */
    private Watch live(ConversationKey conversation, Expectation... expectations) {
        return watch(conversation, Optional.empty(), expectations);
    }

    private Watch watch(ConversationKey conversation, Optional<String> cursor, Expectation... expectations) {
        Watch watch = new Watch(expectations);
        watches.add(watch);
        try {
            watch.subscription = feed.subscribe(conversation, cursor, watch);
        } catch (RuntimeException e) {
            watches.remove(watch);
            throw e;
        }
        if (closing) {
            watch.onEnd();
        }
        return watch;
    }

    /** The first event in the whole life of a conversation that fits; empty where it cannot be found now. */
    private Optional<ConversationEvent> replayed(ConversationKey conversation, Predicate<ConversationEvent> wanted) {
        Expectation expectation = new Expectation(wanted);
        try (Watch watch = watch(conversation, Optional.of(BEGINNING), expectation)) {
            return expectation.within(REPLAY);
        }
    }

    // Conversations

    /**
     * Creates a conversation; where it exists already and was created the same way, that is the answer.
     *
     * @return how it was created: a {@link ConversationCreated}
     * @throws ProblemException {@code conversation_exists} where it was created another way, or was deleted
     */
    public ConversationEvent create(ConversationKey conversation, CreateConversation create, Call call) {
        Expectation created = new Expectation(event -> event.getBody() instanceof ConversationCreated);
        ConversationEvent event;
        try (Watch watch = live(conversation, created)) {
            event = switch (presenceIfKnown(conversation)) {
                case DELETED ->
                    throw new ProblemException(
                            ErrorCode.CONVERSATION_EXISTS, "a deleted conversation had this id", "id");
                case PRESENT -> creation(conversation).orElseThrow(Door::unreadable);
                case UNKNOWN -> {
                    log.append(conversation, create, call);
                    // Where it existed after all, unknown to this node, no event comes, but an earlier one is found.
                    yield created.within(DECISION)
                            .or(() -> creation(conversation))
                            .orElseThrow(Door::undecided);
                }
            };
        }
        if (!isSame((ConversationCreated) event.getBody(), create)) {
            throw new ProblemException(ErrorCode.CONVERSATION_EXISTS, "another conversation has this id", "id");
        }
        return event;
    }

    private static boolean isSame(ConversationCreated created, CreateConversation create) {
        return created.getMetadata().equals(create.getMetadata())
                && created.getWorkspaceId().equals(create.getWorkspaceId())
                && Objects.equals(created.getTitle(), create.getTitle());
    }

    /** The first event of a conversation, a {@link ConversationCreated}; empty where it cannot be read now. */
    Optional<ConversationEvent> creation(ConversationKey conversation) {
        return replayed(conversation, event -> event.getBody() instanceof ConversationCreated);
    }

    /**
     * Makes sure that a conversation is there to be used.
     *
     * @throws ProblemException where it is not, or was deleted
     */
    public void require(ConversationKey conversation) {
        switch (settledPresence(conversation)) {
            case PRESENT -> {}
            case DELETED -> throw deleted();
            case UNKNOWN -> throw unknown(conversation);
        }
    }

    private static ProblemException deleted() {
        return new ProblemException(ErrorCode.CONVERSATION_DELETED, "the conversation was deleted");
    }

    private static ProblemException unknown(ConversationKey conversation) {
        return new ProblemException(
                ErrorCode.CONVERSATION_NOT_FOUND, "there is no conversation '" + conversation.conversation() + "'");
    }

    /** What is known of a conversation; one that is unknown here gets a moment to arrive from another node. */
    private Presence settledPresence(ConversationKey conversation) {
        Presence presence = presence(conversation);
        for (long deadline = System.nanoTime() + LAG.toNanos();
                presence == Presence.UNKNOWN && System.nanoTime() < deadline; ) {
            Pause.of(LAG_PAUSE);
            presence = presence(conversation);
        }
        return presence;
    }

    /** What is known of a conversation here and now; where only Postgres could tell and is away, it is taken to exist. */
    public Presence presence(ConversationKey conversation) {
        return remembered(conversation).orElseGet(() -> stored(conversation).orElse(Presence.PRESENT));
    }

    /** The same; where only Postgres could tell and is away, it is unknown. */
    private Presence presenceIfKnown(ConversationKey conversation) {
        return remembered(conversation).orElseGet(() -> stored(conversation).orElse(Presence.UNKNOWN));
    }

    private Optional<Presence> remembered(ConversationKey conversation) {
        if (feed.isDeleted(conversation)) {
            return Optional.of(Presence.DELETED);
        }
        return feed.lastSequence(conversation) > 0 ? Optional.of(Presence.PRESENT) : Optional.empty();
    }

    /** What Postgres says; empty where it is away. */
    private Optional<Presence> stored(ConversationKey conversation) {
        try {
            return Optional.of(queries.presence(conversation));
        } catch (ReadModelUnavailableException e) {
            return Optional.empty();
        }
    }

    /** Changes the title; returns the event, once the feed has it. */
    public ConversationEvent rename(ConversationKey conversation, RenameConversation rename, Call call) {
        require(conversation);
        return change(conversation, rename, event -> event.getCauseId().equals(call.commandId()), call)
                .orElseThrow(() -> feed.isDeleted(conversation) ? deleted() : undecided());
    }

    /** Deletes a conversation; returns once the feed knows of it. One that was deleted before, or is meanwhile, stays so. */
    public void delete(ConversationKey conversation, Call call) {
        Expectation gone = new Expectation(event -> event.getBody() instanceof ConversationDeleted);
        try (Watch watch = live(conversation, gone)) {
            switch (settledPresence(conversation)) {
                case DELETED -> {}
                case UNKNOWN -> throw unknown(conversation);
                case PRESENT -> {
                    log.append(conversation, new DeleteConversation(), call);
                    if (gone.within(DECISION).isEmpty() && presence(conversation) != Presence.DELETED) {
                        throw undecided();
                    }
                }
            }
        }
    }

    /** Appends a command and waits for the event that it brings about; empty where none comes in time. */
    private Optional<ConversationEvent> change(
            ConversationKey conversation, SpecificRecord command, Predicate<ConversationEvent> effect, Call call) {
        Expectation expectation = new Expectation(effect);
        try (Watch watch = live(conversation, expectation)) {
            log.append(conversation, command, call);
            return expectation.within(DECISION);
        }
    }

    private static ProblemException undecided() {
        return new ProblemException(
                ErrorCode.UNAVAILABLE, "the request is on the log, but was not decided in time: look again soon");
    }

    private static ProblemException unreadable() {
        return new ProblemException(ErrorCode.UNAVAILABLE, "the conversation cannot be read now");
    }

    // Messages

    /**
     * What became of a message.
     *
     * @param before sequence of the last event before it: a stream from there shows the whole turn
     * @param accepted its acceptance, where known
     * @param rejected its rejection, where known
     * @param started the start of its turn, where known
     * @param end the end of its turn or its rejection, where it came in time
     */
    public record Submission(
            long before,
            Optional<ConversationEvent> accepted,
            Optional<MessageRejected> rejected,
            Optional<ConversationEvent> started,
            Optional<ConversationEvent> end) {

        /** Throws what a rejection says, where the message is known to have been rejected. */
        public void refuseRejected() {
            rejected.ifPresent(event -> {
                throw refusal(event);
            });
        }
    }

    /** What a rejection says. */
    public static ProblemException refusal(MessageRejected rejected) {
        return new ProblemException(
                ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INVALID_REQUEST), rejected.getDetail());
    }

    /** The events that tell a message's story. */
    private static final class Story {
        private final Expectation decision;
        private final Expectation started;
        private final Expectation end;

        Story(String messageId, String turnId) {
            decision = new Expectation(event -> isDecision(event, messageId));
            started = new Expectation(
                    event -> turnId.equals(event.getTurnId()) && event.getBody() instanceof TurnStarted);
            end = new Expectation(event -> isEnd(event, turnId));
        }

        Submission told(long before, Optional<Duration> wait) {
            Optional<ConversationEvent> ended = wait.flatMap(end::within);
            return new Submission(
                    decision.now().map(event -> event.getSequence() - 1).orElse(before),
                    decision.now().filter(event -> event.getBody() instanceof MessageAccepted),
                    decision.now()
                            .map(ConversationEvent::getBody)
                            .filter(MessageRejected.class::isInstance)
                            .map(MessageRejected.class::cast),
                    started.now(),
                    ended);
        }
    }

    private static boolean isDecision(ConversationEvent event, String messageId) {
        return switch (event.getBody()) {
            case MessageAccepted accepted -> accepted.getMessageId().equals(messageId);
            case MessageRejected rejected -> rejected.getMessageId().equals(messageId);
            default -> false;
        };
    }

    private static boolean isEnd(ConversationEvent event, String turnId) {
        return turnId.equals(event.getTurnId())
                && switch (event.getBody()) {
                    case MessageCompleted completed -> true;
                    case TurnFailed failed -> true;
                    case TurnCancelled cancelled -> true;
                    case MessageRejected rejected -> true;
                    default -> false;
                };
    }

    /**
     * Puts a message on the log. A repeat of an earlier one, by its id, is found out and gets the earlier one's answer.
     *
     * @param keyed whether the caller may repeat the request, so that it is worth waiting for the decision
     * @param wait how long to wait for the turn's end; empty: not at all
     * @throws ProblemException {@code idempotency_conflict} where the id was used for another message
     */
    public Submission submit(
            ConversationKey conversation, SubmitMessage submit, boolean keyed, Optional<Duration> wait, Call call) {
        Story story = new Story(submit.getMessageId(), submit.getTurnId());
        try (Watch watch = live(conversation, story.decision, story.started, story.end)) {
            long before = feed.lastSequence(conversation);
            if (keyed && isRepeat(conversation, submit)) {
                return toldBefore(conversation, submit, wait);
            }
            log.append(conversation, submit, call);
            if (keyed || before == 0) {
                // Without memory of the conversation, the decision's sequence is the way to know where it stands.
                Optional<ConversationEvent> decision = story.decision.within(ACCEPTANCE);
                decision.ifPresent(event -> checkSame(event, submit));
                if (decision.isEmpty() && keyed && !closing) {
                    // Perhaps decided long ago, and in a way that leaves no message: a rejection.
                    return toldBefore(conversation, submit, wait);
                }
            }
            return story.told(before, wait);
        }
    }

    /** The story of a message that was decided before, from memory or archive. */
    private Submission toldBefore(ConversationKey conversation, SubmitMessage submit, Optional<Duration> wait) {
        Story story = new Story(submit.getMessageId(), submit.getTurnId());
        try (Watch watch = watch(conversation, Optional.of(BEGINNING), story.decision, story.started, story.end)) {
            story.decision.within(REPLAY).ifPresent(event -> checkSame(event, submit));
            return story.told(0, wait);
        }
    }

    private static void checkSame(ConversationEvent decision, SubmitMessage submit) {
        if (decision.getBody() instanceof MessageAccepted accepted
                && !accepted.getFingerprint().equals(submit.getFingerprint())) {
            throw conflict();
        }
    }

    private static ProblemException conflict() {
        return new ProblemException(
                ErrorCode.IDEMPOTENCY_CONFLICT, "this key or id was used for another message in this conversation");
    }

    /** Whether this message was accepted before; throws where another was, under the same id. */
    private boolean isRepeat(ConversationKey conversation, SubmitMessage submit) {
        Optional<MessageAccepted> remembered = feed.acceptance(conversation, submit.getMessageId());
        if (remembered.isPresent()) {
            return isSame(submit, remembered.map(MessageAccepted::getFingerprint));
        }
        try {
            Optional<Message> stored = queries.message(conversation, submit.getMessageId());
            // An answer's id has no fingerprint, and is no id for a message either.
            return stored.isPresent()
                    && isSame(submit, stored.flatMap(Message::sent).map(Sent::fingerprint));
        } catch (ReadModelUnavailableException e) {
            return false; // The topology finds a repeat out by itself.
        }
    }

    private static boolean isSame(SubmitMessage submit, Optional<String> fingerprint) {
        if (!fingerprint.equals(Optional.of(submit.getFingerprint()))) {
            throw conflict();
        }
        return true;
    }

    /**
     * Asks for another answer to the same question.
     *
     * @return sequence of the last event before it: a stream from there shows the whole turn
     * @throws ProblemException {@code message_not_found} where there is no such answer
     */
    public long regenerate(ConversationKey conversation, RegenerateMessage regenerate, Call call) {
        require(conversation);
        if (regenerate.getMessageId() != null) {
            requireMessage(conversation, regenerate.getMessageId());
        }
        Expectation first = new Expectation(event -> regenerate.getTurnId().equals(event.getTurnId()));
        try (Watch watch = live(conversation, first)) {
            long before = feed.lastSequence(conversation);
            log.append(conversation, regenerate, call);
            return before > 0
                    ? before
                    : first.within(ACCEPTANCE)
                            .map(event -> event.getSequence() - 1)
                            .orElse(0L);
        }
    }

    /**
     * The events of a turn so far, in order, its acceptance first; one that is unknown here gets a moment to arrive from
     * another node.
     *
     * @return empty where there is no such turn
     */
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        List<ConversationEvent> events = feed.turn(conversation, turnId);
        for (long deadline = System.nanoTime() + LAG.toNanos(); events.isEmpty() && System.nanoTime() < deadline; ) {
            Pause.of(LAG_PAUSE);
            events = feed.turn(conversation, turnId);
        }
        return events;
    }

    /** A conversation's events up to and including {@code sequence}, which must have happened. */
    public List<ConversationEvent> eventsUpTo(ConversationKey conversation, long sequence) {
        List<ConversationEvent> events = new ArrayList<>();
        Expectation last = new Expectation(event -> {
            events.add(event);
            return event.getSequence() >= sequence;
        });
        try (Watch watch = watch(conversation, Optional.of(BEGINNING), last)) {
            return last.within(REPLAY).map(event -> List.copyOf(events)).orElseThrow(Door::unreadable);
        }
    }

    /** The end of a turn; empty where it does not come in time. */
    public Optional<ConversationEvent> end(ConversationKey conversation, String turnId, Duration limit) {
        Expectation end = new Expectation(event -> isEnd(event, turnId));
        try (Watch watch = live(conversation, end)) {
            return feed.turn(conversation, turnId).stream()
                    .filter(event -> isEnd(event, turnId))
                    .findFirst()
                    .or(() -> end.within(limit));
        }
    }

    /** The turn of the last message that joined a conversation, where this node knows it. */
    public Optional<String> latestTurn(ConversationKey conversation) {
        return feed.latestTurn(conversation);
    }

    /** The turn that runs in a conversation now. */
    public Optional<ConversationFeed.Running> running(ConversationKey conversation) {
        return feed.running(conversation);
    }

    /** Stops a turn, or all; without effect where none runs or waits. */
    public void cancel(ConversationKey conversation, CancelTurn cancel, Call call) {
        if (settledPresence(conversation) == Presence.UNKNOWN) {
            throw unknown(conversation);
        }
        log.append(conversation, cancel, call);
    }

    /** Records a rating; waits for the feed to have it, for a moment. */
    public void rate(ConversationKey conversation, RateMessage rate, Call call) {
        require(conversation);
        requireMessage(conversation, rate.getMessageId());
        Expectation recorded = new Expectation(event -> event.getBody() instanceof FeedbackRecorded
                && event.getCauseId().equals(call.commandId()));
        try (Watch watch = live(conversation, recorded)) {
            log.append(conversation, rate, call);
            Optional<ConversationEvent> _ = recorded.within(ACCEPTANCE);
        }
    }

    /** Makes sure that a message is there, as far as can be told: where Postgres is away, the log decides alone. */
    private void requireMessage(ConversationKey conversation, String messageId) {
        if (feed.acceptance(conversation, messageId).isPresent()) {
            return;
        }
        try {
            long deadline = System.nanoTime() + LAG.toNanos();
            while (queries.message(conversation, messageId).isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new ProblemException(
                            ErrorCode.MESSAGE_NOT_FOUND, "the conversation has no message '" + messageId + "'");
                }
                Pause.of(LAG_PAUSE);
            }
        } catch (ReadModelUnavailableException e) {
            // The topology knows, and drops what is about nothing.
        }
    }

    /** Lets everyone who waits go with what is known. */
    @Override
    public void close() {
        closing = true;
        watches.forEach(Watch::onEnd);
    }
}
