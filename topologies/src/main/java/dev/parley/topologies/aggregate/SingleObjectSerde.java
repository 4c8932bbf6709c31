package dev.parley.topologies.aggregate;

import dev.parley.schemas.serde.SingleObject;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * Serdes of state records, in Avro's single-object encoding: each value carries its schema's fingerprint, so that state of
 * an earlier version is read by a later one without a registry.
 *
 * <p>State of a later version stops the task that meets it ({@link dev.parley.schemas.serde.UnknownSchemaException}), until a
 * process of that version takes the task over.
 */
public final class SingleObjectSerde {

    private SingleObjectSerde() {}

    /** The serde of one generated record type. */
    public static <V extends SpecificRecord> Serde<V> of(Class<V> type) {
        SingleObject<V> encoding = SingleObject.of(type);
        return Serdes.serdeFrom(
                (topic, value) -> value == null ? null : encoding.encode(value),
                (topic, bytes) -> bytes == null ? null : encoding.decode(bytes));
    }
}
