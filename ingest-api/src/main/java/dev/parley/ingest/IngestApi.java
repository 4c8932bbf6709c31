package dev.parley.ingest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.contract.Contracts;
import dev.parley.ingest.documents.DocumentLog;
import dev.parley.ingest.documents.DocumentReader;
import dev.parley.ingest.documents.KafkaDocumentLog;
import dev.parley.ingest.door.CommandLog;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.KafkaCommandLog;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Access;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Cors;
import dev.parley.ingest.http.Problems;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.http.Tickets;
import dev.parley.ingest.protocol.aisdk.ChatSockets;
import dev.parley.ingest.protocol.aisdk.UiChat;
import dev.parley.ingest.protocol.aisdk.UiChatCalls;
import dev.parley.ingest.protocol.nativeapi.DocumentCalls;
import dev.parley.ingest.protocol.nativeapi.NativeApi;
import dev.parley.ingest.protocol.nativeapi.SearchCalls;
import dev.parley.ingest.protocol.nativeapi.Views;
import dev.parley.ingest.protocol.openai.Models;
import dev.parley.ingest.protocol.openai.OpenAiApi;
import dev.parley.ingest.protocol.openai.OpenAiCalls;
import dev.parley.ingest.protocol.openai.ResponseCalls;
import dev.parley.ingest.search.KafkaSearches;
import dev.parley.ingest.search.Searches;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.configuration.ConfigurationTail;
import dev.parley.schemas.configuration.Configurations;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.DocumentQueries;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.staticfiles.Location;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.BindException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The HTTP server: routes of every protocol, the web page, health and metrics. Requests run on virtual threads; an event
 * stream keeps its own until the client leaves.
 */
public final class IngestApi implements Role {

    private static final Logger logger = LoggerFactory.getLogger(IngestApi.class);

    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final String REQUEST_ID_HEADER = "x-request-id";
    /** As the standard has it, and with slashes that are part of a name: OpenAI's clients send a model's name like that. */
    private static final UriCompliance URIS =
            UriCompliance.DEFAULT.with("parley", UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR);

    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /** Connections that wait to be accepted; systems allow no more by default. */
    static final int ACCEPT_QUEUE = 4_096;

    /** Longer than anyone may wait for an answer, and than the pause between two heartbeats of a stream. */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(150);

    /** For requests under way when the server stops; whoever waits has been let go by then. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration STOP_PAUSE = Duration.ofMillis(5);

    /** The page brings everything it needs, and nothing else may run in it. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self';"
                    + " frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    private final Javalin server;

    /** Requests whose answers have not been written whole. */
    private final AtomicInteger underWay;

    private final Door door;
    private final Configurations configurations;
    private final CommandLog log;
    private final DocumentLog documentLog;
    private final Searches searches;
    private final SseEdge edge;
    private final ChatSockets sockets;
    private final IngestSettings settings;

    private IngestApi(
            Javalin server,
            AtomicInteger underWay,
            Door door,
            Configurations configurations,
            CommandLog log,
            DocumentLog documentLog,
            Searches searches,
            SseEdge edge,
            ChatSockets sockets,
            IngestSettings settings) {
        this.server = server;
        this.underWay = underWay;
        this.door = door;
        this.configurations = configurations;
        this.log = log;
        this.documentLog = documentLog;
        this.searches = searches;
        this.edge = edge;
        this.sockets = sockets;
        this.settings = settings;
    }

    /**
     * Starts the server.
     *
     * @param edge closed together with this
     * @param roles of this process, for {@code /health/ready}
     * @throws AddressTakenException where another process has the port
     */
    public static IngestApi start(
            IngestSettings settings,
            KafkaSettings kafka,
            Topics topics,
            ConversationFeed feed,
            SseEdge edge,
            ConversationQueries queries,
            DocumentQueries documents,
            PrometheusMeterRegistry meters,
            Supplier<List<Role>> roles) {
        ConfigurationTail configurations = new ConfigurationTail(
                topics.configuration(),
                kafka,
                "parley-ingest-configuration",
                meters.counter(
                        "parley.records.skipped",
                        "topic",
                        topics.configuration().name())::increment);
        configurations.start();
        return start(
                settings,
                configurations,
                new KafkaCommandLog(kafka, topics, meters),
                new KafkaDocumentLog(kafka, topics, meters),
                new KafkaSearches(kafka, topics, meters),
                topics,
                feed,
                edge,
                queries,
                documents,
                meters,
                roles);
    }

