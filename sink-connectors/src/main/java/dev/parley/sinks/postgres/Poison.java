package dev.parley.sinks.postgres;

import dev.parley.sinks.postgres.Letters.Letter;
import dev.parley.sinks.postgres.Letters.Reason;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** A record that cannot be folded. */
record Poison(Projection<?> projection, ConsumerRecord<byte[], byte[]> record, Reason reason) {

    Letter letter() {
        return new Letter(new TopicPartition(record.topic(), record.partition()), record.offset(), reason);
    }
}
