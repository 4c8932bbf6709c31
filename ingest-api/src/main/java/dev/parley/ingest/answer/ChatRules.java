package dev.parley.ingest.answer;

import dev.parley.ingest.http.Reply;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseEdge;
import java.time.Duration;
import java.util.Optional;

/**
 * What a deployment decides about chats.
 *
 * @param stopAfter how long after its last reader has left an answer is stopped; empty: it goes on
 */
public record ChatRules(Optional<Duration> stopAfter) {

    private static final Duration USUAL = Duration.ofSeconds(15);
    private static final Duration ATTENTIVE = Duration.ofMillis(250);

    /** How long a stream over HTTP may be silent: a client that has left is found out by writing to it. */
    public Duration heartbeat() {
        return stopAfter.isPresent() ? ATTENTIVE : USUAL;
    }

    /** Streams an answer by {@code reading}; where its reader leaves, that means what the deployment says. */
    public Reply reply(
            Abandoned abandoned, ConversationKey conversation, String turnId, Abandoned.Reading<Exception> reading) {
        return () -> {
            if (stopAfter.isPresent()) {
                SseEdge.End _ = abandoned.watch(conversation, turnId, stopAfter.get(), reading);
            } else {
                SseEdge.End _ = reading.run();
            }
        };
    }
}
