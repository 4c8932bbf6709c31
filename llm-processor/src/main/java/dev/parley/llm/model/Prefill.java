package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an answer is to begin with: model servers that take one take it as a last message of the assistant's. */
final class Prefill {

    private Prefill() {}

    static boolean isIn(GenerationRequest request) {
        return of(request) != null;
    }

    /** The prompt, with the answer's beginning at its end. */
    static List<PromptMessage> messages(GenerationRequest request) {
        @Nullable String prefill = of(request);
        if (prefill == null) {
            return request.getMessages();
        }
        List<PromptMessage> messages = new ArrayList<>(request.getMessages());
        messages.add(new PromptMessage(Role.ASSISTANT, prefill, List.of(), null, null));
        return messages;
    }

    private static @Nullable String of(GenerationRequest request) {
        GenerationOptions options = request.getOptions();
        return options == null ? null : options.getPrefill();
    }
}
