package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.ENGINE_PROTOCOL;
import static dev.parley.schemas.ErrorCode.ENGINE_REJECTED;
import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.refused;
import static dev.parley.stack.scripted.Outcome.whole;

import dev.parley.stack.scripted.Script.Answer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Lists of models. They have no model's name to be chosen by: a server is told to have one of them. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum ModelListQuirk implements Quirk {
    MODELS_NOT_FOUND(
            refused(ENGINE_REJECTED, "404"),
            "has no list: 404",
            "Bedrock gateways, hand-made servers",
            model -> new Response.Whole(404, Map.of(), "text/plain", "404 page not found")),
    MODELS_UNAUTHORIZED(
            refused(ENGINE_REJECTED, "no access to models"),
            "wants another key for the list: 401",
            "gateways",
            model -> Response.Whole.json(401, "{\"error\":{\"message\":\"no access to models\"}}")),
    MODELS_EMPTY(
            new Outcome.Fails(Result.EITHER, ENGINE_REJECTED, List.of("lists none"), Optional.empty()),
            "has an empty list",
            "Ollama with no model pulled",
            model -> Response.Whole.json(200, "{\"object\":\"list\",\"data\":[]}")),
    MODELS_NULL(
            new Outcome.Fails(Result.EITHER, ENGINE_REJECTED, List.of("lists none"), Optional.empty()),
            "has null for a list",
            "Ollama's early versions",
            model -> Response.Whole.json(200, "{\"object\":\"list\",\"data\":null}")),
    MODELS_BARE(
            either(),
            "has the list and no object around it",
            "Together",
            model -> Response.Whole.json(200, "[{\"id\":" + model + ",\"object\":\"model\"}]")),
    MODELS_LLAMA_CPP(
            whole(),
            "has a second list of its own beside OpenAI's",
            "llama.cpp",
            model -> Response.Whole.json(
                    200,
                    "{\"models\":[{\"name\":" + model + ",\"model\":" + model
                            + "}],\"object\":\"list\",\"data\":[{\"id\":" + model
                            + ",\"object\":\"model\",\"meta\":{\"n_ctx_train\":4096}}]}")),
    MODELS_ANTHROPIC(
            whole(),
            "has a list in Anthropic's form",
            "Anthropic",
            model -> Response.Whole.json(
                    200,
                    "{\"data\":[{\"type\":\"model\",\"id\":" + model + ",\"display_name\":\"Scripted\",\"created_at\":"
                            + "\"2026-01-01T00:00:00Z\"}],\"has_more\":false,\"first_id\":" + model + ",\"last_id\":"
                            + model + "}")),
    MODELS_EMBEDDINGS_FIRST(
            either(),
            "lists a model for embeddings before the one that speaks",
            "LM Studio, LocalAI",
            model -> Response.Whole.json(
                    200,
                    "{\"object\":\"list\",\"data\":[{\"id\":\"text-embedding-scripted\",\"object\":\"model\"},{\"id\":"
                            + model + ",\"object\":\"model\"}]}")),
    MODELS_PAGE(
            new Outcome.Fails(Result.EITHER, ENGINE_PROTOCOL, List.of(), Optional.empty()),
            "has a page for a list",
            "web interfaces in front of a server",
            model -> new Response.Whole(200, Map.of(), "text/html", "<!doctype html>\n<title>Models</title>"));

    private final Facts facts;
    private final Function<String, Response> list;

    ModelListQuirk(Outcome outcome, String does, String seenIn, Function<String, Response> list) {
        this.facts = new Facts(outcome, Set.of(Api.MODELS), does, seenIn);
        this.list = list;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return list.apply(JsonText.quote(request.model()));
    }
}
