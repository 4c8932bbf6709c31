package dev.parley.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record as it is to be written.
 *
 * @param schema to be named beside the bytes
 * @param writer the same but for names that are called otherwise now, which bytes do not show
 */
record RecordForm(Schema schema, Schema writer, Object datum, GenericData model) {

    /** Under its class's schema; under the one that it came with, where its body is not known. */
    static RecordForm of(SpecificRecord datum) {
        if (datum instanceof Envelope envelope && envelope.getBody() instanceof UnknownBody unknown) {
            return asItCame(envelope, unknown.raw());
        }
        Schema schema = datum.getSchema();
        return new RecordForm(schema, schema, datum, SpecificData.getForSchema(schema));
    }

    void writeTo(OutputStream out) throws IOException {
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        writer(writer, model).write(datum, encoder);
        encoder.flush();
    }

    private static RecordForm asItCame(Envelope envelope, RawBody raw) {
        Schema ours = envelope.getSchema();
        Schema theirs = Schema.applyAliases(raw.envelope(), ours);
        SpecificData model = SpecificData.getForSchema(ours);
        GenericRecord record = new GenericData.Record(theirs);
        for (Schema.Field field : theirs.getFields()) {
            Schema.Field own = ours.getField(field.name());
            if (own == null) {
                record.put(field.pos(), GenericData.get().getDefaultValue(field));
            } else if (envelope.get(own.pos()) instanceof UnknownBody) {
                record.put(field.pos(), raw.record());
            } else {
                record.put(field.pos(), converted(envelope.get(own.pos()), own.schema(), field.schema(), model));
            }
        }
        return new RecordForm(raw.envelope(), theirs, record, new GenericData());
    }

    /** A field's value in the form of a schema of another version. */
    private static Object converted(@Nullable Object value, Schema from, Schema to, SpecificData model) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            writer(from, model).write(value, encoder);
            return new GenericDatumReader<>(from, to, new GenericData())
                    .read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null));
        } catch (IOException e) {
            throw new IllegalStateException("bytes in memory can always be written and read", e);
        }
    }

    private static GenericDatumWriter<@Nullable Object> writer(Schema schema, GenericData model) {
        return model instanceof SpecificData specific
                ? new SpecificDatumWriter<>(schema, specific)
                : new GenericDatumWriter<>(schema, model);
    }
}
