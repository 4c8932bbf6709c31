package dev.parley.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry reached over Confluent's REST API.
 *
 * <p>Answers about ids never change, so they are kept for ever; the number of schemas bounds them. A registry that does
 * not answer is asked again with growing pauses for {@link #PATIENCE}. Thread-safe.
 *
 * @see <a href="https://docs.confluent.io/platform/current/schema-registry/develop/api.html">Schema Registry API</a>
 */
final class HttpRegistryClient implements RegistryClient {

    /** How long a registry may be away before whoever waits for it is told. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
    private static final String JSON = "application/vnd.schemaregistry.v1+json";
    private static final Logger logger = LoggerFactory.getLogger(HttpRegistryClient.class);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final URI url;
    private final Optional<String> authorization;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Map<Registration, Integer> ids = new ConcurrentHashMap<>();

    private final Map<String, Set<Integer>> learned = new ConcurrentHashMap<>();

    private record Registration(String subject, Schema schema) {}

    HttpRegistryClient(RegistrySettings settings) {
        this.url = settings.url();
        this.authorization = settings.basicAuth().map(Secret::reveal).map(HttpRegistryClient::basic);
    }

    private static String basic(String userInfo) {
        return "Basic " + Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Schema schema(int id) {
        Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        HttpResponse<String> response = send("GET", "/schemas/ids/" + id, null);
        if (response.statusCode() == 404) {
            throw new UndecodableRecordException("the registry knows no schema with id " + id);
        }
        String text = body(response).path("schema").asText();
        try {
            Schema schema = new Schema.Parser().parse(text);
            schemas.put(id, schema);
            return schema;
        } catch (SchemaParseException e) {
            throw new UndecodableRecordException("schema " + id + " is not an Avro schema", e);
        }
    }

    @Override
    public int id(String subject, Schema schema) {
        Registration registration = new Registration(subject, schema);
        Integer known = ids.get(registration);
        if (known != null) {
            return known;
        }
        HttpResponse<String> response = send("POST", "/subjects/" + encoded(subject), schemaBody(schema));
        if (response.statusCode() == 404) {
            throw new SchemaNotRegisteredException(subject, schema.getFullName());
        }
        int id = body(response).path("id").asInt();
        remember(registration, id);
        return id;
    }

    @Override
    public int learn(String subject) {
        String versions = "/subjects/" + encoded(subject) + "/versions";
        HttpResponse<String> listed = sendOnce(request("GET", versions, null));
        if (listed.statusCode() == 404) {
            return 0;
        }
        Set<Integer> known = learned.computeIfAbsent(subject, name -> ConcurrentHashMap.newKeySet());
        for (JsonNode version : body(listed)) {
            if (!known.contains(version.asInt())) {
                learn(subject, body(sendOnce(request("GET", versions + "/" + version.asInt(), null))));
                known.add(version.asInt());
            }
        }
        return known.size();
    }

    private void learn(String subject, JsonNode version) {
        try {
            Schema schema = new Schema.Parser().parse(version.path("schema").asText());
            remember(new Registration(subject, schema), version.path("id").asInt());
        } catch (SchemaParseException e) {
            // Somebody else's, which nothing of ours was written by.
            logger.debug("version {} of {} is not an Avro schema", version.path("version"), subject, e);
        }
    }

    @Override
    public int register(String subject, Schema schema) {
        HttpResponse<String> response = send("POST", "/subjects/" + encoded(subject) + "/versions", schemaBody(schema));
        if (response.statusCode() == 409) {
            throw new IncompatibleSchemaException(
                    subject, body(response.body()).path("message").asText());
        }
        int id = body(response).path("id").asInt();
        remember(new Registration(subject, schema), id);
        return id;
    }

    @Override
    public void compatibility(String subject, String rule) {
        ObjectNode request = MAPPER.createObjectNode().put("compatibility", rule);
        body(send("PUT", "/config/" + encoded(subject), request.toString()));
    }

    /** The first id stays: some registries give a schema that is registered twice another one. */
    private void remember(Registration registration, int id) {
        ids.putIfAbsent(registration, id);
        schemas.put(id, registration.schema());
    }

    private static String schemaBody(Schema schema) {
        return MAPPER.createObjectNode()
                .put("schemaType", "AVRO")
                .put("schema", schema.toString())
                .toString();
    }

    private static String encoded(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8);
    }

    private static JsonNode body(HttpResponse<String> response) {
        if (response.statusCode() / 100 != 2) {
            throw new RegistryUnavailableException("the schema registry answered " + response.statusCode() + " to "
                    + response.request().uri());
        }
        return body(response.body());
    }

    private static JsonNode body(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new RegistryUnavailableException("the schema registry's answer is not JSON", e);
        }
    }

    /** Sends until there is an answer that is not a server error, or patience ends. */
    private HttpResponse<String> send(String method, String path, @Nullable String body) {
        HttpRequest request = request(method, path, body);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                return sendOnce(request);
            } catch (RegistryUnavailableException e) {
                if (Thread.currentThread().isInterrupted() || System.nanoTime() >= deadline) {
                    throw e;
                }
            }
            pause = pauseThenGrow(pause);
        }
    }

    private HttpRequest request(String method, String path, @Nullable String body) {
        HttpRequest.BodyPublisher publisher =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(REQUEST_TIMEOUT)
                .header("Content-Type", JSON)
                .header("Accept", JSON)
                .method(method, publisher);
        authorization.ifPresent(value -> request.header("Authorization", value));
        return request.build();
    }

    /** An answer that is no server error. */
    private HttpResponse<String> sendOnce(HttpRequest request) {
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() >= 500 || response.statusCode() == 429) {
                throw new RegistryUnavailableException(
                        "cannot use the schema registry at " + url + ": it answered " + response.statusCode());
            }
            return response;
        } catch (IOException e) {
            throw new RegistryUnavailableException("no answer from the schema registry at " + url, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryUnavailableException("interrupted while asking the schema registry", e);
        }
    }

    private static Duration pauseThenGrow(Duration pause) {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryUnavailableException("interrupted while waiting for the schema registry", e);
        }
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }
}
