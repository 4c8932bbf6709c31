package dev.parley.schemas;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A record that cannot be processed, set aside as it was: original key and value bytes, with where it stood and why it
 * was refused in headers, and its own headers under {@code orig.}.
 */
public final class DeadLetter {

    public static final String TOPIC = "parley-dlq-topic";
    public static final String PARTITION = "parley-dlq-partition";
    public static final String OFFSET = "parley-dlq-offset";
    public static final String CODE = "parley-dlq-code";
    public static final String CAUSE = "parley-dlq-cause";
    public static final String STAGE = "parley-dlq-stage";
    public static final String TIME = "parley-dlq-time";
    public static final String ORIGINAL_PREFIX = "orig.";

    private static final int MAX_CAUSE_CHARS = 500;

    private DeadLetter() {}

    /**
     * The dead letter of {@code poison}.
     *
     * @param stage who refuses the record, such as {@code conversation}
     * @param cause for an operator; must not quote message content
     */
    public static ProducerRecord<byte[], byte[]> of(
            Topic<byte[], byte[]> deadLetters,
            ConsumerRecord<byte[], byte[]> poison,
            ErrorCode code,
            String stage,
            String cause,
            Instant time) {
        RecordHeaders headers = new RecordHeaders();
        put(headers, TOPIC, poison.topic());
        put(headers, PARTITION, Integer.toString(poison.partition()));
        put(headers, OFFSET, Long.toString(poison.offset()));
        put(headers, CODE, code.wire());
        put(headers, CAUSE, cause.length() <= MAX_CAUSE_CHARS ? cause : cause.substring(0, MAX_CAUSE_CHARS));
        put(headers, STAGE, stage);
        put(headers, TIME, time.toString());
        for (Header header : poison.headers()) {
            headers.add(ORIGINAL_PREFIX + header.key(), header.value());
        }
        return new ProducerRecord<>(deadLetters.name(), null, poison.key(), poison.value(), headers);
    }

    private static void put(RecordHeaders headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
