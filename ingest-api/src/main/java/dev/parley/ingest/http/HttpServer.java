package dev.parley.ingest.http;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.BindException;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
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
 * The HTTP server: Javalin on Jetty. Requests run on virtual threads; an event stream keeps its own until the client leaves.
 * Every request has an id, and is measured and logged once, by its route alone.
 */
public final class HttpServer implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(HttpServer.class);

    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    public static final String REQUEST_ID_HEADER = "x-request-id";
    /** As the standard has it, and with slashes that are part of a name: OpenAI's clients send a model's name like that. */
    private static final UriCompliance URIS =
            UriCompliance.DEFAULT.with("parley", UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR);

    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /** Connections that wait to be accepted; systems allow no more by default. */
    private static final int ACCEPT_QUEUE = 4_096;

    /** Longer than anyone may wait for an answer, and than the pause between two heartbeats of a stream. */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(150);

    /** For requests under way when the server stops; whoever waits has been let go by then. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration STOP_PAUSE = Duration.ofMillis(5);

    private final String host;
    private final Javalin server;

    /** Requests whose answers have not been written whole. */
    private final AtomicInteger underWay;

    private HttpServer(String host, Javalin server, AtomicInteger underWay) {
        this.host = host;
        this.server = server;
        this.underWay = underWay;
    }

    /**
     * Starts a server.
     *
     * @param port 0 for a free one
     * @param served adds what is served; its handlers come after those that every request goes through
     * @throws AddressTakenException where another process has the port
     */
    public static HttpServer start(String host, int port, MeterRegistry meters, Consumer<JavalinConfig> served) {
        AtomicInteger underWay = new AtomicInteger();
        Javalin server = Javalin.create(config -> {
            configure(config, host, port);
            config.routes.before(ctx -> {
                count(ctx, underWay);
                receive(ctx);
            });
            served.accept(config);
            config.requestLogger.http((ctx, millis) -> note(ctx, millis, meters));
        });
        try {
            server.start();
        } catch (RuntimeException e) {
            throw isTaken(e) ? new AddressTakenException(host, port) : e;
        }
        return new HttpServer(host, server, underWay);
    }

    /** Another process listens where the server should. */
    public static final class AddressTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        AddressTakenException(String host, int port) {
            super("port " + port + " on " + host
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

    private static void configure(JavalinConfig config, String host, int port) {
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
        config.jetty.addConnector((server, http) -> connector(server, http, host, port));
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
    static ServerConnector connector(Server server, HttpConfiguration http, String host, int port) {
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        return connector;
    }

    /** Counts a request until the last byte of its answer is on its way. */
    private static void count(Context ctx, AtomicInteger underWay) {
        underWay.incrementAndGet();
        org.eclipse.jetty.server.Request.addCompletionListener(
                ServletContextRequest.getServletContextRequest(ctx.req()), failure -> underWay.decrementAndGet());
    }

    private static void receive(Context ctx) {
        String offered = ctx.header(REQUEST_ID_HEADER);
        ctx.header(
                REQUEST_ID_HEADER,
                offered != null && REQUEST_ID.matcher(offered).matches()
                        ? offered
                        : UUID.randomUUID().toString());
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
    }

    /** One line and one measurement a request; of what was asked, only the route's template. */
    private static void note(Context ctx, float millis, MeterRegistry meters) {
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
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port();
    }

    /** Every route, such as {@code GET /api/conversations/{id}}: what the published contract has to describe. */
    public Set<String> routes() {
        return server.unsafe.internalRouter.allHttpHandlers().stream()
                .map(handler -> handler.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .map(endpoint -> endpoint.method.name() + " " + endpoint.path)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Waits, for a moment, until what is under way has been answered, and ends. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
        while (underWay.get() > 0
                && System.nanoTime() < deadline
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(STOP_PAUSE.toNanos());
        }
        server.stop();
    }
}
