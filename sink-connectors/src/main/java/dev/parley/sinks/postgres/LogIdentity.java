package dev.parley.sinks.postgres;

import dev.parley.schemas.settings.KafkaSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Which log this is: Kafka gives each topic an id of its own, and another to the topic that takes its name later. */
final class LogIdentity {

    private static final long TIMEOUT_SECONDS = 10;

    /** The tables were made from another log than this one, or from more of it than there is. */
    static final class AnotherLogException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private AnotherLogException(String how, String whatToDo) {
            super(how + ". " + whatToDo);
        }

        private AnotherLogException(String how) {
            this(
                    how,
                    "Point the sinks at the log that their tables were made from, or have the tables made anew from this"
                            + " one: ./parley rebuild");
        }
    }

    private final String prefix;
    private final Map<String, String> ids;

    private LogIdentity(String prefix, Map<String, String> ids) {
        this.prefix = prefix;
        this.ids = Map.copyOf(ids);
    }

    /**
     * Asks Kafka; a topic that is not there yet has no id.
     *
     * @param prefix of the installation's topics
     */
    static LogIdentity of(KafkaSettings kafka, String prefix, List<String> topics) {
        Map<String, String> ids = new HashMap<>();
        try (Admin admin = Admin.create(kafka.client("parley-sink-postgres-topics", Map.of()))) {
            for (var described : admin.describeTopics(topics).topicNameValues().entrySet()) {
                try {
                    ids.put(
                            described.getKey(),
                            described
                                    .getValue()
                                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                                    .topicId()
                                    .toString());
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                        throw new KafkaException("topics cannot be described", e);
                    }
                }
            }
        } catch (TimeoutException e) {
            throw new KafkaException("topics cannot be described", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
        return new LogIdentity(prefix, ids);
    }

    /** Empty where the topic was not there when Kafka was asked. */
    Optional<String> topicId(String topic) {
        return Optional.ofNullable(ids.get(topic));
    }

    /** What its topics' names begin with. */
    String prefix() {
        return prefix;
    }

    /**
     * Holds the installation whose tables they are against the log's.
     *
     * @throws AnotherLogException where it is another
     */
    void check(String tablesPrefix) {
        if (!tablesPrefix.equals(prefix)) {
            throw new AnotherLogException(
                    "the tables are those of the installation with PARLEY_PREFIX '" + tablesPrefix
                            + "', and this one's is '" + prefix + "'",
                    "Give each a PARLEY_DATABASE_SCHEMA, or a database, of its own");
        }
    }

    /**
     * Holds the place that the tables have in a partition against the log.
     *
     * @param end the offset of the next record that will be written to it
     * @throws AnotherLogException where it is no place in this log
     */
    void check(TopicPartition partition, Offsets.Place place, long end) {
        if (!topicId(partition.topic()).equals(Optional.of(place.topicId()))) {
            throw new AnotherLogException("the tables stand at " + place.next() + " of a " + partition.topic()
                    + " that is no more (id " + place.topicId() + "): the topic of this name was made anew");
        }
        if (place.next() > end) {
            throw new AnotherLogException(
                    "the tables stand at " + place.next() + " of " + partition + ", which ends at " + end);
        }
    }
}
