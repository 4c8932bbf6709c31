package dev.parley.ingest.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;

/** {@code application/problem+json} (RFC 9457), which everything is told in that no protocol has another form for. */
final class ProblemJson implements ErrorForm {

    static final String CONTENT_TYPE = "application/problem+json";

    @Override
    public boolean isFor(Context ctx) {
        return true;
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        ctx.contentType(CONTENT_TYPE).result(json(problem, ctx.statusCode()).toString());
    }

    static ObjectNode json(ProblemException problem, int status) {
        ObjectNode json = Json.object()
                .put("type", "about:blank")
                .put("title", HttpStatus.forStatus(status).getMessage())
                .put("status", status)
                .put("code", problem.code().wire())
                .put("detail", problem.detail());
        problem.field().ifPresent(field -> json.put("field", field));
        return json;
    }
}
