package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import io.javalin.http.Context;

/** Problems as the event that ends a run which fails, whether or not there is a stream to tell it in. */
final class RunErrors implements ErrorForm {

    @Override
    public boolean isFor(Context ctx) {
        return ErrorForm.isAt(ctx, "/agui");
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        // By this type HttpAgent makes an object of it: its error's `payload`.
        ctx.contentType("application/json").result(json(problem).toString());
    }

    /** {@code {type: RUN_ERROR, message, code}}; the field that it is about is named in the message. */
    static ObjectNode json(ProblemException problem) {
        String field = problem.field().map(name -> name + " ").orElse("");
        return json(problem.code().wire(), field + problem.detail());
    }

    static ObjectNode json(String code, String message) {
        return Json.object().put("type", "RUN_ERROR").put("message", message).put("code", code);
    }
}
