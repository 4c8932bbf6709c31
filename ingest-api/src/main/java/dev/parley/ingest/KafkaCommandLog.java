package dev.parley.ingest;

import dev.parley.chat.v1.Command;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import io.micrometer.core.instrument.Counter;
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

/**
 * The commands' topic. Everything that a caller can wait for here is bounded, so that an unreachable Kafka is an answer
 * within seconds, and so is the memory for what waits to be sent. The producer's own thread sends; callers wait on theirs.
 */
final class KafkaCommandLog implements CommandLog {

    private static final Logger logger = LoggerFactory.getLogger(KafkaCommandLog.class);

    private static final String SOURCE = "/parley/ingest";
    private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(5);
    private static final int BUFFER_BYTES = 64 * 1024 * 1024;

    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Timer appends;
    private final Counter failures;

    KafkaCommandLog(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
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
                                (int) METADATA_TIMEOUT.toMillis(),
                                "request.timeout.ms",
                                (int) REQUEST_TIMEOUT.toMillis(),
                                "delivery.timeout.ms",
                                (int) DELIVERY_TIMEOUT.toMillis())),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.appends = Timer.builder("parley.ingest.append")
                .description("From a command being sent to Kafka having it")
                .publishPercentileHistogram()
                .register(meters);
        this.failures = Counter.builder("parley.ingest.append.failures")
                .description("Commands that Kafka did not confirm in time")
                .register(meters);
    }

    @Override
    public void append(ConversationKey conversation, SpecificRecord command, Call call) {
        Instant now = Instant.now();
        Headers headers = CloudEventHeaders.of(call.commandId(), command, SOURCE, now, null);
        headers.add(CloudEventHeaders.TRACEPARENT, call.traceparent().getBytes(StandardCharsets.US_ASCII));
        long began = System.nanoTime();
        try {
            byte[] value = topics.commands()
                    .values()
                    .serializer()
                    .serialize(
                            topics.commands().name(),
                            new Command(
                                    call.commandId(),
                                    conversation.tenant(),
                                    conversation.conversation(),
                                    now,
                                    command));
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
            failures.increment();
            // Its message names topic and timings, never the record.
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
