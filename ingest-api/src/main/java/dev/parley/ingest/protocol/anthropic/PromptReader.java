package dev.parley.ingest.protocol.anthropic;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads messages as blocks into messages as a prompt has them: results of tools become messages of their own, and what the
 * assistant says in several messages, one after another, is one. Blocks of text are paragraphs of a user's, but pieces of
 * the assistant's. What is no text is refused by its name.
 */
final class PromptReader {

    static final int MAX_BLOCKS = 10_000;

    private static final String BETWEEN = "\n\n";

    /** How a result that is a failure begins: a prompt has no other word for it. */
    private static final String FAILED = "Error: ";

    private static final List<String> ROLES = List.of("user", "assistant", "system");

    /** Members that other protocols' messages have, and that would say something to a model. */
    private static final Set<String> MEANINGFUL =
            Set.of("tool_calls", "function_call", "tool_call_id", "images", "files");

    private final List<PromptMessage> messages = new ArrayList<>();
    private final List<Optional<AnswerId>> signatures = new ArrayList<>();

    /** What the assistant says, until somebody else does. */
    private Optional<Answer> answer = Optional.empty();

    private static final class Answer {
        private final StringBuilder text = new StringBuilder();
        private final List<ToolCall> calls = new ArrayList<>();
        private Optional<AnswerId> signature = Optional.empty();
    }

    private PromptReader() {}

    /**
     * A prompt.
     *
     * @param signatures of the assistant's messages in it, in their order; empty where one has none that this server made
     */
    record Prompt(List<PromptMessage> messages, List<Optional<AnswerId>> signatures) {}

    /**
     * The prompt that a request makes.
     *
     * @param messages that it has, beside its {@code system}
     */
    static Prompt read(JsonBody body, List<JsonBody> messages) {
        PromptReader reader = new PromptReader();
        if (body.has("system")) {
            reader.add(Role.SYSTEM, text(body, "system"));
        }
        messages.forEach(reader::message);
        reader.endAnswer();
        return new Prompt(List.copyOf(reader.messages), List.copyOf(reader.signatures));
    }

    private void message(JsonBody message) {
        String role = message.oneOf("role", ROLES).orElseThrow(() -> JsonBody.required(message.at("role")));
        if (role.equals("assistant")) {
            assistant(message);
        } else {
            endAnswer();
            if (role.equals("system")) {
                add(Role.SYSTEM, text(message, "content"));
            } else {
                user(message);
            }
        }
        message.unusedRest(MEANINGFUL);
    }

    private void add(Role role, String text) {
        messages.add(new PromptMessage(role, text, List.of(), null, null));
    }

    private void user(JsonBody message) {
        if (!message.isList("content")) {
            add(Role.USER, message.requiredText("content"));
            return;
        }
        int before = messages.size();
        List<String> said = new ArrayList<>();
        for (JsonBody block : message.objects("content", MAX_BLOCKS)) {
            switch (block.requiredText("type")) {
                case "text" -> said.add(block.requiredText("text"));
                case "tool_result" -> {
                    endUser(said);
                    messages.add(new PromptMessage(
                            Role.TOOL, result(block), List.of(), block.requiredText("tool_use_id"), null));
                }
                // Clients that sum up a conversation say the answer of the model as the user's.
                case "thinking", "redacted_thinking" -> signature(block);
                default -> throw notText(block);
            }
            block.unusedRest(Set.of());
        }
        if (!said.isEmpty() || messages.size() == before) {
            add(Role.USER, String.join(BETWEEN, said));
        }
    }

    private void endUser(List<String> said) {
        if (!said.isEmpty()) {
            add(Role.USER, String.join(BETWEEN, said));
            said.clear();
        }
    }

    private static String result(JsonBody block) {
        String text = block.has("content") ? text(block, "content") : "";
        boolean failed = block.flag("is_error").orElse(false);
        return failed && !text.startsWith(FAILED) ? FAILED + text : text;
    }

    private void assistant(JsonBody message) {
        Answer going = answer.orElseGet(Answer::new);
        answer = Optional.of(going);
        StringBuilder said = new StringBuilder();
        if (!message.isList("content")) {
            said.append(message.requiredText("content"));
        } else {
            for (JsonBody block : message.objects("content", MAX_BLOCKS)) {
                switch (block.requiredText("type")) {
                    case "text" -> said.append(block.requiredText("text"));
                    case "tool_use" -> going.calls.add(call(block));
                    case "thinking", "redacted_thinking" ->
                        signature(block).ifPresent(id -> going.signature = Optional.of(id));
                    default -> throw notText(block);
                }
                block.unusedRest(Set.of());
            }
        }
        if (!going.text.isEmpty() && !said.isEmpty()) {
            going.text.append(BETWEEN);
        }
        going.text.append(said);
    }

    private void endAnswer() {
        answer.ifPresent(said -> {
            messages.add(new PromptMessage(Role.ASSISTANT, said.text.toString(), said.calls, null, null));
            signatures.add(said.signature);
        });
        answer = Optional.empty();
    }

    private static ToolCall call(JsonBody block) {
        block.pass("caller"); // Who called is the model, always.
        Optional<String> input = block.object("input").flatMap(any -> block.json("input"));
        return new ToolCall(block.requiredText("id"), block.requiredText("name"), input.orElse("{}"));
    }

    /** Thoughts go back to who thought them by their signature: the log has them, and their words are not needed. */
    private static Optional<AnswerId> signature(JsonBody block) {
        block.pass("thinking");
        String name = block.requiredText("type").equals("thinking") ? "signature" : "data";
        Optional<AnswerId> id = block.text(name).flatMap(AnswerId::signed);
        if (id.isEmpty()) {
            block.unused(name);
        }
        return id;
    }

    /** The text of a member that is one, or blocks of it. */
    private static String text(JsonBody body, String name) {
        if (!body.isList(name)) {
            return body.requiredText(name);
        }
        List<String> said = new ArrayList<>();
        for (JsonBody block : body.objects(name, MAX_BLOCKS)) {
            if (!block.requiredText("type").equals("text")) {
                throw notText(block);
            }
            said.add(block.requiredText("text"));
            block.unusedRest(Set.of());
        }
        return String.join(BETWEEN, said);
    }

    private static ProblemException notText(JsonBody block) {
        return block.refusal(
                "type",
                "is of content that this server does not take here: it takes text, and calls and results of tools");
    }
}
