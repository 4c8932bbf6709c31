package dev.parley.ingest.answer;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.ingest.door.Turns;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseEdge;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops generations whose only reader has left: what closing a request means to callers of a model API, who have no other
 * way to stop one. A request with an idempotency key may be on its way again after a broken connection; it gets a moment
 * to come back to its turn before that is stopped.
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
    public interface Reading {
        SseEdge.End run() throws Exception;
    }

    /** Runs {@code reading}; where its client leaves and nobody else reads the turn, stops that. */
    public void watch(ConversationKey conversation, String turnId, boolean keyed, Reading reading) throws Exception {
        readers.merge(turnId, 1, Integer::sum);
        Optional<SseEdge.End> end = Optional.empty();
        try {
            end = Optional.of(reading.run());
        } finally {
            readers.computeIfPresent(turnId, (id, count) -> count == 1 ? null : count - 1);
            if (end.equals(Optional.of(SseEdge.End.GONE))) {
                left(conversation, turnId, keyed);
            }
        }
    }

    private void left(ConversationKey conversation, String turnId, boolean keyed) {
        if (!keyed) {
            stop(conversation, turnId);
            return;
        }
        Thread.ofVirtual().name("abandoned").start(() -> {
            Pause.of(RETURN);
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
