package dev.parley.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParser;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Avro's single-object encoding of one generated class: each record carries the fingerprint of the schema under which it was
 * written, so that it can be kept where no registry is asked.
 *
 * <p>A version reads what it wrote itself and what versions before it wrote: their schemas are resources beside the class,
 * {@code single-object/<name>/<fingerprint>.avsc}, in parsing canonical form. A record of a later version, whose schema is not
 * among them, raises {@link UnknownSchemaException}: half of it would be wrong, and nothing can be left out of what is kept.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding">Avro: Single-object encoding</a>
 */
public final class SingleObject<T extends SpecificRecord> {

    private static final int MAGIC = 0xC301;
    private static final int HEADER_BYTES = Short.BYTES + Long.BYTES;
    private static final int USUAL_BYTES = 512;

    static {
        TrustedRecords.trust();
    }

    private final Class<T> type;
    private final Map<Schema, Long> fingerprints = new ConcurrentHashMap<>();
    private final Map<Long, DatumReader<T>> readers = new ConcurrentHashMap<>();

    private SingleObject(Class<T> type) {
        this.type = type;
        Schema own = SpecificData.get().getSchema(type);
        readers.put(fingerprint(own), RecordReader.of(own, type));
    }

    public static <T extends SpecificRecord> SingleObject<T> of(Class<T> type) {
        return new SingleObject<>(type);
    }

    public byte[] encode(T datum) {
        RecordForm form = RecordForm.of(datum);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(USUAL_BYTES);
        bytes.writeBytes(ByteBuffer.allocate(HEADER_BYTES)
                .putShort((short) MAGIC)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(fingerprint(form.schema()))
                .array());
        try {
            form.writeTo(bytes);
        } catch (IOException | RuntimeException e) {
            throw new SerializationException("cannot write a " + type.getName(), e);
        }
        return bytes.toByteArray();
    }

    /**
     * The record that {@code bytes} are.
     *
     * @throws UnknownSchemaException where a later version wrote it
     * @throws SerializationException where it is no such record
     */
    public T decode(byte[] bytes) {
        return decode(ByteBuffer.wrap(bytes));
    }

    /** The record that the rest of {@code bytes} is, whose position stays. */
    public T decode(ByteBuffer bytes) {
        if (bytes.remaining() < HEADER_BYTES || bytes.getShort(bytes.position()) != (short) MAGIC) {
            throw new SerializationException("not in the single-object encoding: " + bytes.remaining() + " bytes");
        }
        ByteBuffer rest = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        long fingerprint = rest.getLong(bytes.position() + Short.BYTES);
        byte[] body = new byte[bytes.remaining() - HEADER_BYTES];
        bytes.get(bytes.position() + HEADER_BYTES, body);
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(body, null);
        try {
            return readers.computeIfAbsent(fingerprint, this::earlier).read(null, decoder);
        } catch (IOException | AvroRuntimeException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new SerializationException("not a " + type.getName(), e);
        }
    }

    private DatumReader<T> earlier(long fingerprint) {
        String name = "/single-object/%s/%s.avsc".formatted(type.getName(), hex(fingerprint));
        try (InputStream schema = type.getResourceAsStream(name)) {
            if (schema == null) {
                throw new UnknownSchemaException(type.getName(), hex(fingerprint));
            }
            return RecordReader.of(new SchemaParser().parse(schema).mainSchema(), type);
        } catch (IOException e) {
            throw new SerializationException("cannot read " + name, e);
        }
    }

    private long fingerprint(Schema schema) {
        return fingerprints.computeIfAbsent(schema, SchemaNormalization::parsingFingerprint64);
    }

    /** A schema's fingerprint as the name of its resource. */
    static String hex(long fingerprint) {
        return HexFormat.of().toHexDigits(fingerprint);
    }
}
