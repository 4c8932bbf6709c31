package dev.parley.topologies.preparing;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.TokenEstimate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts a prompt together: the system prompt with the passages, as much of the history as there is room for, what the caller
 * sent along, the question. A caller who brings a system prompt gets that one and no other. Only the history gives way: by
 * whole exchanges, newest kept.
 */
final class Prompt {

    private Prompt() {}

    /**
     * How long a prompt may get, at four characters a token.
     *
     * @param historyTokens most of the history, system messages in it aside; null: no bound
     * @param promptTokens most of the prompt in all, for which the history gives way; null: no bound
     */
    record Bounds(@Nullable Integer historyTokens, @Nullable Integer promptTokens) {

        static final Bounds NONE = new Bounds(null, null);

        /** What is left for the history beside messages of {@code otherChars}; may be negative. */
        private long historyChars(long otherChars) {
            long own = chars(historyTokens);
            return promptTokens == null ? own : Math.min(own, chars(promptTokens) - otherChars);
        }

        private static long chars(@Nullable Integer tokens) {
            return tokens == null ? Long.MAX_VALUE : TokenEstimate.chars(tokens);
        }
    }

    static List<PromptMessage> of(TurnRequest turn, String systemPrompt, List<Passage> passages, Bounds bounds) {
        CallerPrompt caller = turn.getPrompt();
        List<PromptMessage> asked = asked(turn);
        List<PromptMessage> all = new ArrayList<>(turn.getHistory());
        all.addAll(asked);
        String instructions = instructions(caller == null ? null : caller.getOptions(), all, systemPrompt);
        String section = PassageSection.of(passages);
        if (!section.isEmpty()) {
            instructions = instructions == null ? section : instructions + "\n\n" + section;
        }
        long others = (instructions == null ? 0 : instructions.length())
                + asked.stream().mapToLong(Exchanges::chars).sum()
                + turn.getHistory().stream()
                        .filter(message -> message.getRole() == Role.SYSTEM)
                        .mapToLong(Exchanges::chars)
                        .sum();
        List<PromptMessage> said =
                new ArrayList<>(Exchanges.newest(turn.getHistory(), bounds.historyChars(others), goesOn(asked)));
        said.addAll(asked);
        said = answered(said);
        if (instructions == null) {
            return said;
        }
        List<PromptMessage> prompt = new ArrayList<>(said.size() + 1);
        prompt.add(new PromptMessage(Role.SYSTEM, instructions, List.of(), null, null));
        prompt.addAll(said);
        return prompt;
    }

    /** Whether a turn begins with a tool's result, and so belongs to the exchange in which the call was made. */
    private static boolean goesOn(List<PromptMessage> asked) {
        return asked.stream()
                .map(PromptMessage::getRole)
                .filter(role -> role != Role.SYSTEM)
                .findFirst()
                .filter(role -> role == Role.TOOL)
                .isPresent();
    }

    /** What the turn adds to the conversation. */
    private static List<PromptMessage> asked(TurnRequest turn) {
        CallerPrompt caller = turn.getPrompt();
        if (caller == null) {
            return List.of(new PromptMessage(Role.USER, turn.getContent(), List.of(), null, null));
        }
        List<PromptMessage> asked = new ArrayList<>(caller.getContext());
        asked.add(new PromptMessage(
                caller.getRole(), turn.getContent(), List.of(), caller.getToolCallId(), null, caller.getAttachments()));
        return asked;
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
            } else if (!calls.isEmpty()
                    || !message.getContent().isEmpty()
                    || !message.getAttachments().isEmpty()) {
                kept.add(PromptMessage.newBuilder(message)
                        .setToolCalls(calls)
                        .setToolCallId(null)
                        .setExtras(null)
                        .build());
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
