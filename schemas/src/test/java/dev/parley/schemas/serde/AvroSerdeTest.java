package dev.parley.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.TextDelta;
import dev.parley.schemas.settings.RegistrySettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvroSerdeTest {

    private static final String TOPIC = "chat.chunks.v1";
    private static final Instant TIME = Instant.ofEpochMilli(1_700_000_000_123L);

    private final FakeRegistry registry = new FakeRegistry();
    private RegistryClient client = RegistryClient.of(RegistrySettings.of(registry.url()));
    private Serde<GenerationChunk> chunks =
            new ValueSerdes(RegistrySettings.of(registry.url())).of(GenerationChunk.class);

    @BeforeEach
    void provision() {
        client.register(TOPIC + "-value", GenerationChunk.getClassSchema());
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private static GenerationChunk chunk(String text) {
        return new GenerationChunk("g", "a", TIME, new TextDelta(0, text, false));
    }

    @Test
    void aRecordReadsBackAndCarriesTheRegistrysId() {
        byte[] bytes = chunks.serializer().serialize(TOPIC, chunk("hi"));

        assertThat(bytes[0]).isZero();
        assertThat(ByteBuffer.wrap(bytes, 1, 4).getInt())
                .isEqualTo(client.id(TOPIC + "-value", GenerationChunk.getClassSchema()));
        assertThat(chunks.deserializer().deserialize(TOPIC, bytes)).isEqualTo(chunk("hi"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n", "a\u0000b", "\u2028\u2029", "\uD83D\uDE00", "\uFEFF"})
    void textSurvivesExactly(String text) {
        byte[] bytes = chunks.serializer().serialize(TOPIC, chunk(text));

        assertThat(chunks.deserializer().deserialize(TOPIC, bytes)).isEqualTo(chunk(text));
    }

    @Test
    void idsAreAskedForOnce() {
        for (int i = 0; i < 5; i++) {
            chunks.deserializer().deserialize(TOPIC, chunks.serializer().serialize(TOPIC, chunk("x" + i)));
        }

        assertThat(registry.requests).hasValue(2); // one registration, one look-up
    }

    @Test
    void nullIsNull() {
        assertThat(chunks.serializer().serialize(TOPIC, null)).isNull();
        assertThat(chunks.deserializer().deserialize(TOPIC, null)).isNull();
    }

    @Test
    void bytesThatAreNoRecordAreUndecodable() {
        byte[] good = chunks.serializer().serialize(TOPIC, chunk("some text that is long enough"));
        byte[][] poisons = {
            {},
            {0, 0, 0},
            {7, 0, 0, 0, 1, 2, 3},
            {0, 0, 0, 0, 99, 1, 2},
            Arrays.copyOf(good, good.length - 3),
            Arrays.copyOf(good, good.length + 3),
            {0, 0, 0, 0, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f}
        };
        for (byte[] poison : poisons) {
            assertThatThrownBy(() -> chunks.deserializer().deserialize(TOPIC, poison))
                    .as(Arrays.toString(poison))
                    .isInstanceOf(UndecodableRecordException.class);
        }
    }

    @Test
    void aWellFormedRecordOfAnotherTopicIsUndecodable() {
        client.register("chat.controls.v1-value", Control.getClassSchema());
        Serde<Control> controls = new ValueSerdes(RegistrySettings.of(registry.url())).of(Control.class);
        byte[] control = controls.serializer()
                .serialize("chat.controls.v1", new Control("g", TIME, new CancelGeneration("requested")));

        assertThatThrownBy(() -> chunks.deserializer().deserialize(TOPIC, control))
                .isInstanceOf(UndecodableRecordException.class)
                .hasMessageContaining("Control");
    }

    @Test
    void aRecordOfAnUnknownTypeIsUndecodable() {
        Schema stranger = SchemaBuilder.record("Stranger")
                .namespace("elsewhere")
                .fields()
                .requiredInt("n")
                .endRecord();
        byte id = (byte) registry.add(stranger);

        assertThatThrownBy(() -> chunks.deserializer().deserialize(TOPIC, new byte[] {0, 0, 0, 0, id, 2}))
                .isInstanceOf(UndecodableRecordException.class)
                .hasMessageContaining("elsewhere.Stranger");
    }

    @Test
    void aRegistryThatComesBackIsWaitedFor() {
        registry.failures.set(2);

        assertThat(chunks.serializer().serialize(TOPIC, chunk("late"))).isNotEmpty();
    }

    @Test
    void whatWasLearntDoesWithoutTheRegistry() throws IOException {
        byte[] earlier = documentBeforeTitles();
        client.register("chat.documents.v1-value", Document.getClassSchema());
        RegistryClient knowing = RegistryClient.of(RegistrySettings.of(registry.url()));

        assertThat(knowing.learn("chat.documents.v1-value")).isPositive();
        int asked = registry.requests.get();
        assertThat(knowing.learn("chat.documents.v1-value")).isPositive();
        assertThat(registry.requests).as("only whether there are more").hasValue(asked + 1);
        registry.close();

        Serde<Document> documents = new ValueSerdes(RegistrySettings.of(registry.url()), knowing).of(Document.class);
        Document document = new Document("t", "w", "p", null, null, "text/plain", "words", TIME);
        assertThat(documents.deserializer().deserialize("chat.documents.v1", earlier))
                .isEqualTo(document);
        assertThat(documents
                        .deserializer()
                        .deserialize(
                                "chat.documents.v1", documents.serializer().serialize("chat.documents.v1", document)))
                .isEqualTo(document);
    }

    @Test
    void nothingIsLearntWhereNothingIsRegisteredAndNobodyWaitedForWhoIsAway() {
        assertThat(client.learn("never-value")).isZero();

        registry.failures.set(1);
        assertThatThrownBy(() -> client.learn("never-value"))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("503");
        assertThat(registry.failures).hasValue(0);
        registry.close();
        assertThatThrownBy(() -> client.learn("never-value"))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("no answer from the schema registry at " + registry.url());
    }

    @Test
    void aRunningServiceDoesNotRegister() {
        assertThatThrownBy(() -> chunks.serializer().serialize("not.provisioned", chunk("x")))
                .isInstanceOf(SchemaNotRegisteredException.class)
                .hasMessageContaining("./parley provision");
    }

    @Test
    void anIncompatibleSchemaIsRefusedWithTheRegistrysReason() {
        assertThatThrownBy(() -> client.register("stubborn-value", GenerationChunk.getClassSchema()))
                .isInstanceOf(IncompatibleSchemaException.class)
                .hasMessageContaining("field removed");
    }

    @Test
    void aRecordOfAnEarlierVersionIsReadWithDefaults() throws IOException {
        byte[] earlier = documentBeforeTitles();

        Serde<Document> documents = new ValueSerdes(RegistrySettings.of(registry.url())).of(Document.class);

        assertThat(documents.deserializer().deserialize("chat.documents.v1", earlier))
                .isEqualTo(new Document("t", "w", "p", null, null, "text/plain", "words", TIME));
    }

    /** As a version wrote it whose documents had no titles; its schema is added to the registry. */
    private byte[] documentBeforeTitles() throws IOException {
        Schema beforeTitles = SchemaBuilder.record("Document")
                .namespace("dev.parley.chat.v1")
                .fields()
                .requiredString("tenantId")
                .requiredString("workspaceId")
                .requiredString("path")
                .requiredString("contentType")
                .requiredString("text")
                .name("time")
                .type(LogicalTypes.timestampMillis().addToSchema(Schema.create(Schema.Type.LONG)))
                .noDefault()
                .endRecord();
        GenericRecord earlier = new GenericRecordBuilder(beforeTitles)
                .set("tenantId", "t")
                .set("workspaceId", "w")
                .set("path", "p")
                .set("contentType", "text/plain")
                .set("text", "words")
                .set("time", TIME.toEpochMilli())
                .build();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[] {0, 0, 0, 0, (byte) registry.add(beforeTitles)});
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(beforeTitles).write(earlier, encoder);
        return bytes.toByteArray();
    }

    @Test
    void serialiserClassesAreReplaceableByName() {
        RegistrySettings settings = new RegistrySettings(
                registry.url(), Optional.empty(), StringSerializer.class.getName(), StringDeserializer.class.getName());
        Serde<String> strings = new ValueSerdes(settings).of(String.class);

        assertThat(strings.deserializer()
                        .deserialize(TOPIC, strings.serializer().serialize(TOPIC, "plain")))
                .isEqualTo("plain");
        assertThatThrownBy(() ->
                        new ValueSerdes(new RegistrySettings(registry.url(), Optional.empty(), "no.such.Class", "x")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("PARLEY_VALUE_SERIALIZER");
    }

    @Test
    void aSerialiserConfiguredByKafkaFindsItsRegistry() {
        AvroSerializer serializer = new AvroSerializer();
        serializer.configure(Map.of("schema.registry.url", registry.url().toString()), false);

        assertThat(serializer.serialize(TOPIC, chunk("x"))).isNotEmpty();
        assertThatThrownBy(() -> new AvroDeserializer().configure(Map.of(), false))
                .isInstanceOf(ConfigException.class);
    }
}
