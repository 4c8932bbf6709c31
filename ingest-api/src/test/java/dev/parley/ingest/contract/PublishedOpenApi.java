package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import dev.parley.ingest.DoorUnderTest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The OpenAPI document that a server publishes, to hold its answers against.
 *
 * <p>Objects are closed for that: a field that an answer has and the document does not name is a finding, although the
 * document leaves clients free to see such fields from later versions.
 */
public final class PublishedOpenApi {

    private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete", "head", "options");

    private static final String DATA = "data: ";

    /** How some protocols end a stream. */
    private static final String DONE = DATA + "[DONE]";

    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            registry -> registry.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

    private final JsonNode document;
    private final Map<String, JsonNode> operations = new TreeMap<>();
    private final Map<String, String> routes = new TreeMap<>();

    public PublishedOpenApi(String yaml) {
        try {
            document = new YAMLMapper().readTree(yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        close(document);
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(entry -> {
                    if (METHODS.contains(entry.getKey())) {
                        String id = entry.getValue().path("operationId").asText();
                        if (operations.put(id, entry.getValue()) != null) {
                            throw new IllegalArgumentException("two operations are called " + id);
                        }
                        routes.put(id, entry.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
                    }
                }));
    }

    /** The one that servers of this build publish. */
    public static PublishedOpenApi ofThisBuild() {
        try (InputStream in = Objects.requireNonNull(
                PublishedOpenApi.class.getResourceAsStream("/contracts/openapi.yaml"), "openapi.yaml")) {
            return new PublishedOpenApi(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(JsonNode node) {
        if (node instanceof ObjectNode object
                && object.path("type").asText().equals("object")
                && object.path("properties").isObject()
                && !object.has("additionalProperties")) {
            object.put("additionalProperties", false);
        }
        node.forEach(PublishedOpenApi::close);
    }

    /** Every operation's route, such as {@code GET /api/conversations/{id}}, by its id. */
    public Map<String, String> routes() {
        return routes;
    }

    /** A part of the document, by its JSON pointer. */
    public JsonNode at(String pointer) {
        return document.at(pointer);
    }

    private JsonNode operation(String id) {
        return Objects.requireNonNull(operations.get(id), id);
    }

    /** What of an answer is not as documented; empty where all is. */
    public List<String> objections(String operation, int status, HttpHeaders headers, String body) {
        JsonNode response = resolved(operation(operation).path("responses").path(Integer.toString(status)));
        if (response.isMissingNode()) {
            return List.of("status " + status + " is not documented");
        }
        List<String> objections = new ArrayList<>();
        response.path("headers").properties().forEach(header -> {
            JsonNode documented = resolved(header.getValue());
            String value = headers.firstValue(header.getKey()).orElse("");
            if (value.isEmpty()) {
                if (documented.path("required").asBoolean()) {
                    objections.add("header " + header.getKey() + " is missing");
                }
            } else {
                boolean number = documented.path("schema").path("type").asText().equals("integer");
                objections.addAll(objections(
                        documented.path("schema"), number ? json(value) : TextNode.valueOf(value), header.getKey()));
            }
        });
        if (!response.has("content")) {
            if (!body.isEmpty()) {
                objections.add("a body is not documented");
            }
            return objections;
        }
        String type = headers.firstValue("Content-Type").orElse("").split(";", -1)[0];
        JsonNode media = response.path("content").path(type);
        if (media.isMissingNode()) {
            objections.add("content type '" + type + "' is not documented");
        } else {
            JsonNode content = type.endsWith("json") && !type.endsWith("ndjson") ? json(body) : TextNode.valueOf(body);
            objections.addAll(objections(media.path("schema"), content, "body"));
            if (type.equals("text/event-stream")) {
                JsonNode event = media.path("schema").path("contentSchema").path("items");
                told(body).forEach(data -> objections.addAll(objections(event, data, "event " + data)));
            }
        }
        return objections;
    }

    /** The JSON of all events of a stream, or of its beginning. */
    public static List<JsonNode> told(String stream) {
        return stream.lines()
                .filter(line -> line.startsWith(DATA) && !line.equals(DONE))
                .map(line -> json(line.substring(DATA.length())))
                .toList();
    }

    /** What of a request's JSON body is not as documented. */
    public List<String> objectionsToRequest(String operation, JsonNode body) {
        return objections(
                operation(operation)
                        .path("requestBody")
                        .path("content")
                        .path("application/json")
                        .path("schema"),
                body,
                "request");
    }

    /** What of {@code instance} is not as the component schema {@code name} says. */
    public List<String> objectionsTo(String name, JsonNode instance) {
        return objections(document.path("components").path("schemas").path(name), instance, name);
    }

    /** Has each of {@code told} be as the component schema {@code name} says. */
    public void assertDocumented(String name, List<? extends JsonNode> told) {
        for (JsonNode data : told) {
            assertThat(objectionsTo(name, data)).as(data.toString()).isEmpty();
        }
    }

    /** The types of events that the component schema {@code union} has. */
    public Set<String> types(String union) {
        return at("/components/schemas/" + union + "/discriminator/mapping").properties().stream()
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private List<String> objections(JsonNode schema, JsonNode instance, String where) {
        if (schema.isMissingNode()) {
            throw new IllegalArgumentException("there is no schema of " + where);
        }
        // References of the schema begin at its root, which is the document's.
        ObjectNode rooted = schema.deepCopy();
        rooted.set("components", document.path("components"));
        return SCHEMAS.getSchema(rooted).validate(instance).stream()
                .map(Error::toString)
                .map(error -> where + error)
                .toList();
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText();
        return reference.isEmpty() ? node : document.at(reference.substring(1));
    }

    private static JsonNode json(String text) {
        try {
            return DoorUnderTest.MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }
}
