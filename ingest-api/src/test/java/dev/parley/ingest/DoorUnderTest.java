package dev.parley.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.ingest.WriteSide.FileSide;
import dev.parley.ingest.contract.OpenAiTypes;
import dev.parley.ingest.documents.FakeDocuments;
import dev.parley.ingest.files.FakeFiles;
import dev.parley.ingest.http.RawConnection;
import dev.parley.ingest.search.Embeddings;
import dev.parley.ingest.search.FakeEmbeddings;
import dev.parley.ingest.search.FakeSearches;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.edge.EdgeSettings;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.stack.InMemoryRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One running front door, with a node's feed and read model of its own over a shared {@link FakeWorld}. What it answers by
 * OpenAI's API is held against OpenAI's types.
 */
public final class DoorUnderTest implements AutoCloseable {

    public static final ObjectMapper MAPPER = new ObjectMapper();

    /** Under names as an installation beside another one has them. */
    public static final Topics TOPICS = Topics.of(new TopicSettings("test.", 6, (short) 1), InMemoryRegistry.serdes());

    public final FakeWorld world;
    public final FakeFeed feed;
    public final FakeQueries queries;
    public final FakeDocuments documents = new FakeDocuments();
    public final FakeFiles files = new FakeFiles();
    public final FakeSearches searches = new FakeSearches();
    private final IngestApi api;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** What came back. */
    public record Reply(int status, String text, HttpResponse<String> response) {
        public JsonNode json() {
            try {
                return MAPPER.readTree(text);
            } catch (IOException e) {
                throw new UncheckedIOException(text, e);
            }
        }

        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        /** The problem's code and, after a colon, its field where there is one. */
        public String problem() {
            JsonNode json = json();
            return json.path("code").asText()
                    + (json.has("field") ? ":" + json.path("field").asText() : "");
        }
    }

    public DoorUnderTest(FakeWorld world, Map<String, String> settings, Role... roles) {
        this(world, new FakeEmbeddings(), settings, roles);
    }

    private DoorUnderTest(FakeWorld world, Embeddings embeddings, Map<String, String> settings, Role... roles) {
        this.world = world;
        this.feed = world.feed();
        this.queries = world.queries();
        Map<String, String> all = new HashMap<>(settings);
        all.putIfAbsent("PARLEY_HTTP_PORT", "0");
        Settings read = Settings.of(all);
        EdgeSettings edge = EdgeSettings.from(read);
        IngestSettings ingest = IngestSettings.from(read);
        read.check();
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        api = IngestApi.start(
                ingest,
                TOPICS,
                new WriteSide(world, documents, new FileSide(files, files), searches, world.configurations()),
                new ReadSide(feed, new SseEdge(feed, edge, meters), queries, documents, embeddings),
                meters,
                () -> List.of(roles));
    }

    public static DoorUnderTest start() {
        return new DoorUnderTest(new FakeWorld(), Map.of());
    }

    public static DoorUnderTest over(FakeWorld world) {
        return new DoorUnderTest(world, Map.of());
    }

    /** One whose model for vectors is another. */
    public static DoorUnderTest with(Embeddings embeddings) {
        return new DoorUnderTest(new FakeWorld(), embeddings, Map.of());
    }

    public Set<String> routes() {
        return api.routes();
    }

    public URI url() {
        return URI.create(api.url());
    }

    public Reply get(String path, String... headers) {
        return send("GET", path, null, headers);
    }

    /** Sends {@code body} as JSON. */
    public Reply post(String path, Object body, String... headers) {
        return json("POST", path, body, headers);
    }

    public Reply json(String method, String path, Object body, String... headers) {
        try {
            byte[] bytes = body instanceof String text
                    ? text.getBytes(StandardCharsets.UTF_8)
                    : MAPPER.writeValueAsBytes(body);
            return send(method, path, bytes, with(headers, "Content-Type", "application/json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String[] with(String[] headers, String name, String value) {
        String[] more = Arrays.copyOf(headers, headers.length + 2);
        more[headers.length] = name;
        more[headers.length + 1] = value;
        return more;
    }

    @SuppressWarnings("NullAway") // No body is null, as BodyPublishers says it.
    public Reply send(String method, String path, byte @org.jspecify.annotations.Nullable [] body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(url().resolve(path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
            Reply reply = new Reply(response.statusCode(), response.body(), response);
            if (isOpenAi(path, headers)) {
                OpenAiTypes.check(method, path, reply.status(), reply.header("Content-Type"), reply.text());
            }
            return reply;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Anthropic's API has a path of its own, and else a header. */
    private static boolean isOpenAi(String path, String... headers) {
        return path.startsWith("/v1/")
                && !path.startsWith("/v1/messages")
                && !List.of(headers).contains("anthropic-version");
    }

    public RawConnection connect() {
        return new RawConnection(url().getHost(), url().getPort());
    }

    @Override
    public void close() {
        api.close();
        client.close();
    }
}
