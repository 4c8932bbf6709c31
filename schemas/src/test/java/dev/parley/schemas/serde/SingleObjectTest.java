package dev.parley.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.serde.LaterSchemas.Later;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParser;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SingleObjectTest {

    private static final GenerationReport LOST = new GenerationReport(
            "g/a/lost",
            "g",
            Instant.ofEpochMilli(1_700_000_000_123L),
            new AttemptLost(new Attempt("a", 1, "engine", "model", "worker", ""), "worker_lost"));

    private final SingleObject<GenerationReport> reports = SingleObject.of(GenerationReport.class);

    private static byte[] written(GenericRecord record) throws IOException {
        ByteBuffer bytes =
                new BinaryMessageEncoder<GenericRecord>(GenericData.get(), record.getSchema()).encode(record);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    @Test
    void itIsAvrosOwnEncoding() throws IOException {
        SpecificData model = LOST.getSpecificData();
        Schema schema = GenerationReport.getClassSchema();
        ByteBuffer avros = new BinaryMessageEncoder<GenerationReport>(model, schema).encode(LOST);

        assertThat(ByteBuffer.wrap(reports.encode(LOST))).isEqualTo(avros);
        assertThat(reports.decode(avros)).isEqualTo(LOST);
        assertThat(new BinaryMessageDecoder<GenerationReport>(model, schema).decode(reports.encode(LOST)))
                .isEqualTo(LOST);
    }

    @Test
    void aBufferCanBeReadMoreThanOnce() {
        ByteBuffer buffer = ByteBuffer.wrap(reports.encode(LOST));

        assertThat(reports.decode(buffer)).isEqualTo(LOST);
        assertThat(reports.decode(buffer)).isEqualTo(LOST);
    }

    /** A schema that changes is added; the files of those before stay, for what was written under them is kept. */
    @ParameterizedTest
    @ValueSource(classes = {CallerPrompt.class, GenerationReport.class})
    void theSchemasThatAreKeptAreAmongTheResources(Class<?> type) throws IOException {
        Schema schema = SpecificData.get().getSchema(type);
        long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
        String name = "/single-object/" + type.getName() + "/" + SingleObject.hex(fingerprint) + ".avsc";
        try (InputStream kept = type.getResourceAsStream(name)) {
            assertThat(kept)
                    .as("to be added as %s: %s", name, SchemaNormalization.toParsingForm(schema))
                    .isNotNull();
            assertThat(SchemaNormalization.parsingFingerprint64(
                            new SchemaParser().parse(kept).mainSchema()))
                    .isEqualTo(fingerprint);
        }
    }

    @Test
    void aRecordOfALaterVersionSaysSo() throws IOException {
        for (Later later : LaterSchemas.of(GenerationReport.getClassSchema())) {
            byte[] bytes = written(later.record());

            assertThatThrownBy(() -> reports.decode(bytes))
                    .isInstanceOf(UnknownSchemaException.class)
                    .hasMessageContaining("a later version of Parley")
                    .hasMessageContaining(GenerationReport.class.getName());
        }
    }

    @Test
    void aBodyOfAnotherVersionIsUnknownAndWrittenAgainAsItWas() throws IOException {
        Schema kept;
        try (InputStream schema = getClass()
                .getResourceAsStream("/single-object/dev.parley.chat.v1.GenerationReport/68b27357264824a3.avsc")) {
            kept = new SchemaParser().parse(schema).mainSchema();
        }
        Schema withdrawn = kept.getField("body").schema().getTypes().getLast();
        byte[] bytes = written((GenericRecord) LaterSchemas.value(kept, withdrawn));

        GenerationReport report = reports.decode(bytes);

        assertThat(report.getBody())
                .isInstanceOfSatisfying(
                        Unknown.class,
                        unknown -> assertThat(unknown.type()).isEqualTo("dev.parley.chat.v1.GenerationWithdrawn"));
        assertThat(reports.encode(report)).isEqualTo(bytes);
    }

    @Test
    void bytesThatAreNoRecordAreRefused() {
        byte[] good = reports.encode(LOST);
        byte[][] poisons = {{}, {(byte) 0xC3, 1, 0}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, Arrays.copyOf(good, 20)};
        for (byte[] poison : poisons) {
            assertThatThrownBy(() -> reports.decode(poison))
                    .as(Arrays.toString(poison))
                    .isInstanceOf(SerializationException.class);
        }
    }
}
