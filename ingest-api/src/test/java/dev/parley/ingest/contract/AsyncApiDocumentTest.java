package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The document as it is served. That it is good AsyncAPI, its own tools say, in {@code infra/clients}. */
class AsyncApiDocumentTest {

    @SuppressWarnings("NullAway.Init")
    private static JsonNode document;

    @BeforeAll
    static void read() throws IOException {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.get("/asyncapi.yaml");
            assertThat(reply.header("Content-Type")).isEqualTo("application/yaml");
            document = new YAMLMapper().readTree(reply.text());
        }
    }

    static Stream<TopicSpec> topics() {
        return DoorUnderTest.TOPICS.specs().stream();
    }

    private static JsonNode channel(Topic<?, ?> topic) {
        return document.path("channels").path(topic.name());
    }

    @Test
    void everyTopicIsAChannel() {
        assertThat(document.path("channels").properties().stream().map(Map.Entry::getKey))
                .containsExactlyElementsOf(topics().map(TopicSpec::name).toList());
    }

    @ParameterizedTest
    @MethodSource("topics")
    void aChannelIsAsItsTopicIsProvisioned(TopicSpec topic) {
        JsonNode channel = document.path("channels").path(topic.name());
        assertThat(channel.path("address").asText()).isEqualTo(topic.name());
        assertThat(channel.path("description").asText()).isNotBlank();
        JsonNode kafka = channel.at("/bindings/kafka");
        assertThat(kafka.path("partitions").asInt()).isEqualTo(topic.partitions());
        // Left to the brokers where nobody has said.
        assertThat(kafka.path("replicas").asInt(-1)).isEqualTo(topic.replicationFactor());
        topic.configs().forEach((name, value) -> {
            JsonNode documented = kafka.path("topicConfiguration").path(name);
            assertThat(documented.isArray() ? documented.path(0).asText() : documented.asText())
                    .as(name)
                    .isEqualTo(value);
        });
    }

    @ParameterizedTest
    @MethodSource("topics")
    void aPayloadIsTheSchemaThatIsRegistered(TopicSpec topic) {
        JsonNode message =
                document.path("channels").path(topic.name()).path("messages").path(0);
        for (JsonNode only : document.path("channels").path(topic.name()).path("messages")) {
            message = only;
        }
        JsonNode payload = message.path("payload");
        if (topic.schema().isEmpty()) {
            assertThat(payload.has("schemaFormat")).isFalse();
            return;
        }
        Schema documented = new Schema.Parser().parse(payload.path("schema").toString());
        assertThat(SchemaNormalization.toParsingForm(documented))
                .isEqualTo(SchemaNormalization.toParsingForm(topic.schema().get()));
        assertThat(payload.toString()).doesNotContain("avro.java.string");
    }

    @Test
    void defaultsAndDocumentationOfTheSchemasAreKept() {
        JsonNode commands = channel(DoorUnderTest.TOPICS.commands()).at("/messages/Command/payload/schema");

        assertThat(commands.toString())
                .contains("\"default\":\"ENQUEUE\"", "Unique per request", "\"logicalType\":\"timestamp-millis\"");
    }

    @Test
    void whoWritesAndReadsIsAnOperationEach() {
        topics().forEach(topic -> {
            topic.use()
                    .writers()
                    .forEach(role -> assertThat(document.path("operations")
                                    .path(role + "-writes-" + topic.name())
                                    .path("action")
                                    .asText())
                            .isEqualTo("send"));
            topic.use()
                    .readers()
                    .forEach(role -> assertThat(document.path("operations")
                                    .path(role + "-reads-" + topic.name())
                                    .path("action")
                                    .asText())
                            .isEqualTo("receive"));
        });
    }

    @Test
    void theEventTypesAreTheBranchesOfTheBody() {
        JsonNode types = channel(DoorUnderTest.TOPICS.events())
                .at("/messages/ConversationEvent/headers/allOf/1/properties/ce_type/enum");

        assertThat(types)
                .extracting(JsonNode::asText)
                .contains("dev.parley.chat.v1.MessageCompleted")
                .containsExactlyElementsOf(
                        ConversationEvent.getClassSchema().getField("body").schema().getTypes().stream()
                                .map(Schema::getFullName)
                                .toList());
        assertThat(channel(DoorUnderTest.TOPICS.turns())
                        .at("/messages/TurnRequest/headers/allOf/1/properties/ce_type/enum/0")
                        .asText())
                .isEqualTo("dev.parley.chat.v1.TurnRequest");
    }
}
