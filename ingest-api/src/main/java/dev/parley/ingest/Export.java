package dev.parley.ingest;

import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import java.util.List;
import java.util.stream.Collectors;

/** A conversation as a file. */
enum Export {
    JSON("application/json") {
        @Override
        String write(ConversationSnapshot snapshot) {
            return Views.snapshot(snapshot).toPrettyString() + "\n";
        }
    },
    JSONL("application/x-ndjson") {
        @Override
        String write(ConversationSnapshot snapshot) {
            return snapshot.messages().stream()
                    .map(message -> Views.message(message) + "\n")
                    .collect(Collectors.joining());
        }
    },
    CSV("text/csv; charset=utf-8") {
        @Override
        String write(ConversationSnapshot snapshot) {
            StringBuilder csv = new StringBuilder("id,turnId,role,status,createdAt,content\r\n");
            for (Message message : snapshot.messages()) {
                csv.append(List.of(
                                        message.id(),
                                        message.turnId(),
                                        Views.wire(message.role()),
                                        Views.wire(message.status()),
                                        message.createdAt().toString(),
                                        message.content())
                                .stream()
                                .map(Export::cell)
                                .collect(Collectors.joining(",")))
                        .append("\r\n");
            }
            return csv.toString();
        }
    },
    MD("text/markdown; charset=utf-8") {
        @Override
        String write(ConversationSnapshot snapshot) {
            StringBuilder text = new StringBuilder("# ")
                    .append(snapshot.conversation()
                            .title()
                            .orElse(snapshot.conversation().id()))
                    .append("\n");
            for (Message message : snapshot.messages()) {
                text.append("\n## ")
                        .append(
                                switch (message.role()) {
                                    case USER -> "You";
                                    case ASSISTANT -> "Assistant";
                                    case SYSTEM -> "System";
                                    case TOOL -> "Tool";
                                })
                        .append("\n\n")
                        .append(message.content())
                        .append("\n");
            }
            return text.toString();
        }
    };

    private final String contentType;

    Export(String contentType) {
        this.contentType = contentType;
    }

    abstract String write(ConversationSnapshot snapshot);

    String contentType() {
        return contentType;
    }

    /**
     * A CSV cell by RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises
     * against CSV injection.
     */
    private static String cell(String text) {
        String safe = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
        return safe.matches("(?s).*[\",\r\n].*") ? "\"" + safe.replace("\"", "\"\"") + "\"" : safe;
    }
}
