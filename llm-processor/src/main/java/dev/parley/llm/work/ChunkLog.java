package dev.parley.llm.work;

import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.EventIds;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Headers;

/** Writes the chunks of one attempt to the log, in order: one key, one partition, one idempotent producer. */
final class ChunkLog {

    private static final String SOURCE = "/parley/llm-processor";

    private final Producer<byte[], byte[]> producer;
    private final Topics topics;
    private final InstantSource clock;
    private final String key;
    private final byte[] keyBytes;
    private final String generationId;
    private final String attemptId;
    private final Headers cause;

    ChunkLog(
            Producer<byte[], byte[]> producer,
            Topics topics,
            InstantSource clock,
            GenerationRequest request,
            String attemptId,
            Headers cause) {
        this.producer = producer;
        this.topics = topics;
        this.clock = clock;
        this.key = new ConversationKey(request.getTenantId(), request.getConversationId()).toString();
        this.keyBytes =
                topics.chunks().keys().serializer().serialize(topics.chunks().name(), key);
        this.generationId = request.getGenerationId();
        this.attemptId = attemptId;
        this.cause = cause;
    }

    String attemptId() {
        return attemptId;
    }

    /**
     * Sends one chunk.
     *
     * @param id unique within the attempt
     */
    Future<RecordMetadata> send(String id, GenerationChunk.Body body, Callback callback) {
        Instant now = clock.instant();
        Headers headers = CloudEventHeaders.of(EventIds.ofChunk(attemptId, id), body, SOURCE, now, cause);
        byte[] value = topics.chunks()
                .values()
                .serializer()
                .serialize(topics.chunks().name(), new GenerationChunk(generationId, attemptId, now, body));
        return producer.send(
                new ProducerRecord<>(topics.chunks().name(), null, now.toEpochMilli(), keyBytes, value, headers),
                callback);
    }
}
