package dev.parley.llm.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of an event stream into events, however the bytes come: cut anywhere, in the middle of a character or of a
 * line's end. Lines end with LF, CR or CRLF; an event goes out with the line end that completes it. Bytes that are not UTF-8
 * become U+FFFD. One thread.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">WHATWG HTML:
 *     Server-sent events</a>
 */
public final class SseDecoder {

    /** Longer than any answer that a worker may pass on. */
    public static final int MAX_EVENT_BYTES = 16 * 1024 * 1024;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final String DEFAULT_TYPE = "message";

    private final int maxEventBytes;

    /** The line that is coming, as far as earlier bytes had it. */
    private byte[] line = new byte[256];

    private int lineBytes;
    private boolean firstLine = true;
    /** Whether the last byte was a CR, so that a LF now belongs to it. */
    private boolean afterCarriageReturn;

    private final StringBuilder data = new StringBuilder();
    private boolean hasData;
    private int eventBytes;
    private String type = "";
    private String lastEventId = "";
    private @Nullable Duration retry;

    public SseDecoder() {
        this(MAX_EVENT_BYTES);
    }

    /**
     * A decoder at the beginning of a stream.
     *
     * @param maxEventBytes of one event, comments among its lines included
     */
    public SseDecoder(int maxEventBytes) {
        this.maxEventBytes = maxEventBytes;
    }

    /** An event, or a single line, is longer than is allowed. */
    public static final class OversizedEventException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final int maxBytes;

        OversizedEventException(int maxBytes) {
            super("an event of the stream is longer than " + maxBytes + " bytes");
            this.maxBytes = maxBytes;
        }

        public int maxBytes() {
            return maxBytes;
        }
    }

    /**
     * Takes the next bytes.
     *
     * @param events is told each event that they complete, in order
     * @throws OversizedEventException for good: what follows in the stream has no beginning
     */
    public void feed(byte[] bytes, int offset, int length, Consumer<SseEvent> events) {
        int end = offset + length;
        int start = offset;
        for (int i = offset; i < end; i++) {
            byte b = bytes[i];
            if (b != '\n' && b != '\r') {
                afterCarriageReturn = false;
                continue;
            }
            if (b == '\n' && afterCarriageReturn) {
                afterCarriageReturn = false;
                start = i + 1;
                continue;
            }
            afterCarriageReturn = b == '\r';
            endLine(bytes, start, i - start, events);
            start = i + 1;
        }
        append(bytes, start, end - start);
    }

    /**
     * What is left when the stream is over: by the standard an event that no blank line ended is no event, and yet servers
     * leave that line out. It may be cut off.
     */
    public Optional<SseEvent> unfinished() {
        if (lineBytes > 0) {
            field(text(line, 0, lineBytes));
            lineBytes = 0;
        }
        return taken();
    }

    /** How long the stream asks its clients to wait before they connect again. */
    public Optional<Duration> retry() {
        return Optional.ofNullable(retry);
    }

    private void endLine(byte[] bytes, int start, int length, Consumer<SseEvent> events) {
        if (lineBytes > 0) {
            append(bytes, start, length);
            int whole = lineBytes;
            lineBytes = 0;
            endLine(text(line, 0, whole), events);
        } else {
            count(length);
            endLine(text(bytes, start, length), events);
        }
    }

    private void endLine(String text, Consumer<SseEvent> events) {
        if (text.isEmpty()) {
            taken().ifPresent(events);
        } else {
            field(text);
        }
    }

    private void append(byte[] bytes, int start, int length) {
        count(length);
        if (lineBytes + length > line.length) {
            line = Arrays.copyOf(line, Math.max(lineBytes + length, line.length * 2));
        }
        System.arraycopy(bytes, start, line, lineBytes, length);
        lineBytes += length;
    }

    private void count(int length) {
        if (length > maxEventBytes - eventBytes) {
            throw new OversizedEventException(maxEventBytes);
        }
        eventBytes += length;
    }

    private String text(byte[] bytes, int start, int length) {
        int skipped = 0;
        if (firstLine) {
            firstLine = false;
            boolean marked = length >= BYTE_ORDER_MARK.length
                    && Arrays.equals(
                            bytes, start, start + BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
            skipped = marked ? BYTE_ORDER_MARK.length : 0;
        }
        return new String(bytes, start + skipped, length - skipped, UTF_8);
    }

    private void field(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String value = colon < 0 ? "" : text.substring(text.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
        switch (name) {
            case "data" -> {
                if (hasData) {
                    data.append('\n');
                }
                data.append(value);
                hasData = true;
            }
            case "event" -> type = value;
            // No field of the standard: llama.cpp tells an error by it that nobody would hear of otherwise.
            case "error" -> {
                type = "error";
                data.setLength(0);
                data.append(value);
                hasData = true;
            }
            case "id" -> lastEventId = value.indexOf('\0') < 0 ? value : lastEventId;
            case "retry" -> retry = value.matches("[0-9]{1,15}") ? Duration.ofMillis(Long.parseLong(value)) : retry;
            default -> {} // A comment, whose name is empty, or a field of another standard.
        }
    }

    private Optional<SseEvent> taken() {
        eventBytes = 0;
        Optional<SseEvent> event = hasData
                ? Optional.of(new SseEvent(type.isEmpty() ? DEFAULT_TYPE : type, data.toString(), lastEventId))
                : Optional.empty();
        hasData = false;
        data.setLength(0);
        type = "";
        return event;
    }
}
