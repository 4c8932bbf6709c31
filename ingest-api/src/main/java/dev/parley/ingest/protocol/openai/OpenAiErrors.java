package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.RetryAdvice;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Problems in the form that OpenAI's clients read. */
final class OpenAiErrors implements ErrorForm {

    @Override
    public boolean isFor(Context ctx) {
        return ctx.path().startsWith("/v1/");
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        RetryAdvice.addTo(ctx, problem);
        ctx.contentType("application/json").result(json(problem, null).toString());
    }

    /** {@code {error: {message, type, param, code}}}, with what is known upstream {@linkplain Extension beside}. */
    static ObjectNode json(ProblemException problem, @Nullable Upstream upstream) {
        ObjectNode json = Json.object();
        ObjectNode error = error(problem.code(), problem.detail(), problem.field());
        Extension.addTo(error, upstream);
        json.set("error", error);
        return json;
    }

    static ObjectNode error(ErrorCode code, String detail, Optional<String> field) {
        return Json.object()
                .put("message", field.map(name -> name + " ").orElse("") + detail)
                .put("type", type(code))
                .put("param", field.orElse(null))
                .put("code", code.wire());
    }

    private static String type(ErrorCode code) {
        return switch (code.kind()) {
            case USER -> "invalid_request_error";
            case OVERLOAD -> "rate_limit_error";
            case TRANSIENT, POISON, BUG -> "server_error";
        };
    }
}
