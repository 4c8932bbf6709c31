package dev.parley.schemas.serde;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads Avro records in the Confluent wire format into this version's generated class of the same name, resolving from
 * the writer's schema. A body of a later version comes as its envelope's {@link UnknownBody}. Bytes that are no such record raise {@link UndecodableRecordException}; a registry that is away
 * raises {@link RegistryUnavailableException}. Thread-safe once configured.
 */
public final class AvroDeserializer implements Deserializer<Object> {

    static {
        TrustedRecords.trust();
    }

    private final Map<Integer, DatumReader<?>> readers = new ConcurrentHashMap<>();
    private @Nullable RegistryClient registry;

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        registry = RegistryClients.from(configs);
    }

    @Override
    public @Nullable Object deserialize(String topic, byte @Nullable [] data) {
        if (data == null) {
            return null;
        }
        if (data.length < AvroSerializer.HEADER_BYTES || data[0] != AvroSerializer.MAGIC) {
            throw new UndecodableRecordException("not in the Confluent wire format: " + data.length + " bytes");
        }
        int id = ByteBuffer.wrap(data, 1, Integer.BYTES).getInt();
        DatumReader<?> reader = readers.computeIfAbsent(id, this::reader);
        BinaryDecoder decoder = DecoderFactory.get()
                .binaryDecoder(data, AvroSerializer.HEADER_BYTES, data.length - AvroSerializer.HEADER_BYTES, null);
        try {
            Object datum = reader.read(null, decoder);
            if (!decoder.isEnd()) {
                throw new UndecodableRecordException("bytes are left over after the record");
            }
            return datum;
        } catch (IOException | AvroRuntimeException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new UndecodableRecordException("not a record of schema " + id, e);
        }
    }

    private DatumReader<?> reader(int id) {
        Schema writer = Objects.requireNonNull(registry, "deserializer is not configured")
                .schema(id);
        Class<?> type = SpecificData.get().getClass(writer);
        if (type == null) {
            throw new UndecodableRecordException("schema " + id + " is of an unknown record: " + writer.getFullName());
        }
        return RecordReader.of(writer, type);
    }
}
