package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.schemas.TokenEstimate;
import dev.parley.schemas.files.Attachments;
import dev.parley.topologies.state.v1.ExchangeState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What was said before a question, for its prompt: whole exchanges, the newest that fit into a budget of tokens. */
final class PromptHistory {

    private final Deque<PromptMessage> messages = new ArrayDeque<>();
    private long room;

    PromptHistory(int maxTokens) {
        this.room = TokenEstimate.chars(maxTokens);
    }

    /** Adds the exchange before those that were added, where it counts; says whether there may be room for another. */
    boolean add(ExchangeState exchange) {
        if (!exchange.getCounted()) {
            return true;
        }
        List<PromptMessage> said = messages(exchange);
        room -= said.stream()
                .mapToLong(message -> message.getContent().length() + Attachments.estimatedChars(message))
                .sum();
        if (room < 0) {
            return false;
        }
        said.reversed().forEach(messages::addFirst);
        return true;
    }

    /** What fits, oldest first. */
    List<PromptMessage> messages() {
        // The result of a call that nobody made, since the exchange that asked for it is left out, would be refused.
        return messages.stream()
                .dropWhile(message -> message.getRole() == Role.TOOL)
                .toList();
    }

    private static List<PromptMessage> messages(ExchangeState exchange) {
        List<PromptMessage> messages = new ArrayList<>();
        CallerPrompt prompt = StateRecords.prompt(exchange.getPrompt());
        if (prompt == null) {
            messages.add(new PromptMessage(Role.USER, exchange.getQuestion(), List.of(), null, null));
        } else {
            messages.addAll(prompt.getContext());
            messages.add(new PromptMessage(
                    prompt.getRole(),
                    exchange.getQuestion(),
                    List.of(),
                    prompt.getToolCallId(),
                    null,
                    prompt.getAttachments()));
        }
        messages.add(new PromptMessage(
                Role.ASSISTANT,
                exchange.getAnswer(),
                StateRecords.toolCalls(exchange.getToolCalls()),
                null,
                StateRecords.extras(exchange.getExtras())));
        return messages;
    }
}
