package dev.parley.ingest.protocol.anthropic;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The calls about models as Anthropic's clients know them, for those alone: at the same path OpenAI's know others. */
final class ModelCalls {

    static final String[] PARAMETERS = {"limit", "after_id", "before_id", "beta"};

    private static final int PAGE = 20;
    private static final int MAX_PAGE = 1_000;

    private final Supplier<Models> models;
    private final Instant startedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    ModelCalls(Supplier<Models> models) {
        this.models = models;
    }

    void list(Context ctx, Request request) {
        request.tenant();
        int limit = request.query("limit", PAGE, 1, MAX_PAGE);
        List<String> names = models.get().byName().keySet().stream().sorted().toList();
        Optional<Integer> after = place(names, request, "after_id");
        Optional<Integer> before = place(names, request, "before_id");
        if (after.isPresent() && before.isPresent()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "does not go with after_id", "before_id");
        }
        int from = before.map(place -> Math.max(0, place - limit))
                .orElseGet(() -> after.map(place -> place + 1).orElse(0));
        int to = Math.min(before.orElse(names.size()), from + limit);
        List<String> page = names.subList(from, to);
        ObjectNode answer = Json.object();
        ArrayNode data = answer.putArray("data");
        page.forEach(name -> data.add(model(name)));
        answer.put("has_more", before.isPresent() ? from > 0 : to < names.size());
        answer.put("first_id", page.isEmpty() ? null : page.getFirst());
        answer.put("last_id", page.isEmpty() ? null : page.getLast());
        Json.answer(ctx, 200, answer);
    }

    private static Optional<Integer> place(List<String> names, Request request, String parameter) {
        return request.query(parameter).map(name -> {
            int place = names.indexOf(name);
            if (place < 0) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "is no model's id", parameter);
            }
            return place;
        });
    }

    void get(Context ctx, Request request) {
        request.tenant();
        String name = ctx.pathParam("model");
        Models.Choice _ = models.get().choice(name);
        Json.answer(ctx, 200, model(name));
    }

    private ObjectNode model(String name) {
        return Json.object()
                .put("type", "model")
                .put("id", name)
                .put("display_name", name)
                .put("created_at", startedAt.toString())
                .putNull("max_input_tokens")
                .putNull("max_tokens")
                .putNull("capabilities")
                .put("lifecycle", "active")
                .putNull("deprecated_at")
                .putNull("retires_at")
                .putNull("line");
    }
}
