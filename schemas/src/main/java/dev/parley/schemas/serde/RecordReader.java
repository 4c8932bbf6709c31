package dev.parley.schemas.serde;

import java.io.IOException;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.ResolvingDecoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads records of a writer that knows branches of unions that the reader does not. Such a body is handed to its envelope
 * as a {@link RawBody}; anywhere else such a record cannot be read.
 */
final class RecordReader<T> extends SpecificDatumReader<T> {

    private final Schema envelope;
    private final WidenedSchema widened;
    private final BodyReader bodies = new BodyReader();

    private RecordReader(Schema envelope, Schema writer, WidenedSchema widened, SpecificData model) {
        super(writer, widened.schema(), model);
        this.envelope = envelope;
        this.widened = widened;
    }

    /** A reader of what was written under {@code writer} into the generated class {@code type}. */
    static <T> DatumReader<T> of(Schema writer, Class<T> type) {
        Schema reader = SpecificData.get().getSchema(type);
        SpecificData model = SpecificData.getForClass(type);
        Schema renamed = Schema.applyAliases(writer, reader);
        WidenedSchema widened = new WidenedSchema(renamed, reader);
        return widened.isWider()
                ? new RecordReader<>(writer, renamed, widened, fieldByField(model))
                : new SpecificDatumReader<>(writer, reader, model);
    }

    /** {@code model} without Avro's compiled readers, which ask nobody how a record is read. */
    private static SpecificData fieldByField(SpecificData model) {
        SpecificData copy = new SpecificData();
        model.getConversions().forEach(copy::addLogicalTypeConversion);
        copy.setFastReaderEnabled(false);
        return copy;
    }

    @Override
    protected @Nullable Object readRecord(@Nullable Object old, Schema expected, ResolvingDecoder in)
            throws IOException {
        if (widened.isUnknownBody(expected)) {
            return new RawBody(bodies.body(expected, in), envelope);
        }
        if (widened.isStranger(expected)) {
            throw new AvroTypeException("a " + expected.getFullName() + " where this version has no place for one");
        }
        return super.readRecord(old, expected, in);
    }

    /** Reads bodies without a class, and everything in them: a class may be there by the same name, and fit no longer. */
    private static final class BodyReader extends GenericDatumReader<GenericData.Record> {

        BodyReader() {
            super(new GenericData());
        }

        GenericData.Record body(Schema schema, ResolvingDecoder in) throws IOException {
            return (GenericData.Record) readRecord(null, schema, in);
        }
    }
}
