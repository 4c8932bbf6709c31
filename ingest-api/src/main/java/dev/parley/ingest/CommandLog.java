package dev.parley.ingest;

import dev.parley.chat.v1.Command;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Appends commands to the log, and returns when Kafka has them. Thread-safe. */
final class CommandLog implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(CommandLog.class);

    private static final String SOURCE = "/parley/ingest";
    private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(8);
    private static final int BUFFER_BYTES = 64 * 1024 * 1024;

    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Timer appends;

    CommandLog(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        this.topics = topics;
        this.producer = new KafkaProducer<>(
                kafka.client(
                        "parley-ingest",
                        Map.of(
                                "acks",
                                "all",
                                "enable.idempotence",
                                true,
                                "linger.ms",
                                0,
                                "max.request.size",
                                TopicSpec.MAX_MESSAGE_BYTES,
                                "buffer.memory",
                                BUFFER_BYTES,
                                "max.block.ms",
                                3_000,
                                "request.timeout.ms",
                                5_000,
                                "delivery.timeout.ms",
                                (int) DELIVERY_TIMEOUT.toMillis())),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.appends = Timer.builder("parley.ingest.append")
                .description("From a command being sent to Kafka having it")
                .publishPercentileHistogram()
                .register(meters);
    }

    /**
     * Appends one command.
     *
     * @throws ProblemException where Kafka does not confirm it in time; it may have it all the same
     */
    void append(ConversationKey conversation, String commandId, SpecificRecord body, String traceparent) {
        Instant now = Instant.now();
        Headers headers = CloudEventHeaders.of(commandId, body, SOURCE, now, null);
        headers.add(CloudEventHeaders.TRACEPARENT, traceparent.getBytes(StandardCharsets.US_ASCII));
        long began = System.nanoTime();
        try {
            byte[] value = topics.commands()
                    .values()
                    .serializer()
                    .serialize(
                            topics.commands().name(),
                            new Command(commandId, conversation.tenant(), conversation.conversation(), now, body));
            producer.send(new ProducerRecord<>(
                            topics.commands().name(),
                            null,
                            now.toEpochMilli(),
                            conversation.toString().getBytes(StandardCharsets.UTF_8),
                            value,
                            headers))
                    .get(DELIVERY_TIMEOUT.toMillis() + 1_000, TimeUnit.MILLISECONDS);
            appends.record(Duration.ofNanos(System.nanoTime() - began));
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            logger.warn("a command was not confirmed: {}", e.toString());
            throw new ProblemException(
                    ErrorCode.UNAVAILABLE,
                    "Kafka did not confirm the request in time; it may take effect all the same, so repeat it with the"
                            + " same Idempotency-Key");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
