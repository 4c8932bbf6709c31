package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.files.Shown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A prompt as every model server takes it: users and the assistant take turns, and a user begins; nothing is blank; each tool
 * call has one result, right after it; no two calls have one id. What conversations leave behind (turns that failed, were
 * stopped or said nothing) is joined or passed over; nothing with words in it is lost.
 */
final class History {

    /** Stands where a server insists on words and there are none. */
    static final String NOTHING = "…";

    private static final String BETWEEN = "\n\n";

    private final List<Part> parts = new ArrayList<>();
    private final boolean instructionsFirst;

    /** A part of a prompt. */
    sealed interface Part {

        /** What the model is told to be. Not blank. */
        record Instructions(String text) implements Part {}

        /**
         * What a user says and shows.
         *
         * @param text blank only where there are attachments
         * @param attachments in the order of how much of the text stands before them; contents of theirs are in the URLs
         */
        record User(String text, List<Attachment> attachments) implements Part {

            /** One who shows nothing. */
            User(String text) {
                this(text, List.of());
            }

            /** Piece by piece, of which there is at least one. Blank words are none. */
            List<Shown> pieces() {
                return Shown.of(text, attachments).stream()
                        .filter(piece -> !(piece instanceof Shown.Words(String words) && words.isBlank()))
                        .toList();
            }
        }

        /**
         * An answer, the tool calls in it, and their results.
         *
         * @param text blank only where there are calls
         * @param results by call, one each
         * @param extras what the server that said it wants to have back, its calls' by their position here; missing where
         *     there is nothing, or where they are another server's
         */
        record Assistant(String text, List<ToolCall> calls, Map<String, String> results, JsonNode extras)
                implements Part {}
    }

    private History(boolean instructionsFirst) {
        this.instructionsFirst = instructionsFirst;
    }

    /**
     * The parts of a prompt.
     *
     * @param instructionsFirst whether all instructions are to stand at the beginning, in one part
     * @param model whose extras are kept
     */
    static List<Part> of(List<PromptMessage> messages, boolean instructionsFirst, String model) {
        History history = new History(instructionsFirst);
        Map<Integer, Map<String, String>> results = results(messages);
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < messages.size(); i++) {
            PromptMessage message = messages.get(i);
            switch (message.getRole()) {
                case SYSTEM -> history.instructions(message.getContent());
                case USER -> history.user(message.getContent(), message.getAttachments());
                case ASSISTANT ->
                    history.assistant(
                            message.getContent(),
                            message.getToolCalls(),
                            results.getOrDefault(i, Map.of()),
                            Extras.of(message.getExtras(), model),
                            ids);
                case TOOL -> {
                    if (!isAnswer(messages, i)) {
                        // Its call is not here any more; what came of it is.
                        history.user(message.getContent(), message.getAttachments());
                    }
                }
            }
        }
        return history.begunByUser();
    }

    /** The results of each message's calls, by the message's position; of several for one call the last counts. */
    private static Map<Integer, Map<String, String>> results(List<PromptMessage> messages) {
        Map<Integer, Map<String, String>> results = new HashMap<>();
        for (int i = 0; i < messages.size(); i++) {
            PromptMessage message = messages.get(i);
            Integer asking = asking(messages, i);
            if (asking != null && message.getToolCallId() != null) {
                results.computeIfAbsent(asking, _ -> new LinkedHashMap<>())
                        .put(message.getToolCallId(), message.getContent());
            }
        }
        return results;
    }

    private static boolean isAnswer(List<PromptMessage> messages, int position) {
        return asking(messages, position) != null;
    }

    /** Which message asked for the call that a tool's message answers: the last before it, since ids may come again. */
    private static @Nullable Integer asking(List<PromptMessage> messages, int position) {
        String id = messages.get(position).getToolCallId();
        if (id != null) {
            for (int i = position - 1; i >= 0; i--) {
                if (messages.get(i).getToolCalls().stream()
                        .anyMatch(call -> call.getId().equals(id))) {
                    return i;
                }
            }
        }
        return null;
    }

    private void instructions(String text) {
        if (text.isBlank()) {
            return;
        }
        int place = instructionsFirst ? 0 : parts.size() - 1;
        if (place >= 0 && place < parts.size() && parts.get(place) instanceof Part.Instructions(String before)) {
            parts.set(place, new Part.Instructions(before + BETWEEN + text));
        } else {
            parts.add(instructionsFirst ? 0 : parts.size(), new Part.Instructions(text));
        }
    }

    private void user(String text, List<Attachment> attachments) {
        if (text.isBlank() && attachments.isEmpty()) {
            return;
        }
        if (parts.isEmpty() || !(parts.getLast() instanceof Part.User(String before, var shown))) {
            parts.add(new Part.User(text, attachments));
            return;
        }
        String between = before.isBlank() || text.isBlank() ? "" : BETWEEN;
        List<Attachment> all = new ArrayList<>(shown);
        attachments.forEach(attachment -> all.add(Attachment.newBuilder(attachment)
                .setAt(before.length() + between.length() + Math.min(attachment.getAt(), text.length()))
                .build()));
        parts.set(parts.size() - 1, new Part.User(before + between + text, all));
    }

    private void assistant(
            String text, List<ToolCall> calls, Map<String, String> results, JsonNode extras, Set<String> ids) {
        List<ToolCall> answered = new ArrayList<>();
        List<JsonNode> callExtras = new ArrayList<>();
        Map<String, String> theirs = new LinkedHashMap<>();
        for (int position = 0; position < calls.size(); position++) {
            ToolCall call = calls.get(position);
            String result = results.get(call.getId());
            // A call without a result is refused by all, as is a second one of the same id in one message.
            if (result != null
                    && answered.stream().noneMatch(each -> each.getId().equals(call.getId()))) {
                answered.add(call);
                callExtras.add(Extras.ofCall(extras, position));
            }
        }
        List<ToolCall> unique = answered.stream()
                .map(call -> {
                    String id = unique(call.getId(), ids);
                    theirs.put(id, results.getOrDefault(call.getId(), ""));
                    return new ToolCall(id, call.getName(), call.getArguments());
                })
                .toList();
        if (text.isBlank() && unique.isEmpty()) {
            return;
        }
        JsonNode kept = Extras.withCalls(extras, callExtras);
        if (!parts.isEmpty()
                && parts.getLast() instanceof Part.Assistant(String before, var called, var _, var _)
                && called.isEmpty()) {
            String both = text.isBlank() ? before : before + BETWEEN + text;
            // Two answers are one here, and proofs of what the first was thought are no proofs of that.
            parts.set(parts.size() - 1, new Part.Assistant(both, unique, theirs, kept));
        } else {
            parts.add(new Part.Assistant(text, unique, theirs, kept));
        }
    }

    private static String unique(String id, Set<String> ids) {
        String unique = id;
        for (int again = 2; !ids.add(unique); again++) {
            unique = id + "_" + again;
        }
        return unique;
    }

    private List<Part> begunByUser() {
        for (int i = 0; i < parts.size(); i++) {
            switch (parts.get(i)) {
                case Part.Instructions instructions -> {}
                case Part.User user -> {
                    return parts;
                }
                case Part.Assistant assistant -> {
                    parts.add(i, new Part.User(NOTHING));
                    return parts;
                }
            }
        }
        parts.add(new Part.User(NOTHING));
        return parts;
    }
}
