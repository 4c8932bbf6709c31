package dev.parley.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads server-sent events from a byte stream, by the interpretation rules of the HTML standard.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">Interpreting an event stream</a>
 */
final class SseReader {

    /** One dispatched event. {@code id} is the last id that the stream has set by then; empty where none. */
    record Event(String type, String id, String data) {}

    private final BufferedReader lines;
    private String lastId;

    /** @param lastId the id to assume until the stream sets one, when resuming */
    SseReader(InputStream bytes, String lastId) {
        this.lines = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
        this.lastId = lastId;
    }

    /** The next event; null at the end of the stream. An event cut short by the end is dropped, as the standard says. */
    @Nullable
    Event next() throws IOException {
        String type = "message";
        StringBuilder data = new StringBuilder();
        boolean hasData = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                if (hasData) {
                    return new Event(type, lastId, data.toString());
                }
                type = "message";
                continue;
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
            switch (field) {
                case "event" -> type = value;
                case "id" -> lastId = value;
                case "data" -> {
                    if (hasData) {
                        data.append('\n');
                    }
                    data.append(value);
                    hasData = true;
                }
                default -> {} // Comments and fields of no use here, such as retry.
            }
        }
        return null;
    }
}