    static IngestApi start(
            IngestSettings settings,
            Configurations configurations,
            CommandLog log,
            DocumentLog documentLog,
            Searches searches,
            Topics topics,
            ConversationFeed feed,
            SseEdge edge,
            ConversationQueries queries,
            DocumentQueries documents,
            PrometheusMeterRegistry meters,
            Supplier<List<Role>> roles) {
        Tickets tickets = new Tickets(settings.tenantsByKey().keySet(), InstantSource.system());
        Access access = new Access(settings.tenantsByKey(), tickets, settings.corsOrigins());
        Cors cors = new Cors(settings.corsOrigins());
        Admission admission = new Admission(settings, meters);
        Serving serving = new Serving(access, admission);
        Door door = new Door(log, feed, queries, meters);
        Snapshots snapshots = new Snapshots(door, feed, queries);
        Abandoned abandoned = new Abandoned(door);
        UiChat chat = new UiChat(door);
        NativeApi nativeApi = new NativeApi(
                door,
                serving,
                admission,
                snapshots,
                edge,
                tickets,
                new DocumentCalls(documentLog, documents, new DocumentReader()),
                new SearchCalls(searches, admission),
                settings.defaultWorkspace());
        Supplier<Models> models = () -> settings.models().with(configurations.current());
        OpenAiApi openAi = new OpenAiApi(
                serving,
                new OpenAiCalls(door, edge, admission, models, abandoned),
                new ResponseCalls(door, snapshots, edge, admission, models, abandoned));
        UiChatCalls uiChat = new UiChatCalls(serving, chat, edge);
        ChatSockets sockets = new ChatSockets(access, chat, edge);
        AtomicInteger underWay = new AtomicInteger();
        Javalin server = Javalin.create(config -> {
            server(config, settings);
            page(config);
            config.routes.before(ctx -> {
                count(ctx, underWay);
                receive(ctx, access);
                cors.admit(ctx);
            });
            nativeApi.addTo(config.routes);
            openAi.addTo(config.routes);
            uiChat.addTo(config.routes);
            sockets.addTo(config);
            operations(config.routes, meters, roles);
            new Contracts(topics).addTo(config.routes);
            Problems.addTo(config.routes);
            config.requestLogger.http((ctx, millis) -> served(ctx, millis, meters));
        });
        try {
            server.start();
        } catch (RuntimeException e) {
            log.close();
            documentLog.close();
            searches.close();
            stop(configurations);
            throw isTaken(e) ? new AddressTakenException(settings) : e;
        }
        return new IngestApi(
                server, underWay, door, configurations, log, documentLog, searches, edge, sockets, settings);
    }

