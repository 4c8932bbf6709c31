package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** The first event of a kind that someone waits for. The feed's thread offers, the request's own thread waits. */
final class Expectation {

    private final Predicate<ConversationEvent> wanted;
    private final CompletableFuture<Optional<ConversationEvent>> found = new CompletableFuture<>();

    Expectation(Predicate<ConversationEvent> wanted) {
        this.wanted = wanted;
    }

    void offer(ConversationEvent event) {
        if (!found.isDone() && wanted.test(event)) {
            found.complete(Optional.of(event));
        }
    }

    /** Nothing more will be offered. */
    void end() {
        found.complete(Optional.empty());
    }

    boolean isOver() {
        return found.isDone();
    }

    /** The event, where it came by now. */
    Optional<ConversationEvent> now() {
        return found.getNow(Optional.empty());
    }

    /** The event; empty where it does not come in time, or can come no more. */
    Optional<ConversationEvent> within(Duration limit) {
        try {
            return found.get(Math.max(0, limit.toMillis()), TimeUnit.MILLISECONDS);
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
