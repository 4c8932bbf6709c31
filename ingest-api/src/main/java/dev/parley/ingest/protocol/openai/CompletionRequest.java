package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Asked;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The body of {@code POST /v1/completions}, OpenAI's first API. Its prompt is asked as a user's message, since that is what
 * conversations are made of: whatever would need a model to go on writing the prompt itself is refused by its name.
 */
record CompletionRequest(ModelCall call, boolean stream, boolean includeUsage) {

    static CompletionRequest of(JsonBody body, Models models) {
        String model = body.requiredText("model");
        Models.Choice choice = models.choice(model);
        PromptMessage prompt = new PromptMessage(Role.USER, prompt(body), List.of(), null, null);
        GenerationOptions.Builder options = ChatCompletionRequest.sampling(body)
                .setMaxOutputTokens(
                        ChatCompletionRequest.tokens(body, "max_tokens").orElse(null))
                .setPresencePenalty(body.number("presence_penalty", -2, 2).orElse(null))
                .setFrequencyPenalty(body.number("frequency_penalty", -2, 2).orElse(null))
                .setSeed(body.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(null))
                .setStop(ChatCompletionRequest.stop(body))
                .setExtraParameters(ExtraParameters.of(body).json().orElse(null));
        boolean stream = body.flag("stream").orElse(false);
        boolean includeUsage = ChatCompletionRequest.includeUsage(body, stream);
        body.integer("n", 1, 1);
        body.integer("best_of", 1, 1);
        body.integer("logprobs", 0, 0);
        ChatCompletionRequest.refuseUnlessFalse(body, "echo");
        if (body.text("suffix").filter(text -> !text.isEmpty()).isPresent()) {
            throw body.refusal("suffix", "is not supported");
        }
        body.done();
        Asked asked = new Asked(List.of(), prompt, Optional.empty());
        return new CompletionRequest(ModelCall.of(model, choice, asked, options, Map.of()), stream, includeUsage);
    }

    private static String prompt(JsonBody body) {
        if (!body.isList("prompt")) {
            return body.requiredText("prompt");
        }
        if (!body.isListOfTexts("prompt")) {
            throw body.refusal("prompt", "must be a text: this server takes no tokens");
        }
        List<String> prompts = body.texts("prompt", 1);
        if (prompts.isEmpty()) {
            throw body.refusal("prompt", "must hold one text");
        }
        return prompts.getFirst();
    }
}
