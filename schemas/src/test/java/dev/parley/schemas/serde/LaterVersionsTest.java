package dev.parley.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Usage;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.LaterSchemas.Later;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParser;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What this version makes of records that a later one wrote: two of them run side by side while a cluster is upgraded. */
class LaterVersionsTest {

    private static final String NAMESPACE = "dev.parley.chat.v1";
    private static final FakeRegistry REGISTRY = new FakeRegistry();
    private static final ValueSerdes SERDES = new ValueSerdes(RegistrySettings.of(REGISTRY.url()));
    private static final Serde<Object> VALUES = SERDES.of(Object.class);

    @AfterAll
    static void stop() {
        REGISTRY.close();
    }

    private static List<TopicSpec> topics() {
        return Topics.of(new TopicSettings("", 1, (short) 1), SERDES).specs().stream()
                .filter(topic -> topic.schema().isPresent())
                .toList();
    }

    private static Stream<Arguments> laterVersions(boolean ofBodies) {
        return topics().stream()
                .flatMap(topic -> LaterSchemas.of(topic.schema().orElseThrow()).stream()
                        .filter(later -> WidenedSchema.isOfBodies(later.union()) == ofBodies)
                        .map(later -> Arguments.of(topic, later)));
    }

    static Stream<Arguments> laterBodies() {
        return laterVersions(true);
    }

    static Stream<Arguments> laterFields() {
        return laterVersions(false);
    }

