package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.ingest.door.Watches.Watch;
import dev.parley.schemas.keys.ConversationKey;
import java.time.Duration;
import java.util.Optional;

/** The events that tell what becomes of a message, as they come. */
final class Story {

    private final Expectation decision;
    private final Expectation started;
    private final Expectation end;

    Story(SubmitMessage submit) {
        String turnId = submit.getTurnId();
        decision = new Expectation(event -> isDecision(event, submit.getMessageId()));
        started = new Expectation(event -> turnId.equals(event.getTurnId()) && event.getBody() instanceof TurnStarted);
        end = new Expectation(event -> Turns.isEnd(event, turnId));
    }

    private static boolean isDecision(ConversationEvent event, String messageId) {
        return switch (event.getBody()) {
            case MessageAccepted accepted -> accepted.getMessageId().equals(messageId);
            case MessageRejected rejected -> rejected.getMessageId().equals(messageId);
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    TurnStarted _,
                    TurnRouted _,
                    TurnRetrieved _,
                    TurnEnd _,
                    FeedbackRecorded _,
                    Unknown _ -> false;
        };
    }

    /** Follows what happens from now on. */
    Watch live(Watches watches, ConversationKey conversation) {
        return watches.live(conversation, decision, started, end);
    }

    /** Follows what has happened so far, and goes on. */
    Watch whole(Watches watches, ConversationKey conversation) {
        return watches.whole(conversation, decision, started, end);
    }

    /** The acceptance or rejection; empty where it does not come in time. */
    Optional<ConversationEvent> decided(Duration limit) {
        return decision.within(limit);
    }

    /**
     * What there is to tell.
     *
     * @param before sequence of the last event before the message, where its decision does not say that
     * @param wait how long to wait for the turn's end; empty: not at all
     */
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
