package dev.parley.ingest.answer;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.ingest.door.Turns;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseEdge;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops generations whose only reader has left: what closing a request means to callers of a model API, who have no other
 * way to stop one, and to a chat where its server is set so. A request with an idempotency key may be on its way again after
 * a broken connection, and a page may be loaded anew; they get a while to come back to their turn before that is stopped. Only
 * readers at this node count.
 */
public final class Abandoned {

    private static final Logger logger = LoggerFactory.getLogger(Abandoned.class);

    /** OpenAI's clients try again within half a second to a second. */
    private static final Duration RETURN = Duration.ofSeconds(2);

    private final Turns turns;
    private final Map<String, Integer> readers = new ConcurrentHashMap<>();

    public Abandoned(Turns turns) {
        this.turns = turns;
    }

    /** Something that reads a turn to its end or to its reader's. */
    @FunctionalInterface
    public interface Reading<X extends Exception> {
        SseEdge.End run() throws X;
    }

    /**
     * Runs {@code reading}, and returns how it ended; where its client leaves and nobody else reads the turn, stops that.
     *
     * @param keyed whether the request may be on its way again
     */
    public <X extends Exception> SseEdge.End watch(
            ConversationKey conversation, String turnId, boolean keyed, Reading<X> reading) throws X {
        return watch(conversation, turnId, keyed ? RETURN : Duration.ZERO, reading);
    }

    /** The same, where a reader has a while to come back. */
    public <X extends Exception> SseEdge.End watch(
            ConversationKey conversation, String turnId, Duration grace, Reading<X> reading) throws X {
        SseEdge.End end;
        try (Reader reader = attend(turnId)) {
            end = reading.run();
        }
        if (end == SseEdge.End.GONE) {
            left(conversation, turnId, grace);
        }
        return end;
    }

    /** Somebody who reads a turn. */
    @FunctionalInterface
    public interface Reader extends AutoCloseable {
        @Override
        void close();
    }

    /** Begins to read a turn, as one who keeps it from being stopped and stops nothing by leaving. */
    public Reader attend(String turnId) {
        readers.merge(turnId, 1, Integer::sum);
        return () -> readers.computeIfPresent(turnId, (id, count) -> count == 1 ? null : count - 1);
    }

    private void left(ConversationKey conversation, String turnId, Duration grace) {
        if (grace.isZero()) {
            stop(conversation, turnId);
            return;
        }
        Thread.ofVirtual().name("abandoned").start(() -> {
            Pause.of(grace);
            stop(conversation, turnId);
        });
    }

    private void stop(ConversationKey conversation, String turnId) {
        if (readers.containsKey(turnId)) {
            return;
        }
        try {
            turns.cancel(conversation, new CancelTurn(turnId), Request.newCall());
        } catch (RuntimeException e) {
            logger.warn("an abandoned generation could not be stopped: {}", e.toString());
        }
    }
}
