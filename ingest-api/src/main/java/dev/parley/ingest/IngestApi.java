package dev.parley.ingest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.sse.ConversationFeed;
import dev.parley.sinks.sse.Feed;
import dev.parley.sinks.sse.InvalidCursorException;
import dev.parley.sinks.sse.SseEdge;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.staticfiles.Location;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.BindException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.UriCompliance;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server: routes of every protocol, the web page, health and metrics. Requests run on virtual threads; an event
 * stream keeps its own until the client leaves.
 */
public final class IngestApi implements Role {

    private static final Logger logger = LoggerFactory.getLogger(IngestApi.class);

    private static final int MAX_BODY_BYTES = 2 * 1024 * 1024;
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final String STARTED = "parley.started";
    private static final String PERMIT = "parley.permit";

    /** The page brings everything it needs, and nothing else may run in it. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self';"
                    + " frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    private final Javalin server;
    private final CommandLog log;
    private final SseEdge edge;
    private final IngestSettings settings;

    private IngestApi(Javalin server, CommandLog log, SseEdge edge, IngestSettings settings) {
        this.server = server;
        this.log = log;
        this.edge = edge;
        this.settings = settings;
    }

    /**
     * Starts the server.
     *
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
            PrometheusMeterRegistry meters,
            Supplier<List<Role>> roles) {
        CommandLog log = new CommandLog(kafka, topics, meters);
        Access access = new Access(settings.tenantsByKey());
        NativeApi api = new NativeApi(new Door(log, feed, queries), access, feed, edge, queries);
        Semaphore permits = new Semaphore(settings.maxRequests());
        Javalin server = Javalin.create(config -> {
            server(config);
            page(config);
            RoutesConfig routes = config.routes;
            routes.before(ctx -> admit(ctx, access, permits));
            routes.after(ctx -> release(ctx, permits));
            api.addTo(routes);
            operations(routes, meters, roles);
            errors(routes);
            config.requestLogger.http((ctx, millis) -> measured(ctx, millis, meters));
        });
        try {
            server.start(settings.host(), settings.port());
        } catch (RuntimeException e) {
            log.close();
            throw isTaken(e) ? new AddressTakenException(settings) : e;
        }
        return new IngestApi(server, log, edge, settings);
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

    private static void server(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.http.maxRequestSize = MAX_BODY_BYTES;
        config.http.prefer405over404 = true;
        config.http.generateEtags = false;
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setSendDateHeader(false);
            http.setUriCompliance(UriCompliance.DEFAULT);
            http.setOutputBufferSize(8 * 1024);
        });
    }

    private static void page(JavalinConfig config) {
        config.staticFiles.add(files -> {
            files.hostedPath = "/";
            files.directory = "/web";
            files.location = Location.CLASSPATH;
            files.headers = java.util.Map.of("Cache-Control", "no-cache");
        });
    }

    private static void admit(Context ctx, Access access, Semaphore permits) {
        String offered = ctx.header("x-request-id");
        String requestId = offered != null && REQUEST_ID.matcher(offered).matches()
                ? offered
                : UUID.randomUUID().toString();
        ctx.header("x-request-id", requestId);
        ctx.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
        ctx.attribute(STARTED, System.nanoTime());
        access.checkHost(ctx);
        if (!ctx.path().endsWith("/events")) {
            if (!permits.tryAcquire()) {
                throw new ProblemException(ErrorCode.OVERLOADED, "too many requests are being served: try again soon");
            }
            ctx.attribute(PERMIT, true);
        }
    }

    private static void release(Context ctx, Semaphore permits) {
        if (Boolean.TRUE.equals(ctx.attribute(PERMIT))) {
            ctx.attribute(PERMIT, false);
            permits.release();
        }
    }

    private static void operations(RoutesConfig routes, PrometheusMeterRegistry meters, Supplier<List<Role>> roles) {
        routes.get(
                "/health/live",
                ctx -> NativeApi.answer(
                        ctx, 200, Views.MAPPER.createObjectNode().put("live", true)));
        routes.get("/health/ready", ctx -> {
            ObjectNode answer = Views.MAPPER.createObjectNode();
            List<Role> all = roles.get();
            boolean ready = all.stream().allMatch(role -> role.health().ready());
            answer.put("ready", ready);
            ArrayNode list = answer.putArray("roles");
            all.forEach(role -> list.addObject()
                    .put("role", role.name())
                    .put("ready", role.health().ready())
                    .put("detail", role.health().detail()));
            NativeApi.answer(ctx, ready ? 200 : 503, answer);
        });
        routes.get(
                "/metrics",
                ctx -> ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(meters.scrape()));
    }

    private static void errors(RoutesConfig routes) {
        routes.exception(ProblemException.class, (problem, ctx) -> answer(ctx, problem));
        routes.exception(
                InvalidCursorException.class,
                (e, ctx) -> answer(
                        ctx, new ProblemException(ErrorCode.INVALID_CURSOR, String.valueOf(e.getMessage()), "cursor")));
        routes.exception(
                SseEdge.TooManyStreamsException.class,
                (e, ctx) -> answer(ctx, new ProblemException(ErrorCode.OVERLOADED, String.valueOf(e.getMessage()))));
        routes.exception(
                Feed.FeedNotReadyException.class,
                (e, ctx) -> answer(ctx, new ProblemException(ErrorCode.UNAVAILABLE, "the server is starting")));
        routes.exception(
                ConversationQueries.ReadModelUnavailableException.class,
                (e, ctx) -> answer(
                        ctx,
                        new ProblemException(
                                ErrorCode.UNAVAILABLE, "the read model does not answer; sending and streaming go on")));
        routes.exception(HttpResponseException.class, (e, ctx) -> {
            ErrorCode code = switch (e.getStatus()) {
                case 404 -> ErrorCode.NOT_FOUND;
                case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
                case 413 -> ErrorCode.PAYLOAD_TOO_LARGE;
                default -> e.getStatus() / 100 == 4 ? ErrorCode.INVALID_REQUEST : ErrorCode.INTERNAL;
            };
            answer(ctx, new ProblemException(code, detail(code)));
        });
        routes.exception(Exception.class, (e, ctx) -> {
            logger.error("a request failed in an unforeseen way", e);
            answer(ctx, new ProblemException(ErrorCode.INTERNAL, "something went wrong here; it is in the log"));
        });
    }

    private static String detail(ErrorCode code) {
        return switch (code) {
            case NOT_FOUND -> "there is nothing at this path";
            case METHOD_NOT_ALLOWED -> "this path does not take this method";
            case PAYLOAD_TOO_LARGE -> "the body is larger than " + MAX_BODY_BYTES + " bytes";
            default -> "the request cannot be served";
        };
    }

    private static void answer(Context ctx, ProblemException problem) {
        int status = ProblemException.status(problem.code());
        ObjectNode json = Views.MAPPER
                .createObjectNode()
                .put("type", "about:blank")
                .put("title", title(status))
                .put("status", status)
                .put("code", problem.code().wire())
                .put("detail", problem.detail());
        problem.field().ifPresent(field -> json.put("field", field));
        problem.retryAfter().ifPresent(after -> ctx.header("Retry-After", Long.toString(after.toSeconds())));
        if (ctx.res().isCommitted()) {
            return; // An event stream that had begun: its client sees it end.
        }
        ctx.status(status).contentType("application/problem+json").result(json.toString());
    }

    private static String title(int status) {
        return io.javalin.http.HttpStatus.forStatus(status).getMessage();
    }

    private static void measured(Context ctx, float millis, PrometheusMeterRegistry meters) {
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
        logger.debug(
                "{} {} {} {} ms {}",
                ctx.method(),
                route,
                ctx.statusCode(),
                millis,
                ctx.res().getHeader("x-request-id"));
    }

    /** Where it listens, such as {@code http://127.0.0.1:8080}. */
    public String url() {
        return "http://" + (settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host()) + ":"
                + server.port();
    }

    @Override
    public String name() {
        return "ingest-api";
    }

    @Override
    public Health health() {
        return new Health(true, "listens on " + url());
    }

    @Override
    public void close() {
        edge.close();
        server.stop();
        log.close();
    }
}
