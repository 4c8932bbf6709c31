package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.http.JsonBody;
import java.util.Set;

/** Content that comes as a list of parts, of which the texts together are what is said, whoever says it. */
final class TextParts {

    private static final Set<String> TEXTS = Set.of("text", "input_text", "output_text");
    private static final String REFUSAL = "refusal";

    /** A model's earlier thoughts are no part of a prompt. */
    private static final Set<String> THOUGHTS = Set.of("reasoning", "thinking", "redacted_thinking");

    private TextParts() {}

    /** The text of the list {@code name}. */
    static String of(JsonBody message, String name) {
        StringBuilder text = new StringBuilder();
        for (JsonBody part : message.objects(name, ChatCompletionRequest.MAX_MESSAGES)) {
            String type = part.requiredText("type");
            if (TEXTS.contains(type)) {
                text.append(part.requiredText("text"));
                part.pass("annotations");
                part.pass("logprobs");
            } else if (type.equals(REFUSAL)) {
                text.append(part.requiredText(REFUSAL));
            } else if (!THOUGHTS.contains(type)) {
                throw part.refusal(
                        "type", "must be of text: this server takes other content in messages of the user's alone");
            }
            part.unusedRest(Set.of());
        }
        return text.toString();
    }
}
