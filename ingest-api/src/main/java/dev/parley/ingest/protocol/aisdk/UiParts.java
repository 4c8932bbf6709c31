package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.files.Attached;
import dev.parley.ingest.files.Attached.Said;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.JsonBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The parts of a message of the AI SDK's, as a prompt has them: what a client shows beside them is passed over. */
final class UiParts {

    private static final int MAX_PARTS = 10_000;
    private static final String TOOL = "tool-";
    private static final String DYNAMIC_TOOL = "dynamic-tool";
    private static final String STEP = "step-start";

    private final List<Step> steps = new ArrayList<>();
    private final Attached attached = new Attached();

    /** What was said before the next calls of tools had to come back. */
    private record Step(StringBuilder text, List<ToolCall> calls, List<PromptMessage> results) {
        Step() {
            this(new StringBuilder(), new ArrayList<>(), new ArrayList<>());
        }
    }

    private UiParts() {
        steps.add(new Step());
    }

    /** The parts of {@code message}. Files in an answer are refused, since they would be missed. */
    static UiParts of(JsonBody message) {
        UiParts parts = new UiParts();
        boolean user = message.requiredText("role").equals("user");
        message.objects("parts", MAX_PARTS).forEach(part -> parts.add(part, user));
        return parts;
    }

    private void add(JsonBody part, boolean user) {
        String type = part.requiredText("type");
        if (type.equals("text")) {
            steps.getLast().text().append(part.requiredText("text"));
        } else if (type.equals("file") && user) {
            attached.url(part, "url", Said.file(part.text("mediaType"), Named.in(part, "filename"), text().length()));
        } else if (type.equals("file")) {
            throw part.refusal("type", "must not be file in a message that is not the user's");
        } else if (type.equals(STEP)) {
            steps.add(new Step());
        } else if (type.equals(DYNAMIC_TOOL) || type.startsWith(TOOL)) {
            tool(part, type);
        }
    }

    /** A call that has come back. One that has not is of no use to a model. */
    private void tool(JsonBody part, String type) {
        Optional<String> result = switch (part.text("state").orElse("")) {
            case "output-available" -> Optional.of(output(part));
            case "output-error" -> part.text("errorText").or(() -> Optional.of("the tool failed"));
            case "output-denied" -> Optional.of("the user did not let the tool be called");
            default -> Optional.empty();
        };
        if (result.isPresent()) {
            String id = part.requiredText("toolCallId");
            String name = type.equals(DYNAMIC_TOOL) ? part.requiredText("toolName") : type.substring(TOOL.length());
            steps.getLast()
                    .calls()
                    .add(new ToolCall(id, name, part.json("input").orElse("{}")));
            steps.getLast().results().add(new PromptMessage(Role.TOOL, result.get(), List.of(), id, null));
        }
    }

    private static String output(JsonBody part) {
        return part.isText("output")
                ? part.requiredText("output")
                : part.json("output").orElse("null");
    }

    /** The images and files that a user shows. */
    List<Attachment> attachments() {
        return attached.list();
    }

    /** All that is said. */
    String text() {
        StringBuilder text = new StringBuilder();
        steps.forEach(step -> text.append(step.text()));
        return text.toString();
    }

    /** The results of the tools that the last step called; empty where it ended otherwise. */
    List<PromptMessage> lastResults() {
        return steps.getLast().results();
    }

    /** An answer with the results of its tools, as messages of a prompt. */
    List<PromptMessage> answer() {
        if (steps.stream().allMatch(step -> step.calls().isEmpty())) {
            return List.of(new PromptMessage(Role.ASSISTANT, text(), List.of(), null, null));
        }
        List<PromptMessage> messages = new ArrayList<>();
        for (Step step : steps) {
            if (!step.text().isEmpty() || !step.calls().isEmpty()) {
                messages.add(new PromptMessage(Role.ASSISTANT, step.text().toString(), step.calls(), null, null));
                messages.addAll(step.results());
            }
        }
        return messages;
    }
}
