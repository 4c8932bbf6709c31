package dev.parley.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes Avro records in the Confluent wire format. The subject is {@code <topic>-value}; its schema must be registered.
 * A record with a body of a later version is written under the schema that it came with.
 *
 * <p>Takes Confluent's settings {@code schema.registry.url} and {@code basic.auth.user.info}, so that Confluent's own
 * serialiser can stand in its place. Thread-safe once configured.
 */
public final class AvroSerializer implements Serializer<Object> {

    static final byte MAGIC = 0;
    static final int HEADER_BYTES = 5;
    private static final int USUAL_BYTES = 512;

    static {
        TrustedRecords.trust();
    }

    private @Nullable RegistryClient registry;

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        registry = RegistryClients.from(configs);
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable Object data) {
        if (data == null) {
            return null;
        }
        if (!(data instanceof SpecificRecord datum)) {
            throw new SerializationException(
                    "not an Avro record: " + data.getClass().getName());
        }
        RecordForm form = RecordForm.of(datum);
        int id =
                Objects.requireNonNull(registry, "serializer is not configured").id(topic + "-value", form.schema());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(USUAL_BYTES);
        bytes.write(MAGIC);
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(id).array());
        try {
            form.writeTo(bytes);
        } catch (IOException | RuntimeException e) {
            throw new SerializationException("cannot write a " + form.schema().getFullName() + " to " + topic, e);
        }
        return bytes.toByteArray();
    }
}
