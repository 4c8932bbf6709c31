package dev.parley.ingest;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.contract.Contracts;
import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.Access;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Cors;
import dev.parley.ingest.http.HttpServer;
import dev.parley.ingest.http.Problems;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.http.Tickets;
import dev.parley.ingest.page.WebPage;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.ingest.protocol.agui.AgUiApi;
import dev.parley.ingest.protocol.aisdk.AiSdkApi;
import dev.parley.ingest.protocol.anthropic.AnthropicApi;
import dev.parley.ingest.protocol.mcp.McpApi;
import dev.parley.ingest.protocol.nativeapi.NativeApi;
import dev.parley.ingest.protocol.openai.OpenAiApi;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** The front door: every protocol, the web page, health and metrics on one HTTP server. */
public final class IngestApi implements Role {

    private final HttpServer server;
    private final Door door;
    private final WriteSide writing;
    private final ReadSide reading;
    private final List<Protocol> protocols;

    private IngestApi(HttpServer server, Door door, WriteSide writing, ReadSide reading, List<Protocol> protocols) {
        this.server = server;
        this.door = door;
        this.writing = writing;
        this.reading = reading;
        this.protocols = protocols;
    }

    /**
     * Starts the server.
     *
     * @param reading its edge is closed together with this
     * @param roles of this process, for {@code /health/ready}
     * @throws HttpServer.AddressTakenException where another process has the port
     */
    public static IngestApi start(
            IngestSettings settings,
            KafkaSettings kafka,
            Topics topics,
            ReadSide reading,
            PrometheusMeterRegistry meters,
            Supplier<List<Role>> roles) {
        return start(settings, topics, WriteSide.start(kafka, topics, meters), reading, meters, roles);
    }

    /** The same over {@code writing}, which is closed together with this. */
    static IngestApi start(
            IngestSettings settings,
            Topics topics,
            WriteSide writing,
            ReadSide reading,
            PrometheusMeterRegistry meters,
            Supplier<List<Role>> roles) {
        Tickets tickets = new Tickets(settings.tenantsByKey().keySet(), InstantSource.system());
        Access access = new Access(settings.tenantsByKey(), tickets, settings.corsOrigins());
        Admission admission = new Admission(settings.maxRequests(), settings.maxBodyBytes(), meters);
        Serving serving = new Serving(
                access,
                admission,
                settings.clients().strict(),
                settings.clients().files());
        Files files = new Files(writing.files().log(), writing.files().reader(), writing.configurations());
        Door door = new Door(writing.commands(), reading.feed(), reading.conversations(), files, meters);
        EventStreams streams = new EventStreams(reading.edge());
        Abandoned abandoned = new Abandoned(door.turns());
        ChatRules chats = new ChatRules(settings.clients().stopAfter());
        List<Protocol> protocols = List.of(
                new NativeApi(
                        serving,
                        door,
                        streams,
                        new Documents(writing.documents(), reading.documents()),
                        files,
                        writing.searches(),
                        tickets,
                        settings.defaultWorkspace()),
                // Before OpenAI's, whose form of errors is for all of /v1.
                new AnthropicApi(
                        serving,
                        door,
                        streams,
                        writing.configurations(),
                        settings.clients().model()),
                new OpenAiApi(
                        serving,
                        door,
                        streams,
                        writing.configurations(),
                        settings.clients().model(),
                        settings.defaultWorkspace(),
                        reading.embeddings(),
                        files),
                new AiSdkApi(serving, door, streams, abandoned, chats),
                new AgUiApi(serving, door, streams, abandoned, chats),
                new McpApi(serving, door, streams, writing.searches(), settings.defaultWorkspace()));
        Cors cors = new Cors(
                settings.corsOrigins(),
                protocols.stream()
                        .flatMap(protocol -> protocol.readableHeaders().stream())
                        .toList());
        Problems problems = new Problems(protocols.stream()
                .map(Protocol::errors)
                .flatMap(Optional::stream)
                .toList());
        Failures.addTo(problems);
        try {
            HttpServer server = HttpServer.start(settings.host(), settings.port(), meters, config -> {
                WebPage.addTo(config);
                config.routes.before(ctx -> {
                    WebPage.protect(ctx);
                    if (!Operations.isProbe(ctx)) {
                        access.checkOrigin(ctx);
                    }
                    cors.admit(ctx);
                });
                protocols.forEach(protocol -> protocol.addTo(config));
                new Operations(meters, roles).addTo(config.routes);
                new Contracts(topics).addTo(config.routes);
                problems.addTo(config.routes);
            });
            return new IngestApi(server, door, writing, reading, protocols);
        } catch (RuntimeException e) {
            writing.close();
            throw e;
        }
    }

    /** Where it listens, such as {@code http://127.0.0.1:8080}. */
    public String url() {
        return server.url();
    }

    /** Every route, such as {@code GET /api/conversations/{id}}. */
    Set<String> routes() {
        return server.routes();
    }

    @Override
    public String name() {
        return "ingest-api";
    }

    @Override
    public Health health() {
        // Until then, models that there are would be said not to be.
        return writing.isConfigured()
                ? new Health(true, "listens on " + url())
                : new Health(false, "reads the configuration");
    }

    @Override
    public void close() {
        reading.edge().close();
        protocols.forEach(Protocol::close);
        door.close();
        writing.searches().release();
        server.close();
        writing.close();
    }
}
