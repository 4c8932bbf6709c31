package dev.parley.ingest.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/**
 * The topics as an AsyncAPI 3.0 document. Made from the catalogue and the Avro schemas of this very build, so that it
 * cannot say anything else than what is on the topics.
 *
 * @see <a href="https://www.asyncapi.com/docs/reference/specification/v3.0.0">AsyncAPI 3.0.0</a>
 */
final class AsyncApiDocument {

    private static final String AVRO = "application/vnd.apache.avro;version=1.9.0";
    private static final String KAFKA_BINDING = "0.5.0";
    private static final String CLOUD_EVENT = "CloudEvent";
    private static final String DEAD_LETTER = "DeadLetter";

    /** What Avro's compiler for Java notes in a schema, and nobody else needs. */
    private static final String JAVA_STRING = "avro.java.string";

    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                    .build())
            .build();

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ObjectNode document = NODES.objectNode();

    AsyncApiDocument(Topics topics) {
        document.put("asyncapi", "3.0.0");
        document.putObject("info")
                .put("title", "Parley's topics")
                .put("version", "1")
                .put(
                        "description",
                        "Every topic of this installation. Values are Avro in the Confluent wire format: a zero byte, the"
                                + " schema's id in four bytes, the record. Subjects are named <topic>-value. Headers are"
                                + " CloudEvents 1.0 in binary mode.")
                .putObject("license")
                .put("name", "Apache-2.0")
                .put("url", "https://www.apache.org/licenses/LICENSE-2.0");
        document.put("defaultContentType", "application/avro");
        ObjectNode channels = document.putObject("channels");
        ObjectNode operations = document.putObject("operations");
        for (TopicSpec topic : topics.specs()) {
            channels.set(topic.name(), channel(topic));
            topic.use().writers().forEach(role -> operation(operations, topic, role, "send", "writes"));
            topic.use().readers().forEach(role -> operation(operations, topic, role, "receive", "reads"));
        }
        ObjectNode schemas = document.putObject("components").putObject("schemas");
        schemas.set(CLOUD_EVENT, cloudEvent());
        schemas.set(DEAD_LETTER, deadLetter());
    }

    byte[] yaml() {
        try {
            return YAML.writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing to memory does not fail", e);
        }
    }

    private static ObjectNode channel(TopicSpec topic) {
        ObjectNode channel = NODES.objectNode();
        channel.put("address", topic.name());
        channel.put("description", topic.use().about());
        channel.putObject("messages").set(messageName(topic), message(topic));
        ObjectNode kafka = channel.putObject("bindings").putObject("kafka");
        kafka.put("topic", topic.name()).put("partitions", topic.partitions());
        if (topic.replicationFactor() > 0) {
            kafka.put("replicas", topic.replicationFactor());
        }
        kafka.set("topicConfiguration", configuration(topic.configs()));
        kafka.put("bindingVersion", KAFKA_BINDING);
        return channel;
    }

    /** Kafka's configuration, typed as the binding wants it. */
    private static ObjectNode configuration(Map<String, String> configs) {
        ObjectNode typed = NODES.objectNode();
        configs.forEach((name, value) -> {
            if (name.equals("cleanup.policy")) {
                List.of(value.split(",")).forEach(typed.withArray(name)::add);
            } else {
                typed.put(name, Long.parseLong(value));
            }
        });
        return typed;
    }

    private static String messageName(TopicSpec topic) {
        return topic.schema().map(Schema::getName).orElse(DEAD_LETTER);
    }

    private static ObjectNode message(TopicSpec topic) {
        ObjectNode message = NODES.objectNode().put("name", messageName(topic));
        ObjectNode kafka = NODES.objectNode();
        kafka.putObject("key")
                .put("type", "string")
                .put("description", topic.use().key());
        if (topic.schema().isPresent()) {
            Schema schema = topic.schema().get();
            message.put("contentType", "application/avro");
            message.set("headers", headers(schema));
            message.putObject("payload").put("schemaFormat", AVRO).set("schema", withoutJava(parsed(schema)));
            kafka.put("schemaIdLocation", "payload")
                    .put("schemaIdPayloadEncoding", "confluent")
                    .put("schemaLookupStrategy", "TopicNameStrategy");
        } else {
            message.put("contentType", "application/octet-stream");
            message.set("headers", reference(DEAD_LETTER));
            message.putObject("payload").put("description", "The original value.");
        }
        message.putObject("bindings").set("kafka", kafka.put("bindingVersion", KAFKA_BINDING));
        return message;
    }

    private static JsonNode parsed(Schema schema) {
        try {
            return Json.MAPPER.readTree(schema.toString());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Avro writes JSON", e);
        }
    }

    /** The schema as the contract has it, not as Java's classes do. */
    private static JsonNode withoutJava(JsonNode schema) {
        if (schema.isArray()) {
            ArrayNode array = NODES.arrayNode();
            schema.forEach(element -> array.add(withoutJava(element)));
            return array;
        }
        if (!schema.isObject()) {
            return schema;
        }
        if (schema.has(JAVA_STRING) && schema.path("type").asText().equals("string")) {
            return NODES.textNode("string");
        }
        ObjectNode object = NODES.objectNode();
        schema.properties().forEach(entry -> {
            if (!entry.getKey().equals(JAVA_STRING)) {
                object.set(entry.getKey(), withoutJava(entry.getValue()));
            }
        });
        return object;
    }

    private static ObjectNode headers(Schema schema) {
        ObjectNode headers = NODES.objectNode();
        ArrayNode parts = headers.putArray("allOf").add(reference(CLOUD_EVENT));
        ArrayNode types = parts.addObject()
                .putObject("properties")
                .putObject(CloudEventHeaders.TYPE)
                .putArray("enum");
        bodies(schema).forEach(body -> types.add(body.getFullName()));
        return headers;
    }

    /** What a record may be about: the branches of its body, or itself where it has none. */
    private static List<Schema> bodies(Schema schema) {
        Schema.Field body = schema.getField("body");
        return body == null ? List.of(schema) : body.schema().getTypes();
    }

    private static ObjectNode cloudEvent() {
        ObjectNode schema = NODES.objectNode().put("type", "object");
        schema.put(
                "description",
                "CloudEvents 1.0 in Kafka's binary content mode, and the W3C trace context that ties the hops of one"
                        + " request together.");
        ObjectNode properties = schema.putObject("properties");
        properties.putObject(CloudEventHeaders.SPEC_VERSION).put("const", "1.0");
        text(properties, CloudEventHeaders.ID, "Unique among the records of a source; the same for a repeat.");
        text(properties, CloudEventHeaders.TYPE, "The full name of the record that says what happened.");
        text(properties, CloudEventHeaders.SOURCE, "Who writes, such as /parley/conversation.");
        text(properties, CloudEventHeaders.TIME, "When it happened.").put("format", "date-time");
        properties.putObject(CloudEventHeaders.CONTENT_TYPE).put("const", "application/avro");
        required(schema, properties);
        text(properties, CloudEventHeaders.TRACEPARENT, "W3C Trace Context, from the HTTP request to the last chunk.");
        return schema;
    }

    private static ObjectNode deadLetter() {
        ObjectNode schema = NODES.objectNode().put("type", "object");
        schema.put(
                "description",
                "Where the record stood and why it was refused; its own headers are there under "
                        + DeadLetter.ORIGINAL_PREFIX);
        ObjectNode properties = schema.putObject("properties");
        text(properties, DeadLetter.TOPIC, "Where it stood.");
        text(properties, DeadLetter.PARTITION, "Where it stood.");
        text(properties, DeadLetter.OFFSET, "Where it stood.");
        text(properties, DeadLetter.CODE, "Why it was refused, by a stable name.");
        text(properties, DeadLetter.CAUSE, "Why it was refused, for an operator; quotes no message.");
        text(properties, DeadLetter.STAGE, "Who refused it.");
        text(properties, DeadLetter.TIME, "When it was refused.").put("format", "date-time");
        required(schema, properties);
        return schema;
    }

    private static ObjectNode text(ObjectNode properties, String name, String description) {
        return properties.putObject(name).put("type", "string").put("description", description);
    }

    private static void required(ObjectNode schema, ObjectNode properties) {
        properties.fieldNames().forEachRemaining(schema.withArray("required")::add);
    }

    private static ObjectNode reference(String schema) {
        return NODES.objectNode().put("$ref", "#/components/schemas/" + schema);
    }

    private static void operation(ObjectNode operations, TopicSpec topic, String role, String action, String verb) {
        String channel = "#/channels/" + topic.name();
        ObjectNode operation = operations.putObject(role + "-" + verb + "-" + topic.name());
        operation.put("action", action).put("title", role + " " + verb + " " + topic.name());
        operation.putObject("channel").put("$ref", channel);
        operation.putArray("messages").addObject().put("$ref", channel + "/messages/" + messageName(topic));
    }
}
