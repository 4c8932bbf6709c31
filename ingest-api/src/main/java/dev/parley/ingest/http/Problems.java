package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that goes wrong, whoever notices it, told in the form of the protocol whose path was called. */
public final class Problems {

    private static final Logger logger = LoggerFactory.getLogger(Problems.class);

    private final List<ErrorForm> forms = new ArrayList<>();
    private final List<Consumer<RoutesConfig>> meanings = new ArrayList<>();

    /**
     * Problems of a server.
     *
     * @param ofProtocols forms of those protocols that have one of their own
     */
    public Problems(List<ErrorForm> ofProtocols) {
        forms.addAll(ofProtocols);
        forms.add(new ProblemJson());
    }

    /** Says what a failure that knows nothing of HTTP means to a caller. */
    public <E extends Exception> void add(Class<E> failure, Supplier<ProblemException> meaning) {
        meanings.add(routes -> routes.exception(failure, (e, ctx) -> {
            ProblemException problem = meaning.get();
            report(ctx, problem, e);
            answer(ctx, problem);
        }));
    }

    /** Has the server tell its problems this way. */
    public void addTo(RoutesConfig routes) {
        routes.exception(ProblemException.class, (problem, ctx) -> {
            report(ctx, problem, problem);
            answer(ctx, problem);
        });
        meanings.forEach(meaning -> meaning.accept(routes));
        routes.exception(HttpResponseException.class, this::answer);
        routes.exception(Exception.class, (e, ctx) -> {
            if (ctx.res().isCommitted()) {
                logger.debug("a client left in the middle of its answer: {}", e.toString());
                return;
            }
            ProblemException problem =
                    new ProblemException(ErrorCode.INTERNAL, "an internal error; its cause is in the server's log");
            report(ctx, problem, e);
            answer(ctx, problem);
        });
    }

    /** Whoever is told of a fault of this server's finds its cause in the log, by the id of the request. */
    private static void report(Context ctx, ProblemException problem, Exception cause) {
        int status = ProblemException.status(problem.code());
        if (status < 500) {
            return;
        }
        @Nullable String request = ctx.res().getHeader(HttpServer.REQUEST_ID_HEADER);
        // As it was sent: decoded, it could begin a line of its own.
        String what = ctx.req().getMethod() + " " + ctx.req().getRequestURI();
        switch (problem.code().kind()) {
            case BUG, POISON -> logger.error("{} for {}, request {}", status, what, request, cause);
            case TRANSIENT, OVERLOAD, USER -> {
                @Nullable Throwable deeper = cause.getCause();
                logger.warn(
                        "{} for {}, request {}: {}",
                        status,
                        what,
                        request,
                        deeper == null ? cause.getMessage() : cause.getMessage() + ": " + deeper);
            }
        }
    }

    private void answer(HttpResponseException e, Context ctx) {
        String allowed = e.getDetails().get("availableMethods");
        if (allowed != null) {
            ctx.header("Allow", allowed);
        }
        ErrorCode code = code(e.getStatus());
        answer(ctx, new ProblemException(code, detail(code)));
    }

    private void answer(Context ctx, ProblemException problem) {
        if (ctx.res().isCommitted()) {
            return; // An event stream that had begun: its client sees it end.
        }
        problem.retryAfter().ifPresent(after -> ctx.header("Retry-After", ProblemException.seconds(after)));
        problem.headers().forEach(ctx::header);
        if (problem.code() == ErrorCode.UNAUTHORIZED) {
            ctx.header("WWW-Authenticate", "Bearer");
        }
        ctx.header("Cache-Control", "no-store");
        ctx.status(ProblemException.status(problem.code()));
        forms.stream()
                .filter(form -> form.isFor(ctx))
                .findFirst()
                .orElseGet(ProblemJson::new)
                .write(ctx, problem);
        UnreadBody.passOver(ctx);
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
            case INTERNAL -> "an internal error; its cause is in the server's log";
            default -> "the request cannot be served as it is";
        };
    }

    /** For what never reaches a handler: requests that are not HTTP, or not within Jetty's bounds. */
    static final class OfJetty extends ErrorHandler {

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
            String id = UUID.randomUUID().toString();
            if (status >= 500) {
                logger.error("{} before a handler was called, request {}", status, id, cause);
            }
            // The status stays what Jetty made it, such as 431 for headers that are too large.
            String body = ProblemJson.json(new ProblemException(code, detail(code)), status)
                    .toString();
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, ProblemJson.CONTENT_TYPE);
            response.getHeaders().put(HttpServer.REQUEST_ID_HEADER, id);
            response.write(true, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), callback);
        }
    }
}
