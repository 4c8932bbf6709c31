package dev.parley.stack.scripted;

import dev.parley.schemas.ErrorCode;
import dev.parley.stack.scripted.Script.Answer;
import java.util.Map;
import java.util.Set;

/** That the prompt is longer than the model's window, in each provider's words. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum OverflowQuirk implements Quirk {
    WINDOW_OPENAI(
            400,
            "OpenAI",
            "of 8192 tokens: it needs 9000",
            openAi(
                    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce"
                            + " the length of the messages.",
                    "\"context_length_exceeded\"")),
    WINDOW_OPENAI_RESPONSES(
            400,
            "OpenAI's newer models",
            "context window",
            openAi(
                    "Your input exceeds the context window of this model. Please adjust your input and try again.",
                    "\"context_length_exceeded\"")),
    WINDOW_AZURE(
            400,
            "Azure",
            "of 8192 tokens: it needs 9000",
            openAi(
                    "This model's maximum context length is 8192 tokens, however you requested 9000 tokens (8500 in your prompt; 500"
                            + " for the completion). Please reduce your prompt; or completion length.",
                    "\"context_length_exceeded\"")),
    WINDOW_VLLM(
            400,
            "vLLM",
            "of 4096 tokens: it needs 5000",
            "{\"error\":{\"message\":\"This model's maximum context length is 4096 tokens. However, you requested"
                    + " 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or"
                    + " completion.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}"),
    WINDOW_VLLM_FLAT(
            400,
            "vLLM's older versions",
            "of 4096 tokens: it needs 5000",
            "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096"
                    + " tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.\","
                    + "\"type\":\"BadRequestError\",\"param\":null,\"code\":400}"),
    WINDOW_LLAMA_CPP(
            400,
            "llama.cpp",
            "context window",
            "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size, try"
                    + " increasing it\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":5000,\"n_ctx\":4096}}"),
    WINDOW_ANTHROPIC(
            400,
            "Anthropic",
            "of 200000 tokens: it needs 210000",
            "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too"
                    + " long: 210000 tokens > 200000 maximum\"},\"request_id\":\"req_scripted\"}"),
    WINDOW_ANTHROPIC_OUTPUT(
            400,
            "Anthropic",
            "of 200000 tokens: it needs 198000",
            "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input"
                    + " length and `max_tokens` exceed context limit: 198000 + 4096 > 200000, decrease input length or `max_tokens` and"
                    + " try again\"}}"),
    WINDOW_GEMINI(
            400,
            "Gemini's endpoint",
            "of 1048576 tokens: it needs 1200000",
            "[{\"error\":{\"code\":400,\"message\":\"The input token count (1200000) exceeds the"
                    + " maximum number of tokens allowed (1048576).\",\"status\":\"INVALID_ARGUMENT\"}}]"),
    WINDOW_MISTRAL(
            400,
            "Mistral",
            "of 32768 tokens: it needs 40000",
            "{\"object\":\"error\",\"message\":\"Prompt contains 40000 tokens and 0 draft tokens, too large for"
                    + " model with 32768 maximum context length\",\"type\":\"invalid_request_prompt\",\"param\":null,\"code\":\"3051\"}"),
    WINDOW_GROQ(
            400,
            "Groq",
            "context window",
            "{\"error\":{\"message\":\"Please reduce the length of the messages or completion.\",\"type\":"
                    + "\"invalid_request_error\",\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}"),
    WINDOW_BEDROCK(400, "Bedrock", "context window", "{\"message\":\"Input is too long for requested model.\"}"),
    WINDOW_OLLAMA(400, "Ollama", "context window", "{\"error\":\"input length exceeds maximum context length\"}"),
    WINDOW_TGI(
            422,
            "TGI",
            "of 4096 tokens: it needs 5000",
            "{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"
                    + " `inputs` tokens and 100 `max_new_tokens`\",\"error_type\":\"validation\"}"),
    WINDOW_LITELLM(
            400,
            "LiteLLM",
            "of 8192 tokens: it needs 9000",
            "{\"error\":{\"message\":\"litellm.ContextWindowExceededError: litellm.BadRequestError:"
                    + " ContextWindowExceededError: OpenAIException - This model's maximum context length is 8192 tokens. However, your"
                    + " messages resulted in 9000 tokens.\",\"type\":null,\"param\":null,\"code\":\"400\"}}"),
    WINDOW_OPENROUTER(
            400,
            "OpenRouter",
            "of 32768 tokens: it needs 40000",
            "{\"error\":{\"message\":\"This endpoint's maximum context length is 32768 tokens. However,"
                    + " you requested about 40000 tokens (39000 of text input, 1000 in the output). Please reduce the length of either"
                    + " one.\",\"code\":400,\"metadata\":{\"provider_name\":null}}}"),
    WINDOW_SGLANG(
            400,
            "SGLang",
            "of 4096 tokens: it needs 5000",
            "{\"object\":\"error\",\"message\":\"The input (5000 tokens) is longer than the model's context length"
                    + " (4096 tokens).\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}"),
    WINDOW_DEEPSEEK(
            400,
            "DeepSeek",
            "of 65536 tokens: it needs 70000",
            openAi(
                    "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens (66000 in the messages,"
                            + " 4000 in the completion). Please reduce the length of the messages or completion.",
                    "\"invalid_request_error\"")),
    WINDOW_TOGETHER(
            422,
            "Together",
            "of 8193 tokens: it needs 9000",
            openAi(
                    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 100"
                            + " `max_new_tokens`",
                    "null")),
    WINDOW_COHERE(
            400,
            "Cohere",
            "of 4081 tokens: it needs 5000",
            "{\"message\":\"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received"
                    + " 5000. Try using a shorter prompt, or enabling prompt truncating.\"}"),
    WINDOW_LM_STUDIO(
            400,
            "LM Studio",
            "context window",
            "{\"error\":\"The number of tokens to keep from the initial prompt is greater than the context"
                    + " length. Try to load the model with a larger context length, or provide a shorter input\"}");

    private final Facts facts;
    private final int status;
    private final String body;

    OverflowQuirk(int status, String provider, String numbers, String body) {
        this.facts = new Facts(
                Outcome.refused(ErrorCode.CONTEXT_LENGTH_EXCEEDED, numbers),
                Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES),
                "says that the context is too long, with status " + status,
                provider);
        this.status = status;
        this.body = body;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return new Response.Whole(status, Map.of(), Response.JSON, body);
    }

    private static String openAi(String message, String code) {
        return "{\"error\":{\"message\":" + JsonText.quote(message)
                + ",\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":" + code + "}}";
    }
}
