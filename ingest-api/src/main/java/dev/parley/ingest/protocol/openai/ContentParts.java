package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.files.Attached;
import dev.parley.ingest.files.Attached.Said;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Content in the parts that chat completions and responses have: texts, which together are what is said, and in messages of the
 * user's images and files among them. Each API's parts are taken in the other as well, since clients mix them up.
 */
final class ContentParts {

    private static final Set<String> TEXTS = Set.of("text", "input_text", "output_text");

    /** A model's earlier thoughts are no part of a prompt. */
    private static final Set<String> THOUGHTS = Set.of("reasoning", "thinking", "redacted_thinking");

    private static final Set<String> ATTACHED = Set.of("image_url", "input_image", "file", "input_file");

    private final boolean users;
    private final StringBuilder text = new StringBuilder();
    private final Attached attached = new Attached();

    private ContentParts(boolean users) {
        this.users = users;
    }

    /** A message of the user's, whose content is the field {@code name}: a text, or parts. */
    static PromptMessage user(JsonBody message, String name) {
        ContentParts parts = new ContentParts(true).of(message, name);
        return new PromptMessage(Role.USER, parts.text.toString(), List.of(), null, null, parts.attached.list());
    }

    /** What anybody else says in the field {@code name}: a text, or parts that are texts. */
    static String text(JsonBody message, String name) {
        return new ContentParts(false).of(message, name).text.toString();
    }

    /** Refuses images and files in the field {@code name}, by the type of the first such part. */
    static void refuseAttached(JsonBody message, String name, String rule) {
        if (message.isList(name)) {
            for (JsonBody part : message.objects(name, ChatCompletionRequest.MAX_MESSAGES)) {
                if (ATTACHED.contains(part.requiredText("type"))) {
                    throw part.refusal("type", rule);
                }
            }
        }
    }

    private ContentParts of(JsonBody message, String name) {
        if (message.isList(name)) {
            message.objects(name, ChatCompletionRequest.MAX_MESSAGES).forEach(this::add);
        } else {
            text.append(message.requiredText(name));
        }
        return this;
    }

    private void add(JsonBody part) {
        String type = part.requiredText("type");
        if (TEXTS.contains(type)) {
            text.append(part.requiredText("text"));
            part.pass("annotations");
            part.pass("logprobs");
        } else if (type.equals("refusal")) {
            text.append(part.requiredText("refusal"));
        } else if (users && !THOUGHTS.contains(type)) {
            attach(part, type);
        } else if (!THOUGHTS.contains(type)) {
            throw part.refusal(
                    "type", "must be of text: this server takes other content in messages of the user's alone");
        }
        part.unusedRest(Set.of());
    }

    private void attach(JsonBody part, String type) {
        switch (type) {
            case "image_url" -> {
                if (part.isText("image_url")) {
                    attached.url(part, "image_url", Said.image(text.length()));
                } else {
                    JsonBody image = object(part, "image_url");
                    attached.url(image, "url", image(image));
                    image.unusedRest(Set.of());
                }
            }
            case "input_image" -> {
                if (part.has("file_id")) {
                    attached.id(part, "file_id", image(part));
                } else {
                    attached.url(part, "image_url", image(part));
                }
            }
            case "file" -> {
                JsonBody file = object(part, "file");
                file(file);
                file.unusedRest(Set.of());
            }
            case "input_file" -> file(part);
            default ->
                throw part.refusal(
                        "type", "must be of text, of an image or of a file: this server takes no other content");
        }
    }

    private static JsonBody object(JsonBody part, String name) {
        return part.object(name).orElseThrow(() -> JsonBody.required(part.at(name)));
    }

    private Said image(JsonBody image) {
        return Said.image(text.length()).withDetail(image.text("detail"));
    }

    private void file(JsonBody file) {
        Said said = Said.file(Optional.empty(), Named.in(file, "filename"), text.length());
        if (file.has("file_id")) {
            attached.id(file, "file_id", said);
        } else if (file.has("file_url")) {
            attached.url(file, "file_url", said);
        } else {
            attached.base64OrUrl(file, "file_data", said);
        }
    }
}
