package dev.parley.ingest.log;

import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends records and waits until Kafka has them. Everything that a caller can wait for here is bounded, so that an
 * unreachable Kafka is an answer within seconds, and so is the memory for what waits to be sent. The producer's own thread
 * sends; callers wait on theirs.
 */
public final class KafkaAppends implements AutoCloseable {

    /** Who writes, in the headers of what is written. */
    public static final String SOURCE = "/parley/ingest";

    private static final Logger logger = LoggerFactory.getLogger(KafkaAppends.class);

    private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(5);
    private static final int BUFFER_BYTES = 64 * 1024 * 1024;

    private final String what;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Timer appends;
    private final Counter failures;

    /** Makes a record out of what the topic is like now. */
    @FunctionalInterface
    public interface Made {
        ProducerRecord<byte[], byte[]> record(KafkaProducer<byte[], byte[]> producer);
    }

    /**
     * Appends under a client id.
     *
     * @param what is appended, for people to read
     */
    public KafkaAppends(KafkaSettings kafka, String clientId, String what, MeterRegistry meters) {
        this.what = what;
        this.producer = new KafkaProducer<>(
                kafka.client(
                        clientId,
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
                .description("From a record being sent to Kafka having it")
                .tag("what", what)
                .publishPercentileHistogram()
                .register(meters);
        this.failures = Counter.builder("parley.ingest.append.failures")
                .description("Records that Kafka did not confirm in time")
                .tag("what", what)
                .register(meters);
    }

    /** Headers that carry on the trace of {@code call}. */
    public static Headers traced(Headers headers, Call call) {
        return headers.add(CloudEventHeaders.TRACEPARENT, call.traceparent().getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Appends one record.
     *
     * @param advice to the caller, where Kafka does not confirm it
     * @throws ProblemException where Kafka does not confirm it in time
     */
    public void append(Made made, String advice) {
        long _ = place(made, advice);
    }

    /** The same; returns the record's offset. */
    public long place(Made made, String advice) {
        long began = System.nanoTime();
        try {
            RecordMetadata written = producer.send(made.record(producer))
                    .get(DELIVERY_TIMEOUT.toMillis() + 1_000, TimeUnit.MILLISECONDS);
            appends.record(Duration.ofNanos(System.nanoTime() - began));
            return written.offset();
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            failures.increment();
            // Its message names topic and timings, never the record.
            logger.warn("a {} was not confirmed: {}", what, e.toString());
            throw new ProblemException(
                    ErrorCode.UNAVAILABLE,
                    "Kafka did not confirm the request in time; it may take effect all the same, so " + advice);
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
