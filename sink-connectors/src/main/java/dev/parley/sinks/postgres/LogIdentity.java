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

        private AnotherLogException(String how) {
            super(how
                    + ". Point the sinks at the log that their tables were made from, or have the tables made anew from this"
                    + " one: stop the sinks, rename or drop their schema, start them");
        }
    }

    private final Map<String, String> ids;

    private LogIdentity(Map<String, String> ids) {
        this.ids = Map.copyOf(ids);
    }

    /** Asks Kafka; a topic that is not there yet has no id. */
    static LogIdentity of(KafkaSettings kafka, List<String> topics) {
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
        return new LogIdentity(ids);
    }

    /** Empty where the topic was not there when Kafka was asked. */
    Optional<String> topicId(String topic) {
        return Optional.ofNullable(ids.get(topic));
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
