package dev.parley.sinks.postgres;

import dev.parley.schemas.Topic;
import dev.parley.schemas.serde.UndecodableRecordException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What a read model is: the topic that it is a fold of, how a record of it is read, and what a batch of them makes of its
 * tables. All else is the sink's: places in the log, transactions, outages, records that cannot be folded.
 *
 * <p>A new read model is one of these, its tables as a migration, and its line in {@link Projections#of}.
 *
 * @param <R> what a record says
 */
interface Projection<R> {

    /** Names it in metrics. */
    String name();

    Topic<?, ?> topic();

    /**
     * What a record says; whatever is wrong with it is found here, where it can be, and not by Postgres.
     *
     * @throws UndecodableRecordException where it cannot be read
     * @throws IllegalArgumentException where it is not what its topic holds
     */
    R read(ConsumerRecord<byte[], byte[]> record);

    /**
     * Writes a batch, in the order of each partition, in the caller's transaction. Records that were written before change
     * nothing.
     *
     * @return how many were not
     */
    int write(Connection connection, List<R> batch) throws SQLException;

    /** Whether the sink is the one reader of the topic that sets aside what cannot be read. */
    boolean setsPoisonAside();
}
