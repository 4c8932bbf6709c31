package dev.parley.ingest.door;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.schemas.serde.TrustedRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParser;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.Nullable;

/**
 * What came along with a message, in the one form that stands for it in every version: its Avro encoding by the schema with
 * which prompts were hashed first, which has one form for each value, since there are no maps in it. A field that came later
 * follows by its name, and only where a request says something in it: requests of before are hashed as they were.
 */
final class CanonicalPrompt {

    static {
        TrustedRecords.trust(); // For Avro to look up what a field is by default.
    }

    /** By which name a limit goes is nothing that is asked for. */
    private static final Set<String> ANOTHER_NAME = Set.of("maxCompletionTokens");

    private static final Schema FIRST = first();

    private final Set<String> later = new TreeSet<>();

    private CanonicalPrompt() {}

    static byte[] of(CallerPrompt prompt) {
        CanonicalPrompt canonical = new CanonicalPrompt();
        Object first = canonical.by(FIRST, prompt, "");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<>(FIRST).write(first, encoder);
            for (String field : canonical.later) {
                encoder.writeString(field);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private Object by(Schema schema, Object value, String path) {
        return switch (schema.getType()) {
            case UNION -> by(schema.getTypes().get(schema.getIndexNamed("null") == 0 ? 1 : 0), value, path);
            case RECORD -> record(schema, (IndexedRecord) value, path);
            case ARRAY -> {
                List<?> elements = (List<?>) value;
                GenericData.Array<Object> array = new GenericData.Array<>(elements.size(), schema);
                for (int i = 0; i < elements.size(); i++) {
                    array.add(by(schema.getElementType(), elements.get(i), path + "[" + i + "]"));
                }
                yield array;
            }
            case ENUM -> new GenericData.EnumSymbol(schema, value.toString());
            case MAP, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> value;
        };
    }

    private IndexedRecord record(Schema schema, IndexedRecord record, String path) {
        IndexedRecord first = new GenericData.Record(schema);
        for (Schema.Field field : record.getSchema().getFields()) {
            Object value = record.get(field.pos());
            Schema.Field known = schema.getField(field.name());
            String at = path + "." + field.name();
            if (known == null) {
                if (!ANOTHER_NAME.contains(field.name()) && !Objects.equals(value, standard(field))) {
                    later.add(at + "=" + said(value));
                }
            } else if (value != null) {
                first.put(known.pos(), by(known.schema(), value, at));
            }
        }
        return first;
    }

    /** Where the content of a file is, is nothing that is asked for: another node may write it once more. */
    private static Object said(Object value) {
        return value instanceof List<?> list
                ? list.stream()
                        .map(each -> each instanceof Attachment attachment ? said(attachment) : each)
                        .toList()
                : value;
    }

    private static List<@Nullable Object> said(Attachment attachment) {
        return Arrays.asList(
                attachment.getMediaType(),
                attachment.getName(),
                attachment.getHash(),
                attachment.getUri(),
                attachment.getAt(),
                attachment.getDetail());
    }

    private static Object standard(Schema.Field field) {
        return SpecificData.get().getDefaultValue(field);
    }

    private static Schema first() {
        String name = "/single-object/" + CallerPrompt.class.getName() + "/0c7f05d2096fdfd0.avsc";
        try (InputStream schema = Objects.requireNonNull(CallerPrompt.class.getResourceAsStream(name), name)) {
            return new SchemaParser().parse(schema).mainSchema();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
