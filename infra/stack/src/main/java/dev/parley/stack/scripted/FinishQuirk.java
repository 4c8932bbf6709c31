package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Quirk.Result.EITHER;
import static dev.parley.stack.scripted.Quirk.Result.FAILED;
import static dev.parley.stack.scripted.Quirk.Result.WHOLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Why answers end, in words of other servers, and where those words stand. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum FinishQuirk implements Quirk {
    FINISH_EOS_TOKEN(Api.CHAT_COMPLETIONS, "eos_token", WHOLE, "TGI"),
    FINISH_EOS(Api.CHAT_COMPLETIONS, "eos", WHOLE, "Together, older TGI"),
    FINISH_END(Api.CHAT_COMPLETIONS, "end", WHOLE, "MiniMax and gateways in front of it"),
    FINISH_END_TURN(Api.CHAT_COMPLETIONS, "end_turn", WHOLE, "gateways in front of Anthropic's"),
    FINISH_STOP_CAPITALS(Api.CHAT_COMPLETIONS, "STOP", WHOLE, "gateways in front of Gemini"),
    FINISH_COMPLETE(Api.CHAT_COMPLETIONS, "COMPLETE", WHOLE, "gateways in front of Cohere"),
    FINISH_STOP_SEQUENCE(Api.CHAT_COMPLETIONS, "stop_sequence", WHOLE, "TGI, gateways in front of Anthropic's"),
    FINISH_MAX_TOKENS(Api.CHAT_COMPLETIONS, "max_tokens", WHOLE, "gateways in front of Anthropic's"),
    FINISH_MAX_TOKENS_CAPITALS(Api.CHAT_COMPLETIONS, "MAX_TOKENS", WHOLE, "gateways in front of Gemini"),
    FINISH_MODEL_LENGTH(Api.CHAT_COMPLETIONS, "model_length", WHOLE, "Mistral"),
    FINISH_UNKNOWN(Api.CHAT_COMPLETIONS, "tired", WHOLE, "the next server"),
    FINISH_WINDOW(Api.CHAT_COMPLETIONS, "model_context_window_exceeded", WHOLE, "gateways in front of Anthropic's"),
    FINISH_REFUSAL(Api.CHAT_COMPLETIONS, "refusal", EITHER, "gateways in front of Anthropic's"),
    FINISH_CONTENT_FILTER(Api.CHAT_COMPLETIONS, "content_filter", EITHER, "OpenAI, Azure"),
    FINISH_SENSITIVE(Api.CHAT_COMPLETIONS, "sensitive", EITHER, "Zhipu"),
    FINISH_SAFETY(Api.CHAT_COMPLETIONS, "SAFETY", EITHER, "gateways in front of Gemini"),
    FINISH_RECITATION(Api.CHAT_COMPLETIONS, "RECITATION", EITHER, "gateways in front of Gemini"),
    FINISH_MALFORMED_CALL(Api.CHAT_COMPLETIONS, "malformed_function_call", EITHER, "Gemini's endpoint"),
    FINISH_ERROR(Api.CHAT_COMPLETIONS, "error", FAILED, "OpenRouter"),
    FINISH_ABORT(Api.CHAT_COMPLETIONS, "abort", FAILED, "vLLM, SGLang"),
    FINISH_NETWORK_ERROR(Api.CHAT_COMPLETIONS, "network_error", FAILED, "Zhipu"),
    FINISH_NO_RESOURCES(Api.CHAT_COMPLETIONS, "insufficient_system_resource", FAILED, "DeepSeek"),
    STOP_REASON_SEQUENCE(Api.MESSAGES, "stop_sequence", WHOLE, "Anthropic"),
    STOP_REASON_WINDOW(Api.MESSAGES, "model_context_window_exceeded", WHOLE, "Anthropic"),
    STOP_REASON_PAUSE(Api.MESSAGES, "pause_turn", WHOLE, "Anthropic with tools of its own"),
    STOP_REASON_REFUSAL(Api.MESSAGES, "refusal", EITHER, "Anthropic"),
    STOP_REASON_GUARDRAIL(Api.MESSAGES, "guardrail_intervened", EITHER, "Bedrock"),
    STOP_REASON_UNKNOWN(Api.MESSAGES, "tired", WHOLE, "the next server"),

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

    FinishQuirk(Api api, String reason, Result result, String seenIn) {
        this.facts = new Facts(result, Set.of(api), "ends with the reason `" + reason + "`", seenIn);
        this.change = response -> switch (response) {
            case Response.Whole _ -> response.edit(json -> put(json, reason));
            case Response.Streamed _, Response.Nothing _, Response.Dropped _ ->
                response.pieces(pieces -> pieces.edit(Part.FINISH, json -> put(json, reason)));
        };
    }

    FinishQuirk(String does, String seenIn, UnaryOperator<Response> change) {
        this.facts = Facts.ofChat(WHOLE, does, seenIn);
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
