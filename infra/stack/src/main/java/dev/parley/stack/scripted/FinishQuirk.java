package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.ENGINE_ABORTED;
import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.failed;
import static dev.parley.stack.scripted.Outcome.finishing;
import static dev.parley.stack.scripted.Outcome.whole;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Why answers end, in words of other servers, and where those words stand. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum FinishQuirk implements Quirk {
    FINISH_EOS_TOKEN(Api.CHAT_COMPLETIONS, "eos_token", whole(finishing("stop")), "TGI"),
    FINISH_EOS(Api.CHAT_COMPLETIONS, "eos", whole(finishing("stop")), "Together, older TGI"),
    FINISH_END(Api.CHAT_COMPLETIONS, "end", whole(finishing("stop")), "MiniMax and gateways in front of it"),
    FINISH_END_TURN(Api.CHAT_COMPLETIONS, "end_turn", whole(finishing("stop")), "gateways in front of Anthropic's"),
    FINISH_STOP_CAPITALS(Api.CHAT_COMPLETIONS, "STOP", whole(finishing("stop")), "gateways in front of Gemini"),
    FINISH_COMPLETE(Api.CHAT_COMPLETIONS, "COMPLETE", whole(finishing("stop")), "gateways in front of Cohere"),
    FINISH_STOP_SEQUENCE(
            Api.CHAT_COMPLETIONS, "stop_sequence", whole(finishing("stop")), "TGI, gateways in front of Anthropic's"),
    FINISH_MAX_TOKENS(
            Api.CHAT_COMPLETIONS, "max_tokens", whole(finishing("length")), "gateways in front of Anthropic's"),
    FINISH_MAX_TOKENS_CAPITALS(
            Api.CHAT_COMPLETIONS, "MAX_TOKENS", whole(finishing("length")), "gateways in front of Gemini"),
    FINISH_MODEL_LENGTH(Api.CHAT_COMPLETIONS, "model_length", whole(finishing("length")), "Mistral"),
    FINISH_UNKNOWN(Api.CHAT_COMPLETIONS, "tired", whole(finishing("tired")), "the next server"),
    FINISH_WINDOW(
            Api.CHAT_COMPLETIONS,
            "model_context_window_exceeded",
            whole(finishing("model_context_window_exceeded")),
            "gateways in front of Anthropic's"),
    FINISH_REFUSAL(Api.CHAT_COMPLETIONS, "refusal", either(finishing("refusal")), "gateways in front of Anthropic's"),
    FINISH_CONTENT_FILTER(Api.CHAT_COMPLETIONS, "content_filter", either(finishing("content_filter")), "OpenAI, Azure"),
    FINISH_SENSITIVE(Api.CHAT_COMPLETIONS, "sensitive", either(finishing("content_filter")), "Zhipu"),
    FINISH_SAFETY(Api.CHAT_COMPLETIONS, "SAFETY", either(finishing("content_filter")), "gateways in front of Gemini"),
    FINISH_RECITATION(
            Api.CHAT_COMPLETIONS, "RECITATION", either(finishing("content_filter")), "gateways in front of Gemini"),
    FINISH_MALFORMED_CALL(
            Api.CHAT_COMPLETIONS,
            "malformed_function_call",
            new Outcome.Fails(Result.EITHER, ENGINE_ABORTED, List.of("malformed_function_call"), Optional.empty()),
            "Gemini's endpoint"),
    FINISH_ERROR(Api.CHAT_COMPLETIONS, "error", failed(ENGINE_ABORTED, "error"), "OpenRouter"),
    FINISH_ABORT(Api.CHAT_COMPLETIONS, "abort", failed(ENGINE_ABORTED, "abort"), "vLLM, SGLang"),
    FINISH_NETWORK_ERROR(Api.CHAT_COMPLETIONS, "network_error", failed(ENGINE_ABORTED, "network_error"), "Zhipu"),
    FINISH_NO_RESOURCES(
            Api.CHAT_COMPLETIONS,
            "insufficient_system_resource",
            failed(ENGINE_ABORTED, "insufficient_system_resource"),
            "DeepSeek"),
    STOP_REASON_SEQUENCE(Api.MESSAGES, "stop_sequence", whole(finishing("stop")), "Anthropic"),
    STOP_REASON_WINDOW(
            Api.MESSAGES,
            "model_context_window_exceeded",
            whole(finishing("model_context_window_exceeded")),
            "Anthropic"),
    STOP_REASON_PAUSE(Api.MESSAGES, "pause_turn", whole(finishing("pause_turn")), "Anthropic with tools of its own"),
    STOP_REASON_REFUSAL(Api.MESSAGES, "refusal", either(finishing("refusal")), "Anthropic"),
    STOP_REASON_GUARDRAIL(Api.MESSAGES, "guardrail_intervened", either(finishing("content_filter")), "Bedrock"),
    STOP_REASON_UNKNOWN(Api.MESSAGES, "tired", whole(finishing("tired")), "the next server"),

    FINISH_PREFIXED(
            Api.CHAT_COMPLETIONS, "FINISH_REASON_STOP", whole(finishing("stop")), "gateways in front of Vertex AI"),
    FINISH_AS_NAME(Api.CHAT_COMPLETIONS, "FinishReason.MAX_TOKENS", whole(finishing("length")), "gateways in Python"),
    FINISH_HYPHENS(
            Api.CHAT_COMPLETIONS,
            "content-filter",
            either(finishing("content_filter")),
            "gateways that use the AI SDK"),
    FINISH_CAMEL(Api.CHAT_COMPLETIONS, "endTurn", whole(finishing("stop")), "gateways in JavaScript"),
    FINISH_TOOL_CAPITALS(
            Api.CHAT_COMPLETIONS,
            "TOOL_CALL",
            whole(finishing("stop")),
            "gateways in front of Cohere, with nothing called"),
    STOP_REASON_CAPITALS(Api.MESSAGES, "END_TURN", whole(finishing("stop")), "gateways in Java"),
    STOP_REASON_OPENAI(Api.MESSAGES, "stop", whole(finishing("stop")), "gateways in front of OpenAI's"),
    STOP_REASON_ERROR(Api.MESSAGES, "error", failed(ENGINE_ABORTED, "error"), "gateways in front of OpenRouter"),

    FINISH_IN_DELTA(
            either(),
            "has its reason within the delta",
            "hand-made servers",
            response -> response.pieces(pieces -> pieces.edit(Part.FINISH, json -> {
                String reason = choice(json).path("finish_reason").asText();
                choice(json).remove("finish_reason");
                Json.in(choice(json), "delta").put("finish_reason", reason);
            }))),
    FINISH_BESIDE_CHOICES(
            either(),
            "has its reason beside the choices",
            "hand-made servers",
            response -> response.pieces(pieces -> pieces.edit(Part.FINISH, json -> {
                json.put("finish_reason", choice(json).path("finish_reason").asText());
                choice(json).remove("finish_reason");
            }))),
    FINISH_AS_OBJECT(
            either(),
            "has an object for a reason",
            "hand-made servers",
            response -> response.pieces(pieces -> pieces.edit(Part.FINISH, json -> {
                String reason = choice(json).path("finish_reason").asText();
                choice(json).putObject("finish_reason").put("type", reason);
            }))),
    FINISH_WITH_TEXT(
            "has its reason in the chunk of the last text",
            "Ollama, Gemini's endpoint",
            response -> response.pieces(pieces -> {
                String reason = reason(pieces);
                return pieces.without(Part.FINISH).editLast(Part.SAYS, json -> put(json, reason));
            })),
    FINISH_EMPTY_UNTIL_END(
            "has an empty reason in every chunk before the last",
            "Moonshot, SiliconFlow",
            response -> response.pieces(pieces -> pieces.edit(Part.SAYS, json -> put(json, "")))),
    FINISH_ABSENT_UNTIL_END(
            "names no reason in the chunks before the last",
            "Mistral, llama.cpp",
            response -> response.pieces(
                    pieces -> pieces.edit(Part.SAYS, json -> choice(json).remove("finish_reason")))),
    FINISH_NATIVE(
            "tells the upstream's reason beside its own",
            "OpenRouter",
            response -> response.pieces(
                    pieces -> pieces.edit(Part.FINISH, json -> choice(json).put("native_finish_reason", "end_turn"))));

    private final Facts facts;
    private final UnaryOperator<Response> change;

    FinishQuirk(Api api, String reason, Outcome outcome, String seenIn) {
        this.facts = new Facts(outcome, Set.of(api), "ends with the reason `" + reason + "`", seenIn);
        this.change = response -> switch (response) {
            case Response.Whole _ -> response.edit(json -> put(json, reason));
            case Response.Streamed _, Response.Nothing _, Response.Dropped _ ->
                response.pieces(pieces -> pieces.edit(Part.FINISH, json -> put(json, reason)));
        };
    }

    FinishQuirk(String does, String seenIn, UnaryOperator<Response> change) {
        this(whole(), does, seenIn, change);
    }

    FinishQuirk(Outcome outcome, String does, String seenIn, UnaryOperator<Response> change) {
        this.facts = Facts.ofChat(outcome, does, seenIn);
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

    private static ObjectNode choice(ObjectNode json) {
        return json.path("choices").path(0) instanceof ObjectNode choice ? choice : json;
    }

    private static String reason(Pieces pieces) {
        return Json.read(pieces.sample(Part.FINISH).data())
                .at("/choices/0/finish_reason")
                .asText("stop");
    }

    /** In each of the places where a reason stands. */
    private static void put(ObjectNode json, String reason) {
        if (json.has("choices")) {
            choice(json).put("finish_reason", reason);
        } else if (json.get("delta") instanceof ObjectNode delta) {
            delta.put("stop_reason", reason);
        } else {
            json.put("stop_reason", reason);
        }
    }
}
