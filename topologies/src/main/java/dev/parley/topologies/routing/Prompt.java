package dev.parley.topologies.routing;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts a prompt together: the system prompt with the passages, the history as it was given, what the caller sent along, the
 * question. A caller who brings a system prompt gets that one and no other.
 */
final class Prompt {

    private Prompt() {}

    static List<PromptMessage> of(TurnRequest turn, String systemPrompt, List<Passage> passages) {
        CallerPrompt caller = turn.getPrompt();
        List<PromptMessage> said = new ArrayList<>(turn.getHistory());
        if (caller == null) {
            said.add(new PromptMessage(Role.USER, turn.getContent(), List.of(), null));
        } else {
            said.addAll(caller.getContext());
            said.add(new PromptMessage(caller.getRole(), turn.getContent(), List.of(), caller.getToolCallId()));
        }
        said = answered(said);
        String instructions = instructions(caller == null ? null : caller.getOptions(), said, systemPrompt);
        String section = PassageSection.of(passages);
        if (!section.isEmpty()) {
            instructions = instructions == null ? section : instructions + "\n\n" + section;
        }
        if (instructions == null) {
            return said;
        }
        List<PromptMessage> prompt = new ArrayList<>(said.size() + 1);
        prompt.add(new PromptMessage(Role.SYSTEM, instructions, List.of(), null));
        prompt.addAll(said);
        return prompt;
    }

    /**
     * Without the calls that nobody answered, as where the turn with their results failed: model servers refuse a prompt
     * with a call that has no result.
     */
    private static List<PromptMessage> answered(List<PromptMessage> said) {
        Set<String> results = said.stream()
                .filter(message -> message.getRole() == Role.TOOL)
                .map(PromptMessage::getToolCallId)
                .collect(Collectors.toSet());
        List<PromptMessage> kept = new ArrayList<>(said.size());
        for (PromptMessage message : said) {
            List<ToolCall> calls = message.getToolCalls().stream()
                    .filter(call -> results.contains(call.getId()))
                    .toList();
            if (calls.size() == message.getToolCalls().size()) {
                kept.add(message);
            } else if (!calls.isEmpty() || !message.getContent().isEmpty()) {
                kept.add(new PromptMessage(message.getRole(), message.getContent(), calls, null));
            }
        }
        return kept;
    }

    private static @Nullable String instructions(
            @Nullable GenerationOptions options, List<PromptMessage> said, String systemPrompt) {
        if (options != null && options.getInstructions() != null) {
            return options.getInstructions();
        }
        boolean brought = said.stream().anyMatch(message -> message.getRole() == Role.SYSTEM);
        return brought ? null : systemPrompt;
    }
}
