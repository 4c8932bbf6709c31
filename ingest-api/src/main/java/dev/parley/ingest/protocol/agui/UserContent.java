package dev.parley.ingest.protocol.agui;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.files.Attached;
import dev.parley.ingest.files.Attached.Said;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a user says, as a text or in parts: texts, images and documents, and the {@code binary} part of earlier versions. */
final class UserContent {

    private static final int MAX_PARTS = 10_000;

    private final StringBuilder text = new StringBuilder();
    private final Attached attached = new Attached();

    private UserContent() {}

    static PromptMessage of(JsonBody message) {
        UserContent content = new UserContent();
        if (message.isList("content")) {
            message.objects("content", MAX_PARTS).forEach(content::add);
        } else {
            content.text.append(message.text("content").orElse(""));
        }
        return new PromptMessage(Role.USER, content.text.toString(), List.of(), null, null, content.attached.list());
    }

    private void add(JsonBody part) {
        switch (part.requiredText("type")) {
            case "text" -> text.append(part.requiredText("text"));
            case "image" -> source(part, Said.image(text.length()));
            case "document" -> source(part, Said.file(Optional.empty(), Named.NOT, text.length()));
            case "binary" -> binary(part);
            default ->
                throw part.refusal("type", "must be text, image or document: this server takes no other content");
        }
        part.pass("id");
        part.unusedRest(Set.of());
    }

    private void source(JsonBody part, Said said) {
        JsonBody source = part.object("source").orElseThrow(() -> JsonBody.required(part.at("source")));
        Said declared = said.as(source.text("mimeType"));
        switch (source.requiredText("type")) {
            case "data" -> attached.base64OrUrl(source, "value", declared);
            case "url" -> attached.url(source, "value", declared);
            case "file" -> attached.id(source, "value", declared);
            default -> throw source.refusal("type", "must be data, url or file");
        }
        source.unusedRest(Set.of());
    }

    private void binary(JsonBody part) {
        Said said = Said.file(part.text("mimeType"), Named.in(part, "filename"), text.length());
        if (part.has("data")) {
            attached.base64OrUrl(part, "data", said);
        } else if (part.has("url")) {
            attached.url(part, "url", said);
        } else {
            attached.id(part, "id", said);
        }
    }
}
