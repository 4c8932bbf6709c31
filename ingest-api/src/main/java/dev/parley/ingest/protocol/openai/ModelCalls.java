package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.Request;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.function.Supplier;

/** Calls of OpenAI's API about models. */
final class ModelCalls {

    private static final String OWNER = "parley";

    private final Supplier<Models> models;
    private final long startedAt = Instant.now().getEpochSecond();

    ModelCalls(Supplier<Models> models) {
        this.models = models;
    }

    void list(Context ctx, Request request) {
        request.tenant();
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        models.get().byName().keySet().stream().sorted().forEach(name -> data.add(model(name)));
        Json.answer(ctx, 200, answer);
    }

    void get(Context ctx, Request request) {
        request.tenant();
        String name = ctx.pathParam("model");
        Models.Choice _ = models.get().choice(name);
        Json.answer(ctx, 200, model(name));
    }

    private ObjectNode model(String name) {
        return Json.object()
                .put("id", name)
                .put("object", "model")
                .put("created", startedAt)
                .put("owned_by", OWNER);
    }
}
