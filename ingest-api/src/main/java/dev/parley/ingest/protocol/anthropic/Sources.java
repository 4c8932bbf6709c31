package dev.parley.ingest.protocol.anthropic;

import dev.parley.ingest.files.Attached;
import dev.parley.ingest.files.Attached.Said;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.JsonBody;
import java.util.Optional;
import java.util.Set;

/**
 * Blocks of images and documents.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages">Anthropic: Messages</a>
 */
final class Sources {

    private static final String PDF = "application/pdf";

    /** Said of a document to the model, and for which prompts have no word. */
    private static final Set<String> MEANINGFUL = Set.of("context");

    private Sources() {}

    /**
     * Takes the block {@code block}.
     *
     * @param at how much of the message's text stands before it
     */
    static void add(Attached shown, JsonBody block, int at) {
        boolean image = block.requiredText("type").equals("image");
        JsonBody source = block.object("source").orElseThrow(() -> JsonBody.required(block.at("source")));
        Named title = Named.in(block, "title");
        Said said = image ? Said.image(at) : Said.file(Optional.of(PDF), title, at);
        switch (source.requiredText("type")) {
            case "base64" ->
                shown.base64(source, "data", Said.file(Optional.of(source.requiredText("media_type")), title, at));
            case "url" -> shown.url(source, "url", said);
            case "file" -> shown.id(source, "file_id", said);
            case "text" -> shown.text(source, "data", Said.file(source.text("media_type"), title, at));
            default -> throw source.refusal("type", "must be base64, url, file or text");
        }
        source.unusedRest(Set.of());
        block.unusedRest(MEANINGFUL);
    }
}
