package dev.parley.ingest.door;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.ingest.door.Watches.Watch;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** Conversations as a whole: how they come to be, are called, and end. Callers wait on their own threads. */
public final class Conversations {

    /** The pipeline decides within tens of milliseconds; a caller is not kept longer than this. */
    private static final Duration DECISION = Duration.ofSeconds(5);

    private final CommandLog log;
    private final Watches watches;
    private final Presences presences;

    Conversations(CommandLog log, Watches watches, Presences presences) {
        this.log = log;
        this.watches = watches;
        this.presences = presences;
    }

    /**
     * Creates a conversation; where it exists already and was created the same way, that is the answer.
     *
     * @return how it was created: a {@link ConversationCreated}
     * @throws ProblemException {@code conversation_exists} where it was created another way, or was deleted
     */
    public ConversationEvent create(ConversationKey conversation, CreateConversation create, Call call) {
        Expectation created = new Expectation(event -> event.getBody() instanceof ConversationCreated);
        ConversationEvent event;
        try (Watch watch = watches.live(conversation, created)) {
            event = switch (presences.ifKnown(conversation)) {
                case DELETED ->
                    throw new ProblemException(
                            ErrorCode.CONVERSATION_EXISTS, "a deleted conversation had this id", "id");
                case PRESENT -> creation(conversation).orElseThrow(Watches::unreadable);
                case UNKNOWN -> {
                    log.append(conversation, create, call);
                    // Where it existed after all, unknown to this node, no event comes, but an earlier one is found.
                    yield created.within(DECISION)
                            .or(() -> creation(conversation))
                            .orElseThrow(Conversations::undecided);
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
        return watches.replayed(conversation, event -> event.getBody() instanceof ConversationCreated);
    }

    /**
     * Makes sure that a conversation is there to be used.
     *
     * @throws ProblemException where it is not, or was deleted
     */
    public void require(ConversationKey conversation) {
        presences.require(conversation);
    }

    /** What is known of a conversation here and now; where only Postgres could tell and is away, it is taken to exist. */
    public Presence presence(ConversationKey conversation) {
        return presences.now(conversation);
    }

    /** Changes the title; returns the event, once the feed has it. */
    public ConversationEvent rename(ConversationKey conversation, RenameConversation rename, Call call) {
        presences.require(conversation);
        return decision(conversation, rename, call).orElseThrow(() -> goneOrUndecided(conversation));
    }

    /**
     * Goes on from another branch; returns the event, once the feed has it.
     *
     * @throws ProblemException {@code busy} while a turn runs or waits, {@code message_not_found} where there is no such message
     *     with an answer
     */
    public ConversationEvent switchBranch(ConversationKey conversation, SwitchBranch change, Call call) {
        presences.require(conversation);
        presences.requireMessage(conversation, new MessageId(change.getMessageId()));
        if (presences.isBusy(conversation)) {
            throw new ProblemException(ErrorCode.BUSY, "a turn is running: change the branch when it has ended");
        }
        return decision(conversation, change, call)
                .orElseThrow(() -> presences.isBusy(conversation)
                        ? new ProblemException(ErrorCode.BUSY, "a turn has begun meanwhile")
                        : undecided());
    }

    /** Keeps what a caller notes about a conversation; returns the event, once the feed has it. */
    public ConversationEvent annotate(ConversationKey conversation, AnnotateConversation annotate, Call call) {
        presences.require(conversation);
        return annotated(conversation, annotate, call);
    }

    /** The same, where the request may be a repeat under the same {@linkplain Call#commandId() id}: the event of the first. */
    public ConversationEvent annotateOnce(ConversationKey conversation, AnnotateConversation annotate, Call call) {
        presences.require(conversation);
        // No event follows from a repeat: it would be waited for in vain.
        return watches.among(conversation, lastSequence(conversation), isCausedBy(call))
                .orElseGet(() -> annotated(conversation, annotate, call));
    }

    private ConversationEvent annotated(ConversationKey conversation, AnnotateConversation annotate, Call call) {
        return decision(conversation, annotate, call)
                .or(() -> watches.replayed(conversation, isCausedBy(call)))
                .orElseThrow(() -> goneOrUndecided(conversation));
    }

    /** Sequence of the last event that is known of a conversation; 0 where none is. */
    long lastSequence(ConversationKey conversation) {
        return presences.lastSequence(conversation);
    }

    /** The event that a command comes to, once the feed has it; empty where it has none in time. */
    private Optional<ConversationEvent> decision(ConversationKey conversation, Command.Body command, Call call) {
        Expectation decision = new Expectation(isCausedBy(call));
        try (Watch watch = watches.live(conversation, decision)) {
            log.append(conversation, command, call);
            return decision.within(DECISION);
        }
    }

    private static Predicate<ConversationEvent> isCausedBy(Call call) {
        return event -> event.getCauseId().equals(call.commandId());
    }

    private ProblemException goneOrUndecided(ConversationKey conversation) {
        return presences.now(conversation) == Presence.DELETED ? Presences.deleted() : undecided();
    }

    /** Deletes a conversation; returns once the feed knows of it. One that was deleted before, or is meanwhile, stays so. */
    public void delete(ConversationKey conversation, Call call) {
        Expectation gone = new Expectation(event -> event.getBody() instanceof ConversationDeleted);
        try (Watch watch = watches.live(conversation, gone)) {
            switch (presences.settled(conversation)) {
                case DELETED -> {}
                case UNKNOWN -> throw Presences.unknown(conversation);
                case PRESENT -> {
                    log.append(conversation, new DeleteConversation(), call);
                    if (gone.within(DECISION).isEmpty() && presences.now(conversation) != Presence.DELETED) {
                        throw undecided();
                    }
                }
            }
        }
    }

    private static ProblemException undecided() {
        return new ProblemException(
                ErrorCode.UNAVAILABLE, "the request is on the log, but was not decided in time: look again soon");
    }
}
