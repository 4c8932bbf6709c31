package dev.parley.ingest.protocol.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.HttpServer;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.RetryAdvice;
import io.javalin.http.Context;

/** Problems in the form that Anthropic's clients read. */
final class AnthropicErrors implements ErrorForm {

    static final String MESSAGES = "/v1/messages";

    /** The header that all of Anthropic's clients send, and nobody else's. */
    static final String VERSION = "anthropic-version";

    /** By which these clients find a request again; its value is the server's own. */
    static final String REQUEST_ID = "request-id";

    @Override
    public boolean isFor(Context ctx) {
        return ErrorForm.isAt(ctx, MESSAGES) || (ctx.path().startsWith("/v1/") && ctx.header(VERSION) != null);
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        RetryAdvice.addTo(ctx, problem);
        ctx.contentType("application/json").result(json(problem, named(ctx)).toString());
    }

    /** Tells the request's id in the header that these clients look at, and returns it. */
    static String named(Context ctx) {
        String id = String.valueOf(ctx.res().getHeader(HttpServer.REQUEST_ID_HEADER));
        ctx.header(REQUEST_ID, id);
        return id;
    }

    /** {@code {type: "error", error: {type, message, code, param?, details?}, request_id}}: code and parameter are this server's own. */
    static ObjectNode json(ProblemException problem, String requestId) {
        ObjectNode json = Json.object().put("type", "error");
        ObjectNode error = json.putObject("error")
                .put("type", type(ProblemException.status(problem.code())))
                .put("message", problem.field().map(name -> name + " ").orElse("") + problem.detail())
                .put("code", problem.code().wire());
        problem.field().ifPresent(name -> error.put("param", name));
        problem.field()
                .filter(MessagesRequest.THREAD::equals)
                .ifPresent(thread -> error.putObject("details").put("error_code", "thread_unsupported_request"));
        return json.put("request_id", requestId);
    }

    /** The word that goes with a status. */
    static String type(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            case 504 -> "timeout_error";
            default -> status / 100 == 4 ? "invalid_request_error" : "api_error";
        };
    }
}