    private static byte[] written(String topic, GenericRecord record) {
        int id = SERDES.registry().register(topic + "-value", record.getSchema());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    private static SpecificRecord read(String topic, byte[] bytes) {
        return (SpecificRecord) VALUES.deserializer().deserialize(topic, bytes);
    }

    private static Schema body(Schema envelope) {
        return envelope.getField("body").schema();
    }

    private static Schema branch(Schema envelope, String name) {
        Schema body = body(envelope);
        return body.getTypes().get(body.getIndexNamed(NAMESPACE + "." + name));
    }

    @Test
    void everyBodyIsTried() {
        int bodies = Stream.of(
                        Command.getClassSchema(),
                        ConversationEvent.getClassSchema(),
                        GenerationChunk.getClassSchema(),
                        GenerationReport.getClassSchema(),
                        Control.getClassSchema())
                .mapToInt(envelope -> body(envelope).getTypes().size())
                .sum();

        assertThat(laterBodies()).hasSize(bodies);
    }

    @ParameterizedTest
    @MethodSource("laterBodies")
    void aBodyOfALaterVersionIsUnknownWhateverItsShape(TopicSpec topic, Later later) {
        SpecificRecord read = read(topic.name(), written(topic.name(), later.record()));

        SpecificRecord known = read(topic.name(), written(topic.name(), (GenericRecord)
                LaterSchemas.value(topic.schema().orElseThrow(), null)));
        for (Schema.Field field : read.getSchema().getFields()) {
            if (field.name().equals("body")) {
                assertThat(read.get(field.pos())).isInstanceOfSatisfying(Unknown.class, unknown -> {
                    assertThat(unknown.type()).isEqualTo(later.branch().getFullName());
                    assertThat(unknown).hasToString("Unknown(" + later.branch().getFullName() + ")");
                });
            } else {
                assertThat(read.get(field.pos())).as(field.name()).isEqualTo(known.get(field.pos()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("laterBodies")
    void whoeverWritesItAgainLosesNothing(TopicSpec topic, Later later) {
        byte[] bytes = written(topic.name(), later.record());

        assertThat(VALUES.serializer().serialize(topic.name(), read(topic.name(), bytes)))
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @MethodSource("laterFields")
    void anywhereElseItIsUndecodableAndNeverSomethingElse(TopicSpec topic, Later later) {
        byte[] bytes = written(topic.name(), later.record());

        assertThatThrownBy(() -> read(topic.name(), bytes))
                .isInstanceOf(UndecodableRecordException.class)
                .hasStackTraceContaining(later.branch().getFullName());
    }

    @Test
    void aFieldThatMayHoldMoreIsReadWhereItDoesNot() {
        Schema today = ConversationEvent.getClassSchema();
        Later later = LaterSchemas.of(today).stream()
                .filter(candidate -> candidate.branch().getName().equals("LaterCallerPrompt"))
                .findFirst()
                .orElseThrow();
        GenericRecord plain = (GenericRecord) LaterSchemas.value(today, null);
        GenericRecord record = (GenericRecord) LaterSchemas.value(later.schema(), null);

        assertThat(read("chat.events.v1", written("chat.events.v1", record)))
                .isEqualTo(read("chat.events.v1", written("chat.events.v1", plain)));
    }

    @Test
    void theNameSaysItAllWithItsNamespace() {
        Schema today = ConversationEvent.getClassSchema();
        Schema moved =
                LaterSchemas.like(branch(today, "ConversationDeleted"), "dev.parley.chat.v2", "ConversationDeleted");

        ConversationEvent event = (ConversationEvent) read(
                "chat.events.v1",
                written(
                        "chat.events.v1",
                        LaterSchemas.with(today, body(today), moved).record()));

        assertThat(event.getBody())
                .isInstanceOfSatisfying(
                        Unknown.class,
                        unknown -> assertThat(unknown.type()).isEqualTo("dev.parley.chat.v2.ConversationDeleted"));
    }

    @Test
    void aClassOfThatNameIsNoReasonToTakeABodyForIt() {
        Schema today = ConversationEvent.getClassSchema();

        ConversationEvent event = (ConversationEvent) read(
                "chat.events.v1",
                written(
                        "chat.events.v1",
                        LaterSchemas.with(today, body(today), Usage.getClassSchema())
                                .record()));

        assertThat(event.getBody()).isInstanceOf(Unknown.class);
    }

    @Test
    void whatIsInAnUnknownBodyMayHaveChangedAsWell() {
        Schema today = Command.getClassSchema();
        List<Schema.Field> more = new ArrayList<>();
        more.add(new Schema.Field("first", Schema.create(Schema.Type.STRING)));
        more.addAll(LaterSchemas.copies(Usage.getClassSchema().getFields()));
        Schema usage = Schema.createRecord("Usage", null, NAMESPACE, false, more);
        Schema spend = Schema.createRecord("Spend", null, NAMESPACE, false, List.of(new Schema.Field("usage", usage)));
        GenericData.Record record = LaterSchemas.with(today, body(today), spend).record();
        byte[] bytes = written("chat.commands.v1", record);

        Command command = (Command) read("chat.commands.v1", bytes);

        assertThat(command.getBody()).isInstanceOf(Unknown.class);
        assertThat(VALUES.serializer().serialize("chat.commands.v1", command)).isEqualTo(bytes);
    }

    @Test
    void anEnvelopeThatHasChangedIsWrittenAgainWithItsDefaults() {
        Later later = LaterSchemas.of(Control.getClassSchema()).getFirst();
        Schema time = LogicalTypes.timestampMillis().addToSchema(Schema.create(Schema.Type.LONG));
        Schema text = Schema.create(Schema.Type.STRING);
        Schema moved = Schema.createRecord("Control", null, NAMESPACE, false);
        moved.setFields(List.of(
                new Schema.Field("body", body(later.schema())),
                new Schema.Field("time", time),
                new Schema.Field("tenant", text, null, "nobody"),
                new Schema.Field("generationId", text)));
        GenericRecord record = (GenericRecord) LaterSchemas.value(moved, later.branch());
        Control control = (Control) read("chat.controls.v1", written("chat.controls.v1", record));

        byte[] again = VALUES.serializer().serialize("chat.controls.v1", control);

        record.put("tenant", "nobody");
        assertThat(again).isEqualTo(written("chat.controls.v1", record));
    }

    @Test
    void aBodyGoesAlongWhereItsRecordIsCopied() {
        Later later = LaterSchemas.of(GenerationReport.getClassSchema()).getFirst();
        GenerationReport report = (GenerationReport)
                read("chat.generation-results.v1", written("chat.generation-results.v1", later.record()));

        GenerationReport copy =
                GenerationReport.newBuilder(report).setReportId("another").build();

        assertThat(copy.getBody()).isEqualTo(report.getBody()).hasSameHashCodeAs(report.getBody());
        assertThatThrownBy(() -> copy.getBody().put(0, "x")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void whatWasRenamedIsStillReadByItsAlias() {
        Schema earlier = new SchemaParser()
                .parse(TurnRequest.getClassSchema()
                        .toString()
                        .replaceAll(",\"aliases\":\\[[^]]*]", "")
                        .replace("PromptMessage", "HistoryMessage"))
                .mainSchema();
        assertThat(earlier.toString()).doesNotContain("PromptMessage");

        TurnRequest turn = (TurnRequest)
                read("chat.turns.v1", written("chat.turns.v1", (GenericRecord) LaterSchemas.value(earlier, null)));

        assertThat(turn.getHistory()).singleElement().isInstanceOf(PromptMessage.class);
        assertThat(turn.getPrompt().getContext()).singleElement().isInstanceOf(PromptMessage.class);
    }

    @Test
    void everyUnionIsABodyOrSomethingThatMayBeMissing() {
        List<Class<? extends Envelope>> envelopes = List.of(
                Command.class, ConversationEvent.class, GenerationChunk.class, GenerationReport.class, Control.class);
        List<Schema> withBodies = topics().stream()
                .map(topic -> topic.schema().orElseThrow())
                .filter(schema -> schema.getField("body") != null)
                .toList();
        List<Schema> bodies = withBodies.stream().map(LaterVersionsTest::body).toList();

        assertThat(withBodies)
                .extracting(Schema::getFullName)
                .containsExactlyInAnyOrderElementsOf(
                        envelopes.stream().map(Class::getName).toList());
        assertThat(topics().stream()
                        .flatMap(topic -> LaterSchemas.of(topic.schema().orElseThrow()).stream())
                        .map(Later::union))
                .allMatch(union -> bodies.contains(union) || isNullable(union));
    }

    private static boolean isNullable(Schema union) {
        return union.getTypes().size() == 2 && union.getTypes().getFirst().getType() == Schema.Type.NULL;
    }
}
