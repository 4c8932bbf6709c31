package dev.parley.topologies.aggregate;

import dev.parley.schemas.serde.TrustedRecords;
import java.io.IOException;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * Serdes of state records, in Avro's single-object encoding: each value carries its schema's fingerprint, so that state of
 * an earlier version is read by a later one without a registry.
 */
public final class SingleObjectSerde {

    static {
        TrustedRecords.trust();
    }

    private SingleObjectSerde() {}

    /** The serde of one generated record type, from its generated encoder and decoder. */
    public static <V> Serde<V> of(BinaryMessageEncoder<V> encoder, BinaryMessageDecoder<V> decoder) {
        return Serdes.serdeFrom(
                (topic, value) -> {
                    try {
                        return value == null ? null : encoder.encode(value).array();
                    } catch (IOException e) {
                        throw new SerializationException("cannot write state to " + topic, e);
                    }
                },
                (topic, bytes) -> {
                    try {
                        return bytes == null ? null : decoder.decode(bytes);
                    } catch (IOException e) {
                        throw new SerializationException("cannot read state of " + topic, e);
                    }
                });
    }
}
