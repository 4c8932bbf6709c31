package dev.parley.ingest;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.sse.ConversationFeed;
import dev.parley.sinks.sse.ConversationFeed.Subscription;
import dev.parley.sinks.sse.FeedEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;

/**
 * What every protocol does at the door: puts commands on the log, and learns from the feed what became of them. Whoever
 * waits subscribes before it appends, so no answer can be missed.
 */
final class Door {

    /** The pipeline decides within tens of milliseconds; a caller is not kept longer than this. */
    private static final Duration DECISION = Duration.ofSeconds(5);

    /** After this long without a decision, a keyed message is taken for accepted, as an unkeyed one is at once. */
    private static final Duration ACCEPTANCE = Duration.ofSeconds(2);

    /** How long another node's very recent conversation may be unknown here. */
    private static final Duration LAG = Duration.ofMillis(300);

    private static final Duration LAG_PAUSE = Duration.ofMillis(25);

    private final CommandLog log;
    private final ConversationFeed feed;
    private final ConversationQueries queries;

    Door(CommandLog log, ConversationFeed feed, ConversationQueries queries) {
        this.log = log;
        this.feed = feed;
        this.queries = queries;
    }

    /** An event of the log that someone waits for. */
    private static final class Expected implements ConversationFeed.FrameListener {
        private final Predicate<ConversationEvent> wanted;
        private final CompletableFuture<ConversationEvent> found = new CompletableFuture<>();

        Expected(Predicate<ConversationEvent> wanted) {
            this.wanted = wanted;
        }

        @Override
        public boolean onFrame(dev.parley.sinks.sse.Frame frame) {
            if (frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event) && wanted.test(event)) {
                found.complete(event);
                return false;
            }
            return true;
        }

        Optional<ConversationEvent> within(Duration limit) {
            try {
                return Optional.of(found.get(limit.toMillis(), TimeUnit.MILLISECONDS));
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (ExecutionException e) {
                throw new IllegalStateException("nothing fails this future", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }
    }

    private <T> T expecting(
            ConversationKey conversation, Predicate<ConversationEvent> wanted, Function<Expected, T> body) {
        Expected expected = new Expected(wanted);
        try (Subscription subscription = feed.subscribe(conversation, Optional.empty(), expected)) {
            return body.apply(expected);
        }
    }

    // Conversations

    /** Creates a conversation; returns how it was created, which differs from {@code create} where it existed. */
    ConversationCreated create(ConversationKey conversation, CreateConversation create, Call call) {
        return expecting(conversation, event -> event.getBody() instanceof ConversationCreated, expected -> {
            log.append(conversation, call.commandId(), create, call.traceparent());
            return (ConversationCreated)
                    expected.within(DECISION).orElseThrow(Door::undecided).getBody();
        });
    }

    /**
     * Makes sure that a conversation is there to be used.
     *
     * @throws ProblemException where it is not, or was deleted
     */
    void require(ConversationKey conversation) {
        Presence presence = presence(conversation);
        for (long deadline = System.nanoTime() + LAG.toNanos();
                presence == Presence.UNKNOWN && System.nanoTime() < deadline; ) {
            pause();
            presence = presence(conversation);
        }
        switch (presence) {
            case PRESENT -> {}
            case DELETED -> throw new ProblemException(ErrorCode.CONVERSATION_DELETED, "the conversation was deleted");
            case UNKNOWN ->
                throw new ProblemException(
                        ErrorCode.CONVERSATION_NOT_FOUND,
                        "there is no conversation '" + conversation.conversation() + "'");
        }
    }

    /** What is known of a conversation here and now; where only Postgres could tell and is away, it is taken to exist. */
    Presence presence(ConversationKey conversation) {
        if (feed.isDeleted(conversation)) {
            return Presence.DELETED;
        }
        if (feed.lastSequence(conversation) > 0) {
            return Presence.PRESENT;
        }
        try {
            return queries.presence(conversation);
        } catch (ReadModelUnavailableException e) {
            return Presence.PRESENT;
        }
    }

    /** Appends a command and waits for the event that it causes. */
    ConversationEvent change(ConversationKey conversation, SpecificRecord command, Call call) {
        return expecting(conversation, event -> event.getCauseId().equals(call.commandId()), expected -> {
            log.append(conversation, call.commandId(), command, call.traceparent());
            return expected.within(DECISION).orElseThrow(Door::undecided);
        });
    }

    private static ProblemException undecided() {
        return new ProblemException(
                ErrorCode.UNAVAILABLE, "the request is on the log, but was not decided in time: look again soon");
    }

    /** Appends a command whose effect nobody waits for. */
    void append(ConversationKey conversation, SpecificRecord command, Call call) {
        log.append(conversation, call.commandId(), command, call.traceparent());
    }

    // Messages

    /**
     * Puts a message on the log. A repeat of an earlier one, by its id, is found out here.
     *
     * @param keyed whether the caller may repeat the request, so that it is worth waiting for the decision
     * @throws ProblemException {@code idempotency_conflict} where the id was used for another message
     */
    void submit(ConversationKey conversation, SubmitMessage submit, boolean keyed, Call call) {
        if (!keyed) {
            log.append(conversation, call.commandId(), submit, call.traceparent());
            return;
        }
        expecting(conversation, event -> isAbout(event, submit.getMessageId()), expected -> {
            Optional<String> earlier = fingerprint(conversation, submit.getMessageId());
            if (earlier.isEmpty()) {
                log.append(conversation, call.commandId(), submit, call.traceparent());
                earlier = expected.within(ACCEPTANCE)
                        .map(ConversationEvent::getBody)
                        .filter(MessageAccepted.class::isInstance)
                        .map(body -> ((MessageAccepted) body).getFingerprint());
            }
            if (earlier.isPresent() && !earlier.get().equals(submit.getFingerprint())) {
                throw new ProblemException(
                        ErrorCode.IDEMPOTENCY_CONFLICT,
                        "this idempotency key was used for another message in this conversation");
            }
            return true;
        });
    }

    private static boolean isAbout(ConversationEvent event, String messageId) {
        return switch (event.getBody()) {
            case MessageAccepted accepted -> accepted.getMessageId().equals(messageId);
            case MessageRejected rejected -> rejected.getMessageId().equals(messageId);
            default -> false;
        };
    }

    /** The fingerprint under which a message was accepted, where it was. */
    private Optional<String> fingerprint(ConversationKey conversation, String messageId) {
        Optional<String> remembered = feed.acceptance(conversation, messageId).map(MessageAccepted::getFingerprint);
        if (remembered.isPresent()) {
            return remembered;
        }
        try {
            return queries.message(conversation, messageId).flatMap(ConversationSnapshot.Message::fingerprint);
        } catch (ReadModelUnavailableException e) {
            return Optional.empty(); // The topology finds a repeat out by itself.
        }
    }

    /**
     * Runs {@code submission}, then waits for the turn's end; empty where it does not come in time.
     *
     * @param endedBefore asked after the submission: whether the turn was over before this request, so that no end will come
     */
    Optional<ConversationEvent> untilEnd(
            ConversationKey conversation,
            String turnId,
            Duration limit,
            Runnable submission,
            BooleanSupplier endedBefore) {
        return expecting(conversation, event -> isEnd(event, turnId), expected -> {
            submission.run();
            return endedBefore.getAsBoolean() ? Optional.empty() : expected.within(limit);
        });
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

    private static void pause() {
        try {
            Thread.sleep(LAG_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }
}
