package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Watches.Watch;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import java.time.Duration;
import java.util.Optional;

/** What is said in conversations: new messages, other answers, ratings. Callers wait on their own threads. */
public final class Messages {

    /** After this long without a decision, a keyed message is taken for accepted, as an unkeyed one is at once. */
    private static final Duration ACCEPTANCE = Duration.ofSeconds(2);

    private final CommandLog log;
    private final ConversationFeed feed;
    private final ConversationQueries queries;
    private final Files files;
    private final Watches watches;
    private final Presences presences;

    Messages(
            CommandLog log,
            ConversationFeed feed,
            ConversationQueries queries,
            Files files,
            Watches watches,
            Presences presences) {
        this.log = log;
        this.feed = feed;
        this.queries = queries;
        this.files = files;
        this.watches = watches;
        this.presences = presences;
    }

    /**
     * Puts a message on the log, its files before it. A repeat of an earlier one, by its id, is found out and gets the earlier
     * one's answer.
     *
     * @param keyed whether the caller may repeat the request, so that it is worth waiting for the decision
     * @param wait how long to wait for the turn's end; empty: not at all
     * @throws ProblemException {@code idempotency_conflict} where the id was used for another message
     */
    public Submission submit(
            ConversationKey conversation, SubmitMessage submit, boolean keyed, Optional<Duration> wait, Call call) {
        return submit(conversation, Optional.empty(), submit, keyed, wait, call);
    }

    /**
     * The same of the first message of a conversation, which is created right before it where it is not there: not by a repeat, nor
     * for a message that is refused.
     *
     * @param create empty: the message creates it in its own way
     */
    public Submission submit(
            ConversationKey conversation,
            Optional<CreateConversation> create,
            SubmitMessage submit,
            boolean keyed,
            Optional<Duration> wait,
            Call call) {
        Story story = new Story(submit);
        try (Watch watch = story.live(watches, conversation)) {
            long before = feed.lastSequence(conversation);
            if (keyed && isRepeat(conversation, submit)) {
                wait.ifPresent(any -> call.enclosures().letGo());
                return toldBefore(conversation, submit, wait);
            }
            SubmitMessage kept = files.kept(conversation.tenant(), submit, call);
            create.ifPresent(first ->
                    log.append(conversation, first, new Call("cmd_" + Request.uniqueId(), call.traceparent())));
            log.append(conversation, kept, call);
            wait.ifPresent(any -> call.enclosures().letGo());
            if (keyed || before == 0) {
                // Without memory of the conversation, the decision's sequence is the way to know where it stands.
                Optional<ConversationEvent> decision = story.decided(ACCEPTANCE);
                decision.ifPresent(event -> checkSame(event, submit));
                if (decision.isEmpty() && keyed && !watches.isClosing()) {
                    // Perhaps decided long ago, and in a way that leaves no message: a rejection.
                    return toldBefore(conversation, submit, wait);
                }
            }
            return story.told(before, wait);
        }
    }

    /** The story of a message that was decided before, from memory or archive. */
    private Submission toldBefore(ConversationKey conversation, SubmitMessage submit, Optional<Duration> wait) {
        Story story = new Story(submit);
        try (Watch watch = story.whole(watches, conversation)) {
            story.decided(Watches.REPLAY).ifPresent(event -> checkSame(event, submit));
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
        presences.require(conversation);
        if (regenerate.getMessageId() != null) {
            presences.requireMessage(conversation, new MessageId(regenerate.getMessageId()));
        }
        Expectation first = new Expectation(event -> regenerate.getTurnId().equals(event.getTurnId()));
        try (Watch watch = watches.live(conversation, first)) {
            long before = feed.lastSequence(conversation);
            log.append(conversation, regenerate, call);
            return before > 0
                    ? before
                    : first.within(ACCEPTANCE)
                            .map(event -> event.getSequence() - 1)
                            .orElse(0L);
        }
    }

    /** Records a rating; waits for the feed to have it, for a moment. */
    public void rate(ConversationKey conversation, RateMessage rate, Call call) {
        presences.require(conversation);
        presences.requireMessage(conversation, new MessageId(rate.getMessageId()));
        Expectation recorded = new Expectation(event -> event.getBody() instanceof FeedbackRecorded
                && event.getCauseId().equals(call.commandId()));
        try (Watch watch = watches.live(conversation, recorded)) {
            log.append(conversation, rate, call);
            Optional<ConversationEvent> _ = recorded.within(ACCEPTANCE);
        }
    }
}
