package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.files.Shown;
import dev.parley.schemas.keys.FileId;
import dev.parley.sinks.json.NativeJson;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a message says and shows, told back as parts, in the order in which it came. Of a file that is here a part has the id or the
 * path, of a reference the URL: a request takes either again.
 */
final class MessageParts {

    /** How closely an image is looked at, in the words of OpenAI's types; other protocols' callers may say others. */
    private static final Set<String> DETAILS = Set.of("low", "high", "auto", "original");

    private MessageParts() {}

    /** In the form of responses: {@code input_text}, {@code input_image} and {@code input_file}. */
    static ArrayNode ofResponses(PromptMessage message) {
        return parts(message, text -> part("input_text").put("text", text), MessageParts::input);
    }

    /** In the form of chat completions: {@code text}, {@code image_url} and {@code file}. */
    static ArrayNode ofCompletions(PromptMessage message) {
        return parts(message, text -> part("text").put("text", text), MessageParts::shown);
    }

    private static ArrayNode parts(
            PromptMessage message, Function<String, ObjectNode> words, Function<Attachment, ObjectNode> attached) {
        ArrayNode parts = Json.MAPPER.createArrayNode();
        for (Shown piece : Shown.of(message.getContent(), message.getAttachments())) {
            parts.add(
                    switch (piece) {
                        case Shown.Words(String text) -> words.apply(text);
                        case Shown.File(Attachment attachment) -> attached.apply(attachment);
                    });
        }
        if (parts.isEmpty()) {
            parts.add(words.apply(""));
        }
        return parts;
    }

    private static ObjectNode part(String type) {
        return Json.object().put("type", type);
    }

    private static ObjectNode input(Attachment attachment) {
        if (Attachments.isImage(attachment)) {
            return located(part("input_image").put("detail", detail(attachment)), "image_url", attachment);
        }
        return file(part("input_file"), attachment);
    }

    private static ObjectNode shown(Attachment attachment) {
        if (Attachments.isImage(attachment)) {
            ObjectNode part = part("image_url");
            part.putObject("image_url")
                    .put("url", NativeJson.url(attachment).orElse(null))
                    .put("detail", detail(attachment));
            return part;
        }
        ObjectNode part = part("file");
        return part.set("file", file(Json.object(), attachment));
    }

    private static String detail(Attachment attachment) {
        return Optional.ofNullable(attachment.getDetail())
                .filter(DETAILS::contains)
                .orElse("auto");
    }

    private static ObjectNode file(ObjectNode json, Attachment attachment) {
        located(json, "file_url", attachment);
        return attachment.getName() == null ? json : json.put("filename", attachment.getName());
    }

    private static ObjectNode located(ObjectNode json, String urlField, Attachment attachment) {
        Optional<FileId> id = Attachments.id(attachment);
        return id.isPresent() ? json.put("file_id", id.get().text()) : json.put(urlField, attachment.getUri());
    }
}
