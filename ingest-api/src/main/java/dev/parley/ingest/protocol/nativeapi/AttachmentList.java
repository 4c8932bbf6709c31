package dev.parley.ingest.protocol.nativeapi;

import dev.parley.chat.v1.Attachment;
import dev.parley.ingest.files.Attached;
import dev.parley.ingest.files.Attached.Said;
import dev.parley.ingest.files.Named;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The {@code attachments} of a message: each {@code {id}} of a file that was sent before, {@code {data, mediaType?, name?}} with the
 * content in base64, or {@code {url, mediaType?, name?}} of a reference, which the model server fetches. They stand before the
 * message's text.
 */
final class AttachmentList {

    private static final int MAX_ENTRIES = 10_000;
    private static final Pattern DETAIL = Pattern.compile("low|high|auto");
    private static final List<String> SOURCES = List.of("id", "data", "url");

    private AttachmentList() {}

    static List<Attachment> of(JsonBody body) {
        Attached attached = new Attached();
        body.objects("attachments", MAX_ENTRIES).forEach(entry -> {
            add(attached, entry);
            entry.done();
        });
        return attached.list();
    }

    private static void add(Attached attached, JsonBody entry) {
        Stream<String> given = SOURCES.stream().filter(entry::has);
        if (given.count() != 1) {
            throw entry.refusal("id", "must be there, or data, or url: one of the three");
        }
        Optional<String> mediaType = entry.text("mediaType");
        Said said = Said.file(mediaType, new Named(entry.text("name"), entry.at("name")), 0)
                .withDetail(entry.text("detail", DETAIL, "low, high or auto"));
        if (entry.has("id")) {
            attached.id(entry, "id", said);
        } else if (entry.has("data")) {
            attached.base64OrUrl(entry, "data", said);
        } else {
            attached.url(entry, "url", said.as(mediaType.or(Said.image(0)::mediaType)));
        }
    }
}
