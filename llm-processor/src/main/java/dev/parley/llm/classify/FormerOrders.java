package dev.parley.llm.classify;

import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topic;
import dev.parley.schemas.keys.EventIds;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.schemas.keys.WorkspaceKey;
import java.time.Instant;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Orders of former versions, which carried the turn to be classified and wanted it back on the topic of turns, and of which the
 * conversation heard nothing. The turn goes back with no intent named, and so takes the default route. Nobody is asked: a
 * conversation that waits for no classification cannot stop one; nor is preparing asked to order it anew, since that of a
 * former version would write the same order again, without end.
 */
public final class FormerOrders {

    private static final String SOURCE = "/parley/llm-processor";

    private FormerOrders() {}

    /** The record that answers an order to classify {@code turn}. */
    public static ProducerRecord<byte[], byte[]> answer(
            Topic<String, TurnRequest> turns, TurnRequest turn, Headers cause, Instant now) {
        TurnRequest unclassified = TurnRequest.newBuilder(turn)
                .setClassification(new Classification("", 0.0, "the request was written by an earlier version"))
                .build();
        String key = new WorkspaceKey(turn.getTenantId(), turn.getWorkspaceId()).toString();
        return new ProducerRecord<>(
                turns.name(),
                null,
                now.toEpochMilli(),
                turns.keys().serializer().serialize(turns.name(), key),
                turns.values().serializer().serialize(turns.name(), unclassified),
                CloudEventHeaders.of(
                        EventIds.ofClassifiedTurn(new GenerationId(turn.getGenerationId()), turn.getAttempt()),
                        unclassified,
                        SOURCE,
                        now,
                        cause));
    }
}
