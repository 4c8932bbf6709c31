package dev.parley.ingest.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.protocol.nativeapi.Views;
import dev.parley.ingest.protocol.openai.OpenAiApi;
import dev.parley.ingest.protocol.openai.OpenAiErrors;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.feed.Feed;
import dev.parley.sinks.feed.InvalidCursorException;
import dev.parley.sinks.postgres.ConversationQueries;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that goes wrong, as {@code application/problem+json} (RFC 9457), whoever notices it. */
public final class Problems {

    static final String CONTENT_TYPE = "application/problem+json";

    private static final Logger logger = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    public static void addTo(RoutesConfig routes) {
        routes.exception(ProblemException.class, (problem, ctx) -> answer(ctx, problem));
        routes.exception(
                InvalidCursorException.class,
                (e, ctx) -> answer(
                        ctx,
                        new ProblemException(ErrorCode.INVALID_CURSOR, "is not a cursor of this stream", "cursor")));
        routes.exception(
                SseEdge.TooManyStreamsException.class,
                (e, ctx) -> answer(
                        ctx,
                        new ProblemException(
                                ErrorCode.OVERLOADED, "this node serves as many event streams as it can")));
        routes.exception(
                Feed.FeedNotReadyException.class,
                (e, ctx) -> answer(ctx, new ProblemException(ErrorCode.UNAVAILABLE, "the server is starting")));
        routes.exception(
                ConversationQueries.ReadModelUnavailableException.class,
                (e, ctx) -> answer(
                        ctx,
                        new ProblemException(
                                ErrorCode.UNAVAILABLE, "the read model does not answer; sending and streaming go on")));
        routes.exception(
                EventArchive.ArchiveUnavailableException.class,
                (e, ctx) -> answer(
                        ctx,
                        new ProblemException(
                                ErrorCode.UNAVAILABLE,
                                "the event archive does not answer; sending and streaming go on")));
        routes.exception(HttpResponseException.class, Problems::answer);
        routes.exception(Exception.class, (e, ctx) -> {
            if (ctx.res().isCommitted()) {
                logger.debug("a client left in the middle of its answer: {}", e.toString());
                return;
            }
            logger.error("a request failed in an unforeseen way", e);
            answer(ctx, new ProblemException(ErrorCode.INTERNAL, "something went wrong here; it is in the log"));
        });
    }

    private static void answer(HttpResponseException e, Context ctx) {
        String allowed = e.getDetails().get("availableMethods");
        if (allowed != null) {
            ctx.header("Allow", allowed);
        }
        ErrorCode code = code(e.getStatus());
        answer(ctx, new ProblemException(code, detail(code)));
    }

    private static void answer(Context ctx, ProblemException problem) {
        if (ctx.res().isCommitted()) {
            return; // An event stream that had begun: its client sees it end.
        }
        problem.retryAfter().ifPresent(after -> ctx.header("Retry-After", Long.toString(after.toSeconds())));
        if (problem.code() == ErrorCode.UNAUTHORIZED) {
            ctx.header("WWW-Authenticate", "Bearer");
        }
        int status = ProblemException.status(problem.code());
        ctx.header("Cache-Control", "no-store");
        if (ctx.path().startsWith(OpenAiApi.PREFIX)) {
            boolean retry = OpenAiErrors.shouldRetry(problem.code(), ctx.header("Idempotency-Key") != null);
            ctx.header(OpenAiErrors.SHOULD_RETRY, Boolean.toString(retry));
            ctx.status(status)
                    .contentType("application/json")
                    .result(OpenAiErrors.json(problem.code(), problem.detail(), problem.field())
                            .toString());
            return;
        }
        ctx.status(status)
                .contentType(CONTENT_TYPE)
                .result(json(problem, status).toString());
    }

    private static ObjectNode json(ProblemException problem, int status) {
        ObjectNode json = Views.MAPPER
                .createObjectNode()
                .put("type", "about:blank")
                .put("title", HttpStatus.forStatus(status).getMessage())
                .put("status", status)
                .put("code", problem.code().wire())
                .put("detail", problem.detail());
        problem.field().ifPresent(field -> json.put("field", field));
        return json;
    }

    /** What an HTTP status of the server's own making means. */
    private static ErrorCode code(int status) {
        return switch (status) {
            case 401 -> ErrorCode.UNAUTHORIZED;
            case 404 -> ErrorCode.NOT_FOUND;
            case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
            case 413 -> ErrorCode.PAYLOAD_TOO_LARGE;
            case 415 -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
            case 503 -> ErrorCode.UNAVAILABLE;
            default -> status / 100 == 4 ? ErrorCode.INVALID_REQUEST : ErrorCode.INTERNAL;
        };
    }

    private static String detail(ErrorCode code) {
        return switch (code) {
            case NOT_FOUND -> "there is nothing at this path";
            case METHOD_NOT_ALLOWED -> "this path does not take this method";
            case PAYLOAD_TOO_LARGE -> "the body is too large";
            case UNAVAILABLE -> "the server cannot serve this now";
            case INTERNAL -> "something went wrong here; it is in the log";
            default -> "the request cannot be served as it is";
        };
    }

    /** For what never reaches a handler: requests that are not HTTP, or not within Jetty's bounds. */
    public static final class OfJetty extends ErrorHandler {

        /** Whoever puts or deletes is told as well. */
        @Override
        public boolean errorPageForMethod(String method) {
            return true;
        }

        @Override
        protected void generateResponse(
                Request request,
                Response response,
                int status,
                @Nullable String message,
                @Nullable Throwable cause,
                Callback callback) {
            ErrorCode code = code(status);
            // The status stays what Jetty made it, such as 431 for headers that are too large.
            String body = json(new ProblemException(code, detail(code)), status).toString();
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, CONTENT_TYPE);
            response.getHeaders().put("x-request-id", UUID.randomUUID().toString());
            response.write(true, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), callback);
        }
    }
}
