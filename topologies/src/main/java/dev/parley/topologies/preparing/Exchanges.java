package dev.parley.topologies.preparing;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.files.Attachments;
import java.util.ArrayList;
import java.util.List;

/**
 * Trims a history by whole exchanges, newest kept. An exchange is a user's message and all up to the next one, so that a
 * tool's result never stands without the call that it answers. System messages belong to none and stay.
 */
final class Exchanges {

    private Exchanges() {}

    /**
     * The system messages of {@code history}, and its last exchanges that have at most {@code chars} together.
     *
     * @param goesOn whether what follows the history belongs to its last exchange, which then stays whatever it is long
     */
    static List<PromptMessage> newest(List<PromptMessage> history, long chars, boolean goesOn) {
        int from = history.size();
        long room = chars;
        for (int end = history.size(); end > 0; ) {
            int start = startOfExchange(history, end);
            room -= withoutSystem(history.subList(start, end));
            boolean stays = goesOn && end == history.size();
            if (room < 0 && !stays) {
                break;
            }
            from = start;
            end = start;
        }
        List<PromptMessage> kept = new ArrayList<>(history.size());
        for (int i = 0; i < history.size(); i++) {
            if (i >= from || history.get(i).getRole() == Role.SYSTEM) {
                kept.add(history.get(i));
            }
        }
        return kept;
    }

    private static int startOfExchange(List<PromptMessage> history, int end) {
        int start = end - 1;
        while (start > 0 && history.get(start).getRole() != Role.USER) {
            start--;
        }
        return start;
    }

    private static long withoutSystem(List<PromptMessage> messages) {
        return messages.stream()
                .filter(message -> message.getRole() != Role.SYSTEM)
                .mapToLong(Exchanges::chars)
                .sum();
    }

    /** What a message adds to a prompt. */
    static long chars(PromptMessage message) {
        long chars = message.getContent().length() + Attachments.estimatedChars(message);
        for (ToolCall call : message.getToolCalls()) {
            chars += call.getName().length() + call.getArguments().length();
        }
        return chars;
    }
}
