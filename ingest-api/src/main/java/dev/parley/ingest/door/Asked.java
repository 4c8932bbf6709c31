package dev.parley.ingest.door;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.http.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a list of messages asks. Instructions that say nothing are none: clients send those that their users left empty.
 *
 * @param before messages sent along
 * @param last what is asked
 * @param prefill what the answer is to begin with, where the list ends with words of the assistant's
 */
public record Asked(List<PromptMessage> before, PromptMessage last, Optional<String> prefill) {

    /**
     * Takes a list apart.
     *
     * @param refusal of the last message, by the rule that it breaks
     */
    public static Asked of(List<PromptMessage> all, Function<String, ProblemException> refusal) {
        List<PromptMessage> messages = new ArrayList<>(all);
        messages.removeIf(message ->
                message.getRole() == Role.SYSTEM && message.getContent().isBlank());
        Optional<String> prefill = Optional.empty();
        if (isAnswer(messages)) {
            PromptMessage begun = messages.removeLast();
            if (!begun.getToolCalls().isEmpty()) {
                throw refusal.apply("must not be one of the assistant's that calls tools: their results come next");
            }
            prefill = Optional.of(begun.getContent()).filter(text -> !text.isBlank());
        }
        if (messages.isEmpty()) {
            throw refusal.apply(
                    prefill.isPresent()
                            ? "must not be the assistant's in the only message"
                            : "must not be blank instructions in the only message");
        }
        if (isAnswer(messages)) {
            throw refusal.apply("must not be the assistant's where the message before is its own too");
        }
        PromptMessage last = messages.removeLast();
        return new Asked(messages, last, prefill);
    }

    private static boolean isAnswer(List<PromptMessage> messages) {
        return !messages.isEmpty() && messages.getLast().getRole() == Role.ASSISTANT;
    }
}
