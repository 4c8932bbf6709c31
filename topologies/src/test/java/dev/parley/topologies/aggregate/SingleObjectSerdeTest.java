package dev.parley.topologies.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.serde.UnknownSchemaException;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.GenerationHeader;
import dev.parley.topologies.state.v1.HeadState;
import dev.parley.topologies.state.v1.MessageState;
import dev.parley.topologies.state.v1.TextSegment;
import dev.parley.topologies.state.v1.Unknown;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParser;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a version makes of state that another one left. */
class SingleObjectSerdeTest {

    private static final String CHANGELOG = "assembly-generations-changelog";

    private final Serde<GenerationHeader> headers = SingleObjectSerde.of(GenerationHeader.class);

    private static byte[] written(Schema schema, Schema branch) throws IOException {
        GenericRecord body = new GenericRecordBuilder(branch)
                .set("generationId", "g")
                .set("traceparent", null)
                .set("cancelling", true)
                .set("current", null)
                .set("superseded", List.of("a"))
                .build();
        GenericRecord header =
                new GenericRecordBuilder(schema).set("body", body).build();
        return new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema)
                .encode(header)
                .array();
    }

    /** A schema that changes is added; the files of those before stay, for there may be state that was written under them. */
    @ParameterizedTest
    @ValueSource(
            classes = {
                HeadState.class,
                ExchangeState.class,
                MessageState.class,
                GenerationHeader.class,
                TextSegment.class
            })
    void theSchemasOfAllStateAreAmongTheResources(Class<?> type) throws IOException {
        Schema schema = SpecificData.get().getSchema(type);
        long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
        String name = "/single-object/" + type.getName() + "/" + HexFormat.of().toHexDigits(fingerprint) + ".avsc";
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
    void stateOfALaterVersionStopsWhoeverReadsIt() throws IOException {
        Schema today = GenerationHeader.getClassSchema();
        List<Schema> branches = new ArrayList<>(today.getField("body").schema().getTypes());
        Schema open = branches.getFirst();
        Schema paused = Schema.createRecord(
                "PausedGenerationHeader",
                null,
                open.getNamespace(),
                false,
                open.getFields().stream()
                        .map(field -> new Schema.Field(field, field.schema()))
                        .toList());
        branches.add(paused);
        Schema later = Schema.createRecord(
                today.getName(),
                null,
                today.getNamespace(),
                false,
                List.of(
                        new Schema.Field("body", Schema.createUnion(branches)),
                        new Schema.Field("more", Schema.create(Schema.Type.STRING), null, "")));
        byte[] bytes = written(later, paused);

        assertThatThrownBy(() -> headers.deserializer().deserialize(CHANGELOG, bytes))
                .isInstanceOf(UnknownSchemaException.class)
                .hasMessageContaining("a later version of Parley wrote this " + GenerationHeader.class.getName());
    }

    @Test
    void aBodyThatThisVersionDoesNotHaveIsUnknownAndStaysAsItWas() throws IOException {
        Schema other;
        try (InputStream schema = getClass()
                .getResourceAsStream("/single-object/" + GenerationHeader.class.getName() + "/6d26099631fd4dcc.avsc")) {
            other = new SchemaParser().parse(Objects.requireNonNull(schema)).mainSchema();
        }
        byte[] bytes = written(other, other.getField("body").schema().getTypes().getLast());

        GenerationHeader header = headers.deserializer().deserialize(CHANGELOG, bytes);

        assertThat(header.getBody())
                .isInstanceOfSatisfying(
                        Unknown.class,
                        unknown -> assertThat(unknown.type())
                                .isEqualTo("dev.parley.topologies.state.v1.PausedGenerationHeader"));
        assertThat(headers.serializer().serialize(CHANGELOG, header)).isEqualTo(bytes);
    }
}
