package dev.parley.ingest.protocol.nativeapi;

import dev.parley.chat.v1.Attachment;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import java.io.IOException;
import java.io.Writer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A conversation as a file. */
enum Export {
    JSON("application/json") {
        @Override
        void write(ConversationSnapshot snapshot, Writer to) throws IOException {
            to.write(Views.snapshot(snapshot).toPrettyString());
            to.write('\n');
        }
    },
    /** One message a line. */
    JSONL("application/x-ndjson") {
        @Override
        void write(ConversationSnapshot snapshot, Writer to) throws IOException {
            for (Message message : snapshot.messages()) {
                to.write(Views.message(message).toString());
                to.write('\n');
            }
        }
    },
    CSV("text/csv; charset=utf-8") {
        @Override
        void write(ConversationSnapshot snapshot, Writer to) throws IOException {
            row(to, List.of("id", "turnId", "role", "status", "createdAt", "model", "content"));
            for (Message message : snapshot.messages()) {
                row(
                        to,
                        List.of(
                                message.id(),
                                message.turnId(),
                                NativeJson.name(message.role()),
                                NativeJson.name(message.status()),
                                message.createdAt().toString(),
                                message.answer().origin().map(Origin::model).orElse(""),
                                message.content()));
            }
        }
    },
    MD("text/markdown; charset=utf-8") {
        @Override
        void write(ConversationSnapshot snapshot, Writer to) throws IOException {
            to.write("# "
                    + snapshot.conversation()
                            .title()
                            .orElse(snapshot.conversation().id()) + "\n");
            for (Message message : snapshot.messages()) {
                to.write("\n## " + speaker(message) + "\n\n" + message.content() + "\n");
                for (Attachment attachment :
                        message.sent().map(Sent::attachments).orElse(List.of())) {
                    to.write("\n" + link(attachment) + "\n");
                }
            }
        }
    };

    /** What spreadsheets take for the beginning of a formula. */
    private static final String FORMULA_STARTS = "=+-@\t\r\n";

    private final String contentType;

    Export(String contentType) {
        this.contentType = contentType;
    }

    abstract void write(ConversationSnapshot snapshot, Writer to) throws IOException;

    String contentType() {
        return contentType;
    }

    /** The format of this name, such as {@code csv}. */
    static Optional<Export> named(String name) {
        return Arrays.stream(values())
                .filter(format -> NativeJson.name(format).equals(name))
                .findFirst();
    }

    /** By its name, or else its type; nothing in a name is Markdown. */
    private static String link(Attachment attachment) {
        String name = attachment.getName() == null ? attachment.getMediaType() : attachment.getName();
        String url = NativeJson.url(attachment).orElse("");
        return "[" + name.replaceAll("([\\\\\\[\\]<>*_`])", "\\\\$1") + "](<" + url.replaceAll("[<>\\s]", "") + ">)";
    }

    private static String speaker(Message message) {
        return switch (message.role()) {
            case USER -> "You";
            case ASSISTANT -> "Assistant";
            case SYSTEM -> "System";
            case TOOL -> "Tool";
        };
    }

    private static void row(Writer to, List<String> cells) throws IOException {
        to.write(String.join(",", cells.stream().map(Export::cell).toList()));
        to.write("\r\n");
    }

    /**
     * A CSV cell by RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises
     * against CSV injection.
     */
    private static String cell(String text) {
        String safe = !text.isEmpty() && FORMULA_STARTS.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
        return safe.chars().anyMatch(c -> ",\"\r\n".indexOf(c) >= 0) ? "\"" + safe.replace("\"", "\"\"") + "\"" : safe;
    }
}
