package dev.parley.ingest.protocol.agui;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.ShownPath.Shown;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a thread's messages ask.
 *
 * @param earlier messages before what is said, as the client shows them
 * @param said the results of all tools but the last, where there are some, then the message itself
 * @param id that the client gave to the last message
 */
record Asked(List<Shown> earlier, List<PromptMessage> said, String id) {

    private static final int MAX_MESSAGES = 10_000;
    private static final int MAX_PARTS = 10_000;
    private static final int MAX_CALLS = 512;

    private static final List<String> ROLES =
            List.of("developer", "system", "assistant", "user", "tool", "activity", "reasoning");

    /** Takes the field {@code messages} apart. */
    static Asked of(JsonBody body) {
        List<Shown> messages = new ArrayList<>();
        JsonBody last = body;
        for (JsonBody message : body.objects("messages", MAX_MESSAGES)) {
            String role = message.oneOf("role", ROLES).orElseThrow(() -> JsonBody.required(message.at("role")));
            // Thoughts are never sent to a model again, and activities are the page's own.
            if (!role.equals("reasoning") && !role.equals("activity")) {
                messages.add(
                        new Shown(message(message, role), message.text("id").orElse("")));
                last = message;
            }
        }
        if (messages.isEmpty()) {
            throw body.refusal("messages", "must hold a message of the user's, or a tool's");
        }
        PromptMessage end = messages.getLast().message();
        if (end.getRole() != Role.USER && end.getRole() != Role.TOOL) {
            throw last.refusal("role", "must be user or tool in the last message");
        }
        String id = last.requiredText("id");
        check(last, end);
        int from = messages.size() - 1;
        while (end.getRole() == Role.TOOL
                && from > 0
                && messages.get(from - 1).message().getRole() == Role.TOOL) {
            from--;
        }
        List<PromptMessage> said = messages.subList(from, messages.size()).stream()
                .map(Shown::message)
                .toList();
        return new Asked(usable(messages.subList(0, from), said), said, id);
    }

    /** The message itself: the last of what is said. */
    PromptMessage message() {
        return said.getLast();
    }

    /** Of what is said, what comes before the message itself. */
    List<PromptMessage> before() {
        return said.subList(0, said.size() - 1);
    }

    private static void check(JsonBody last, PromptMessage message) {
        if (message.getRole() == Role.USER && message.getContent().isBlank()) {
            throw last.refusal("content", "must hold a text that is not blank");
        }
        if (message.getContent().getBytes(StandardCharsets.UTF_8).length > Question.MAX_CONTENT_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "must have at most " + Question.MAX_CONTENT_BYTES + " bytes in UTF-8",
                    last.at("content"));
        }
    }

    private static PromptMessage message(JsonBody message, String role) {
        message.pass("metadata"); // This server's own, as it came with an answer.
        PromptMessage read = switch (role) {
            case "user" -> new PromptMessage(Role.USER, content(message), List.of(), null, null);
            case "tool" -> result(message);
            case "assistant" ->
                new PromptMessage(Role.ASSISTANT, message.text("content").orElse(""), calls(message), null, null);
            default -> new PromptMessage(Role.SYSTEM, message.text("content").orElse(""), List.of(), null, null);
        };
        message.unusedRest(Set.of());
        return read;
    }

    private static PromptMessage result(JsonBody message) {
        String content = content(message);
        String error = message.text("error").orElse("");
        return new PromptMessage(
                Role.TOOL, content.isEmpty() ? error : content, List.of(), message.requiredText("toolCallId"), null);
    }

    private static String content(JsonBody message) {
        if (!message.isList("content")) {
            return message.text("content").orElse("");
        }
        StringBuilder text = new StringBuilder();
        for (JsonBody part : message.objects("content", MAX_PARTS)) {
            if (!part.requiredText("type").equals("text")) {
                throw part.refusal("type", "must be text: this server takes text alone");
            }
            text.append(part.requiredText("text"));
            part.pass("id");
            part.unusedRest(Set.of());
        }
        return text.toString();
    }

    private static List<ToolCall> calls(JsonBody message) {
        List<ToolCall> calls = new ArrayList<>();
        for (JsonBody call : message.objects("toolCalls", MAX_CALLS)) {
            JsonBody function = call.object("function").orElseThrow(() -> JsonBody.required(call.at("function")));
            calls.add(new ToolCall(
                    call.requiredText("id"),
                    function.requiredText("name"),
                    function.text("arguments").orElse("{}")));
            call.pass("type");
            call.unusedRest(Set.of());
        }
        return calls;
    }

    /** What is of use to a model: no instructions that say nothing, and no calls that have not come back. */
    private static List<Shown> usable(List<Shown> earlier, List<PromptMessage> said) {
        Set<String> answered = new HashSet<>();
        earlier.forEach(shown -> answered.add(String.valueOf(shown.message().getToolCallId())));
        said.forEach(message -> answered.add(String.valueOf(message.getToolCallId())));
        List<Shown> usable = new ArrayList<>();
        for (Shown shown : earlier) {
            PromptMessage message = shown.message();
            List<ToolCall> calls = message.getToolCalls().stream()
                    .filter(call -> answered.contains(call.getId()))
                    .toList();
            boolean empty = message.getContent().isBlank() && calls.isEmpty();
            switch (message.getRole()) {
                case USER, TOOL -> usable.add(shown);
                case SYSTEM -> {
                    if (!empty) {
                        usable.add(shown);
                    }
                }
                case ASSISTANT -> {
                    if (!empty) {
                        usable.add(new Shown(
                                new PromptMessage(Role.ASSISTANT, message.getContent(), calls, null, null),
                                shown.messageId()));
                    }
                }
            }
        }
        return usable;
    }
}