    /** Another process listens where the server should. */
    public static final class AddressTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        AddressTakenException(IngestSettings settings) {
            super("port " + settings.port() + " on " + settings.host()
                    + " is taken by another process: stop that process, or choose another port with --http-port");
        }
    }

    private static boolean isTaken(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return true;
            }
        }
        return false;
    }

    private static void server(JavalinConfig config, IngestSettings settings) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.http.maxRequestSize = Admission.MAX_BODY_BYTES;
        config.http.prefer405over404 = true;
        config.http.generateEtags = false;
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setSendDateHeader(false);
            http.setUriCompliance(URIS);
            http.setOutputBufferSize(8 * 1024);
            http.setRequestHeaderSize(MAX_HEADER_BYTES);
            http.setIdleTimeout(IDLE_TIMEOUT.toMillis());
        });
        config.jetty.addConnector((server, http) -> connector(server, http, settings));
        config.jetty.modifyServletContextHandler(
                context -> context.getServletHandler().setDecodeAmbiguousURIs(true));
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new Problems.OfJetty());
            // Idle connections would be waited for as well; what is under way is waited for here, in close().
            server.setStopTimeout(0);
        });
    }

    /**
     * What a burst brings has to reach {@link Admission}, which refuses what is too much and says when to come again: a
     * connection that finds the usual queue of 50 full is dropped by the system, and its caller told nothing for seconds.
     */
    public static ServerConnector connector(Server server, HttpConfiguration http, IngestSettings settings) {
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        return connector;
    }

    private static void page(JavalinConfig config) {
        config.staticFiles.add(files -> {
            files.hostedPath = "/";
            files.directory = "/web";
            files.location = Location.CLASSPATH;
            files.headers = Map.of("Cache-Control", "no-cache");
        });
    }

    /** Counts a request until the last byte of its answer is on its way. */
    private static void count(Context ctx, AtomicInteger underWay) {
        underWay.incrementAndGet();
        org.eclipse.jetty.server.Request.addCompletionListener(
                ServletContextRequest.getServletContextRequest(ctx.req()), failure -> underWay.decrementAndGet());
    }

    /** What every request goes through first. */
    private static void receive(Context ctx, Access access) {
        String offered = ctx.header(REQUEST_ID_HEADER);
        ctx.header(
                REQUEST_ID_HEADER,
                offered != null && REQUEST_ID.matcher(offered).matches()
                        ? offered
                        : UUID.randomUUID().toString());
        ctx.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
        access.checkOrigin(ctx);
    }

    private static void operations(RoutesConfig routes, PrometheusMeterRegistry meters, Supplier<List<Role>> roles) {
        routes.get(
                "/health/live",
                ctx -> NativeApi.answer(
                        ctx, 200, Views.MAPPER.createObjectNode().put("live", true)));
        routes.get("/health/ready", ctx -> {
            ObjectNode answer = Views.MAPPER.createObjectNode();
            boolean ready = true;
            ArrayNode list = answer.putArray("roles");
            for (Role role : roles.get()) {
                Role.Health health = role.health();
                ready &= health.ready();
                list.addObject()
                        .put("role", role.name())
                        .put("ready", health.ready())
                        .put("detail", health.detail());
            }
            NativeApi.answer(ctx, ready ? 200 : 503, answer.put("ready", ready));
        });
        routes.get(
                "/metrics",
                ctx -> ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(meters.scrape()));
    }

    /** One line and one measurement a request; of what was asked, only the route's template. */
    private static void served(Context ctx, float millis, PrometheusMeterRegistry meters) {
        String route = ctx.endpoints().lastHttpEndpoint() == null
                ? "none"
                : ctx.endpoints().lastHttpEndpoint().path;
        if (!route.endsWith("/events")) {
            Timer.builder("parley.http.requests")
                    .tag("method", ctx.method().name())
                    .tag("route", route)
                    .tag("status", Integer.toString(ctx.statusCode()))
                    .publishPercentileHistogram()
                    .register(meters)
                    .record(Duration.ofNanos((long) (millis * 1e6)));
        }
        logger.atLevel(ctx.statusCode() >= 500 ? Level.WARN : Level.DEBUG)
                .addKeyValue("method", ctx.method())
                .addKeyValue("route", route)
                .addKeyValue("status", ctx.statusCode())
                .addKeyValue("millis", millis)
                .addKeyValue("requestId", ctx.res().getHeader(REQUEST_ID_HEADER))
                .log("{} {} {}", ctx.method(), route, ctx.statusCode());
    }

    /** Where it listens, such as {@code http://127.0.0.1:8080}. */
    public String url() {
        return "http://" + (settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host()) + ":"
                + server.port();
    }

    /** Every route, such as {@code GET /api/conversations/{id}}: what the published contract has to describe. */
    Set<String> routes() {
        return server.unsafe.internalRouter.allHttpHandlers().stream()
                .map(handler -> handler.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .map(endpoint -> endpoint.method.name() + " " + endpoint.path)
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public String name() {
        return "ingest-api";
    }

    @Override
    public Health health() {
        // Until then, models that there are would be said not to be.
        return configurations instanceof ConfigurationTail tail && !tail.isCaughtUp()
                ? new Health(false, "reads the configuration")
                : new Health(true, "listens on " + url());
    }

    @Override
    public void close() {
        edge.close();
        sockets.close();
        door.close();
        searches.release();
        long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
        while (underWay.get() > 0
                && System.nanoTime() < deadline
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(STOP_PAUSE.toNanos());
        }
        server.stop();
        log.close();
        documentLog.close();
        searches.close();
        stop(configurations);
    }

    /** Tests bring one that needs no end. */
    private static void stop(Configurations configurations) {
        if (configurations instanceof ConfigurationTail tail) {
            tail.close();
        }
    }
}
