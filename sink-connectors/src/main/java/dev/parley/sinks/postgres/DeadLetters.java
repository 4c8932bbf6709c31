package dev.parley.sinks.postgres;

import dev.parley.sinks.postgres.Letters.Reason;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where records that cannot be folded are set aside. */
interface DeadLetters extends AutoCloseable {

    /** Sets a record aside; returns once that is for good. */
    void add(ConsumerRecord<byte[], byte[]> record, Reason reason);

    @Override
    void close();

    /** For records that were set aside when they were folded the first time. */
    static DeadLetters writtenBefore() {
        return new DeadLetters() {
            @Override
            public void add(ConsumerRecord<byte[], byte[]> record, Reason reason) {}

            @Override
            public void close() {}
        };
    }
}
