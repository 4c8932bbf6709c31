package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.CONTEXT_LENGTH_EXCEEDED;
import static dev.parley.schemas.ErrorCode.ENGINE_ERROR;
import static dev.parley.schemas.ErrorCode.ENGINE_PROTOCOL;
import static dev.parley.schemas.ErrorCode.ENGINE_RATE_LIMITED;
import static dev.parley.schemas.ErrorCode.ENGINE_REJECTED;
import static dev.parley.stack.scripted.Outcome.broken;
import static dev.parley.stack.scripted.Outcome.failed;
import static dev.parley.stack.scripted.Outcome.refused;
import static dev.parley.stack.scripted.Outcome.whole;

import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Errors in streams that began with HTTP 200: before anything was said, or after half of it. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum StreamErrorQuirk implements Quirk {
    ERROR_LIMIT_FIRST(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_RATE_LIMITED, "Rate limit exceeded"),
            "begins with an error of code 429",
            "OpenRouter",
            first("{\"error\":{\"message\":\"Rate limit exceeded\",\"code\":429}}")),
    ERROR_LIMIT_AFTER_TEXT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_RATE_LIMITED, "Rate limit exceeded"),
            "has an error of code 429 after text",
            "OpenRouter",
            later("{\"error\":{\"message\":\"Rate limit exceeded\",\"code\":429}}")),
    ERROR_SERVER_FIRST(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "Provider disconnected"),
            "begins with an error of code 502",
            "OpenRouter",
            first("{\"error\":{\"message\":\"Provider disconnected\",\"code\":502}}")),
    ERROR_SERVER_AFTER_TEXT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "EngineDeadError"),
            "has an error of code 500 after text",
            "vLLM, SGLang",
            later(
                    "{\"error\":{\"message\":\"EngineDeadError\",\"type\":\"InternalServerError\",\"param\":null,\"code\":500}}")),
    ERROR_REQUEST_FIRST(
            Api.CHAT_COMPLETIONS,
            refused(ENGINE_REJECTED, "the request is not valid"),
            "begins with an error of code 400",
            "vLLM",
            first(
                    "{\"error\":{\"message\":\"the request is not valid\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}")),
    ERROR_REQUEST_AFTER_TEXT(
            Api.CHAT_COMPLETIONS,
            refused(ENGINE_REJECTED, "the request is not valid"),
            "has an error of code 400 after text",
            "vLLM",
            later(
                    "{\"error\":{\"message\":\"the request is not valid\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}")),
    ERROR_WINDOW(
            Api.CHAT_COMPLETIONS,
            refused(CONTEXT_LENGTH_EXCEEDED, "of 4096 tokens: it needs 5000"),
            "begins with an error that says that the context is too long",
            "vLLM, OpenRouter",
            first(
                    "{\"error\":{\"message\":\"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"
                            + " (4900 in the messages, 100 in the completion).\",\"type\":\"BadRequestError\",\"code\":400}}")),
    ERROR_WITH_FINISH(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "Provider disconnected"),
            "has an error beside a choice that finishes with `error`",
            "OpenRouter",
            later(
                    "{\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\",\"provider\":\"y\","
                            + "\"error\":{\"code\":502,\"message\":\"Provider disconnected\"},"
                            + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}")),
    ERROR_CODE_AS_TEXT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_RATE_LIMITED, "RateLimitError"),
            "has an error whose code is text",
            "LiteLLM, Azure",
            later(
                    "{\"error\":{\"message\":\"RateLimitError\",\"type\":\"None\",\"param\":\"None\",\"code\":\"429\"}}")),
    ERROR_AS_TEXT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "an error was encountered while running the model"),
            "has an error that is text",
            "Ollama",
            later("{\"error\":\"an error was encountered while running the model\"}")),
    ERROR_FLAT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "has an error that is the event itself",
            "vLLM's older versions",
            later(
                    "{\"object\":\"error\",\"message\":\"the engine died\",\"type\":\"InternalServerError\",\"param\":null,\"code\":500}")),
    ERROR_DETAIL(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "has an error in `detail`",
            "FastAPI servers",
            later("{\"detail\":\"the engine died\"}")),
    ERROR_TGI(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "Request failed during generation"),
            "has an error with a type of its own",
            "TGI",
            later("{\"error\":\"Request failed during generation: Server error\",\"error_type\":\"generation\"}")),
    ERROR_LIST(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "The model is overloaded."),
            "has its error in a list",
            "Gemini's endpoint",
            later("[{\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}]")),
    ERROR_EVENT(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "names its error's event `error`",
            "Dify, gateways",
            response -> response.pieces(p -> p.half()
                    .then(
                            new Event(Part.OTHER, "error", "{\"message\":\"the engine died\",\"code\":500}"),
                            Piece.LAST_CHUNK))),
    ERROR_FIELD(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the slot is gone"),
            "has its error in a field `error:`, which the standard does not know",
            "llama.cpp",
            response -> response.pieces(p -> p.half()
                    .then(
                            new Piece.Raw(
                                    "error: {\"code\":500,\"message\":\"the slot is gone\",\"type\":\"server_error\"}\n\n"),
                            Piece.LAST_CHUNK))),
    ERROR_ERRORS(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "has a list of errors",
            "Cloudflare",
            later("{\"success\":false,\"errors\":[{\"code\":5006,\"message\":\"the engine died\"}]}")),
    ERROR_TRUE(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "has `true` for an error, and its words beside it",
            "hand-made gateways",
            later("{\"error\":true,\"message\":\"the engine died\"}")),
    ERROR_STATUS(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "the engine died"),
            "has a status that is an error",
            "hand-made gateways",
            later("{\"status\":\"error\",\"message\":\"the engine died\"}")),
    ERROR_IN_CHOICE(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_ERROR, "Provider disconnected"),
            "has an error within its choice",
            "OpenRouter",
            later(
                    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"error\":{\"code\":502,\"message\":\"Provider disconnected\"},\"finish_reason\":\"error\"}]}")),
    ERROR_NESTED(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_RATE_LIMITED, "slow down"),
            "has an error within an error's text",
            "LiteLLM",
            later(
                    "{\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"slow down\\\",\\\"code\\\":429}}\",\"code\":429}}")),
    ERROR_EVENT_LIST(
            Api.CHAT_COMPLETIONS,
            failed(ENGINE_RATE_LIMITED, "slow down"),
            "names an event `error` whose data are a list",
            "gateways in front of Gemini",
            response -> response.pieces(p -> p.half()
                    .then(
                            new Event(Part.OTHER, "error", "[{\"error\":{\"code\":429,\"message\":\"slow down\"}}]"),
                            Piece.LAST_CHUNK))),
    ERROR_PLAIN(
            Api.CHAT_COMPLETIONS,
            broken(ENGINE_PROTOCOL),
            "has plain words for an error",
            "Flask and Express servers",
            later("Internal Server Error")),
    ERROR_NULL(
            Api.CHAT_COMPLETIONS,
            whole(),
            "has null for an error in every chunk",
            "Fireworks, gateways in Go",
            response -> response.edit(json -> json.putNull("error"))),
    OVERLOADED_FIRST(
            Api.MESSAGES,
            failed(ENGINE_ERROR, "Overloaded"),
            "begins with an error event: overloaded",
            "Anthropic",
            first(error("overloaded_error", "Overloaded"))),
    OVERLOADED_AFTER_TEXT(
            Api.MESSAGES,
            failed(ENGINE_ERROR, "Overloaded"),
            "has an error event after text: overloaded",
            "Anthropic",
            later(error("overloaded_error", "Overloaded"))),
    LIMITED_FIRST(
            Api.MESSAGES,
            failed(ENGINE_RATE_LIMITED, "This request would exceed your account's rate limit."),
            "begins with an error event: too many requests",
            "Anthropic, Bedrock gateways",
            first(error("rate_limit_error", "This request would exceed your account's rate limit."))),
    API_ERROR_AFTER_TEXT(
            Api.MESSAGES,
            failed(ENGINE_ERROR, "Internal server error"),
            "has an error event after text: an error of the server's",
            "Anthropic",
            later(error("api_error", "Internal server error"))),
    INVALID_FIRST(
            Api.MESSAGES,
            refused(CONTEXT_LENGTH_EXCEEDED, "of 200000 tokens: it needs 210000"),
            "begins with an error event: not a valid request",
            "gateways in front of Anthropic's",
            first(error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"))),
    INVALID_AFTER_TEXT(
            Api.MESSAGES,
            refused(ENGINE_REJECTED, "Output blocked by content filtering policy"),
            "has an error event after text: not a valid request",
            "Anthropic",
            later(error("invalid_request_error", "Output blocked by content filtering policy"))),
    PLAIN_ERROR_AFTER_TEXT(
            Api.MESSAGES,
            failed(ENGINE_ERROR, "upstream connect error"),
            "has an error event after text that is no JSON",
            "Envoy in front of Anthropic's",
            response -> response.pieces(
                    p -> p.half().then(new Event(Part.OTHER, "error", "upstream connect error"), Piece.LAST_CHUNK))),
    FLAT_ERROR_AFTER_TEXT(
            Api.MESSAGES,
            failed(ENGINE_RATE_LIMITED, "Too many tokens"),
            "has an error after text that is the event itself",
            "Bedrock gateways",
            later(
                    "{\"message\":\"Too many tokens, please wait before trying again.\",\"code\":\"throttlingException\"}")),
    OPENAI_ERROR_AFTER_TEXT(
            Api.MESSAGES,
            failed(ENGINE_ERROR, "the engine died"),
            "has an error in OpenAI's form after text",
            "LiteLLM",
            later("{\"error\":{\"message\":\"the engine died\",\"type\":\"server_error\",\"code\":\"500\"}}"));

    private final Facts facts;
    private final UnaryOperator<Response> change;

    StreamErrorQuirk(Api api, Outcome outcome, String does, String seenIn, UnaryOperator<Response> change) {
        this.facts = new Facts(outcome, Set.of(api), does, seenIn);
        this.change = change;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return change.apply(response);
    }

    private static UnaryOperator<Response> first(String data) {
        return response -> response.pieces(p -> new Pieces(List.of(event(data), Piece.LAST_CHUNK)));
    }

    private static UnaryOperator<Response> later(String data) {
        return response -> response.pieces(p -> p.half().then(event(data), Piece.LAST_CHUNK));
    }

    private static Event event(String data) {
        return new Event(Part.OTHER, data.startsWith("{\"type\":\"error\"") ? "error" : "", data);
    }

    private static String error(String type, String message) {
        return "{\"type\":\"error\",\"error\":{\"type\":\"" + type + "\",\"message\":" + JsonText.quote(message) + "}}";
    }
}
