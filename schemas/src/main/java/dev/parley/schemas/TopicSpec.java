package dev.parley.schemas;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/**
 * How a topic is to be: what provisioning creates and tests start from.
 *
 * @param partitions that it is created with
 * @param ordered whether a key's records have to stay in order, so that their number of partitions is for ever
 * @param schema of the values, registered as {@code <name>-value}; empty where values are raw bytes
 */
public record TopicSpec(
        String name,
        int partitions,
        boolean ordered,
        short replicationFactor,
        Retention retention,
        Optional<Schema> schema,
        TopicUse use) {

    /** Largest record that any topic takes: a whole answer and its headers. */
    public static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    /**
     * How far a record's time may be ahead of the broker's clock. Kafka refuses more than an hour, and whoever's clock was set
     * further ahead than that could write nothing; a Streams thread dies of it, again and again.
     */
    public static final String LATEST_TIME = "message.timestamp.after.max.ms";

    /** Of {@link #LATEST_TIME}: as far as it likes. */
    public static final String ANY_TIME = Long.toString(Long.MAX_VALUE);

    /** How long records are kept. */
    public sealed interface Retention {
        record Forever() implements Retention {}

        record For(Duration time) implements Retention {}

        /** Only the latest record of each key. */
        record Compacted() implements Retention {}
    }

    /** The topic's configuration, in Kafka's names. */
    public Map<String, String> configs() {
        Map<String, String> configs = new LinkedHashMap<>();
        configs.put("max.message.bytes", Integer.toString(MAX_MESSAGE_BYTES));
        configs.put(LATEST_TIME, ANY_TIME);
        switch (retention) {
            case Retention.Forever() -> {
                configs.put("cleanup.policy", "delete");
                configs.put("retention.ms", "-1");
                configs.put("retention.bytes", "-1");
            }
            case Retention.For(Duration time) -> {
                configs.put("cleanup.policy", "delete");
                configs.put("retention.ms", Long.toString(time.toMillis()));
            }
            case Retention.Compacted() -> configs.put("cleanup.policy", "compact");
        }
        return configs;
    }

    /** The registry subject of the values (Confluent's {@code TopicNameStrategy}). */
    public String valueSubject() {
        return name + "-value";
    }
}
