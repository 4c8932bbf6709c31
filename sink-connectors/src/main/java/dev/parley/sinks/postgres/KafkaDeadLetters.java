package dev.parley.sinks.postgres;

import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.sinks.postgres.Letters.Reason;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets records aside in the topic of dead letters. */
final class KafkaDeadLetters implements DeadLetters {

    private static final Logger logger = LoggerFactory.getLogger(KafkaDeadLetters.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final KafkaProducer<byte[], byte[]> producer;
    private final Topic<byte[], byte[]> topic;
    private final String stage;
    private final MeterRegistry meters;

    /** {@code stage} is who sets them aside. */
    KafkaDeadLetters(KafkaSettings kafka, Topic<byte[], byte[]> topic, String stage, MeterRegistry meters) {
        this.producer = new KafkaProducer<>(
                kafka.client(
                        "parley-sink-postgres-dead-letters",
                        Map.of("acks", "all", "max.request.size", TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.topic = topic;
        this.stage = stage;
        this.meters = meters;
    }

    @Override
    public void add(ConsumerRecord<byte[], byte[]> record, Reason reason) {
        logger.warn(
                "dead letter from {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), reason.cause());
        meters.counter("parley.dead.letters", "stage", stage, "topic", record.topic())
                .increment();
        try {
            producer.send(DeadLetter.of(topic, record, reason.code(), stage, reason.cause(), Instant.now()))
                    .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("a dead letter cannot be written", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
