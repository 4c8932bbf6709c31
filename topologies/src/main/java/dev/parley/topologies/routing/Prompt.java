package dev.parley.topologies.routing;

import dev.parley.chat.v1.HistoryMessage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnRequest;
import java.util.ArrayList;
import java.util.List;

/** Puts a prompt together: the system prompt, the history as it was given, the question. */
final class Prompt {

    private Prompt() {}

    static List<PromptMessage> of(TurnRequest turn, String systemPrompt) {
        List<PromptMessage> messages = new ArrayList<>(turn.getHistory().size() + 2);
        messages.add(new PromptMessage(Role.SYSTEM, systemPrompt));
        for (HistoryMessage earlier : turn.getHistory()) {
            messages.add(new PromptMessage(earlier.getRole(), earlier.getContent()));
        }
        messages.add(new PromptMessage(Role.USER, turn.getContent()));
        return messages;
    }
}
