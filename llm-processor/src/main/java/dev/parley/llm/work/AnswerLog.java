package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.engine.Prices;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The last stretch of a worker by itself, from an engine's pieces to acknowledged chunks: for those who measure it. */
public final class AnswerLog implements AutoCloseable {

    private static final int BATCH_BYTES = 64 * 1024;

    private final Producer<byte[], byte[]> producer;
    private final Topics topics;

    /** Writes to {@code topics} through one producer, as one worker does. */
    public AnswerLog(KafkaSettings kafka, Topics topics) {
        this.producer = producer(kafka, "measured");
        this.topics = topics;
    }

    /** The producer of a worker's chunks. */
    public static Producer<byte[], byte[]> producer(KafkaSettings kafka, String workerId) {
        return new KafkaProducer<>(
                kafka.client(
                        "parley-llm-" + workerId,
                        Map.of(
                                "acks",
                                "all",
                                "enable.idempotence",
                                true,
                                "linger.ms",
                                0,
                                // What comes while a request is under way goes with the next: few answers wait for
                                // nothing, and many share a request.
                                "max.in.flight.requests.per.connection",
                                1,
                                "batch.size",
                                BATCH_BYTES,
                                "max.request.size",
                                TopicSpec.MAX_MESSAGE_BYTES,
                                "delivery.timeout.ms",
                                30_000,
                                "request.timeout.ms",
                                10_000)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /**
     * Begins an attempt, without a claim.
     *
     * @param ticker monotonic, in nanoseconds: pieces that come faster than it shows are joined
     */
    public Answer answer(GenerationRequest request, int maxBytes, LongSupplier ticker) {
        ChunkLog chunks = new ChunkLog(
                producer,
                topics,
                InstantSource.system(),
                request,
                UUID.randomUUID().toString(),
                new RecordHeaders());
        int promptChars = request.getMessages().stream()
                .map(PromptMessage::getContent)
                .mapToInt(String::length)
                .sum();
        return new Answer(new AttemptWriter(chunks, ticker, maxBytes, promptChars, request.getEngine()));
    }

    /** Waits until everything sent is acknowledged. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close();
    }

    /** One attempt. */
    public static final class Answer implements AnswerSink {
        private final AttemptWriter writer;

        private Answer(AttemptWriter writer) {
            this.writer = writer;
        }

        @Override
        public void asking(Answerer answerer, Prices prices) {
            writer.asking(answerer, prices);
        }

        @Override
        public void text(String piece) {
            writer.text(piece);
        }

        @Override
        public void reasoning(String piece) {
            writer.reasoning(piece);
        }

        @Override
        public void toolArguments(String callId, String name, String piece) {
            writer.toolArguments(callId, name, piece);
        }

        @Override
        public void toolCall(ToolCall call) {
            writer.toolCall(call);
        }

        /** Sends what is left, and the attempt's last chunk. */
        public void finish() {
            writer.complete();
            var _ = writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));
        }
    }
}
