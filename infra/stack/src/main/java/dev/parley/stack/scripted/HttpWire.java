package dev.parley.stack.scripted;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Just enough HTTP/1.1 for a server whose connections must be felt: every write goes to the socket at once, and the
 * reader stays free to see the client leave. (The JDK's server notices that only when it next writes.)
 */
final class HttpWire {

    private static final int MAX_LINE_BYTES = 64 * 1024;
    private static final int MAX_BODY_BYTES = 64 * 1024 * 1024;

    /** More than any script says. */
    private static final int PROMISED_BYTES = 1 << 30;

    private HttpWire() {}

    record Request(String method, String path, Map<String, String> headers, String body) {

        boolean keepAlive() {
            return !"close".equalsIgnoreCase(headers.getOrDefault("connection", ""));
        }
    }

    /** Reads one request; null when the connection ended between two. */
    static @Nullable Request read(BufferedInputStream in, OutputStream out) throws IOException {
        String start = line(in);
        if (start == null) {
            return null;
        }
        String[] parts = start.split(" ", 3);
        if (parts.length != 3) {
            throw new IOException("not HTTP: " + parts.length + " words in the request line");
        }
        Map<String, String> headers = new HashMap<>();
        for (String header = needed(line(in)); !header.isEmpty(); header = needed(line(in))) {
            int colon = header.indexOf(':');
            if (colon > 0) {
                headers.put(
                        header.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
        }
        if ("100-continue".equalsIgnoreCase(headers.getOrDefault("expect", ""))) {
            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        return new Request(
                parts[0],
                parts[1].replaceFirst("\\?.*", ""),
                headers,
                new String(body(in, headers), StandardCharsets.UTF_8));
    }

    private static byte[] body(BufferedInputStream in, Map<String, String> headers) throws IOException {
        if (headers.getOrDefault("transfer-encoding", "")
                .toLowerCase(Locale.ROOT)
                .contains("chunked")) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            while (true) {
                int length = length(needed(line(in)).replaceFirst(";.*", "").strip(), 16);
                body.write(exactly(in, length));
                String end = needed(line(in));
                if (length == 0) {
                    while (!end.isEmpty()) {
                        end = needed(line(in));
                    }
                    return body.toByteArray();
                }
                if (body.size() > MAX_BODY_BYTES) {
                    throw new IOException("the body is larger than " + MAX_BODY_BYTES + " bytes");
                }
            }
        }
        return exactly(in, length(headers.getOrDefault("content-length", "0"), 10));
    }

    private static int length(String text, int radix) throws IOException {
        try {
            int length = Integer.parseInt(text, radix);
            if (length >= 0 && length <= MAX_BODY_BYTES) {
                return length;
            }
        } catch (NumberFormatException e) {
            throw new IOException("a length that is not a number", e);
        }
        throw new IOException("a length out of range");
    }

    private static byte[] exactly(BufferedInputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the request ended early");
        }
        return bytes;
    }

    private static String needed(@Nullable String line) throws IOException {
        if (line == null) {
            throw new EOFException("the request ended early");
        }
        return line;
    }

    private static @Nullable String line(BufferedInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (line.size() > MAX_LINE_BYTES) {
                throw new IOException("a line is longer than " + MAX_LINE_BYTES + " bytes");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** A whole response in one write. */
    static byte[] response(Response.Whole response) {
        byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
        StringBuilder head = head(response.status(), response.contentType(), response.headers());
        if (response.status() != 204) {
            head.append("content-length: ").append(body.length).append("\r\n");
        }
        return join(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8), body);
    }

    /** The head of a stream of server-sent events. */
    static byte[] head(Response.Streamed response) {
        StringBuilder head = head(200, response.contentType(), Map.of()).append("cache-control: no-cache\r\n");
        head.append(
                switch (response.encoding()) {
                    case CHUNKED, GZIPPED_UNTOLD -> "transfer-encoding: chunked\r\n";
                    case CHUNKED_WITH_TRAILERS -> "transfer-encoding: chunked\r\ntrailer: x-checksum\r\n";
                    case DEFLATED -> "transfer-encoding: chunked\r\ncontent-encoding: deflate\r\n";
                    case GZIPPED -> "transfer-encoding: chunked\r\ncontent-encoding: gzip\r\n";
                    case UNTIL_CLOSED -> "connection: close\r\n";
                    case TOO_SHORT -> "connection: close\r\ncontent-length: " + PROMISED_BYTES + "\r\n";
                });
        return response.head().apply(head.append("\r\n").toString()).getBytes(StandardCharsets.UTF_8);
    }

    /** One chunk, with an extension that says nothing. */
    static byte[] extendedChunk(byte[] content) {
        byte[] size = (Integer.toHexString(content.length) + ";note=\"x\"\r\n").getBytes(StandardCharsets.US_ASCII);
        return join(join(size, content), "\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Ends a chunked body with a trailer. */
    static byte[] trailers() {
        return "0\r\nx-checksum: 1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    }

    /** One chunk of a body. */
    static byte[] chunk(byte[] content) {
        byte[] size = (Integer.toHexString(content.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] chunk = new byte[size.length + content.length + 2];
        System.arraycopy(size, 0, chunk, 0, size.length);
        System.arraycopy(content, 0, chunk, size.length, content.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
        return chunk;
    }

    /** Ends a chunked body. */
    static byte[] lastChunk() {
        return "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] join(byte[] first, byte[] second) {
        byte[] joined = new byte[first.length + second.length];
        System.arraycopy(first, 0, joined, 0, first.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    private static StringBuilder head(int status, String contentType, Map<String, String> headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 ")
                .append(status)
                .append(' ')
                .append(reason(status))
                .append("\r\n");
        if (!contentType.isEmpty()) {
            head.append("content-type: ").append(contentType).append("\r\n");
        }
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        return head;
    }

    private static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 204 -> "No Content";
            case 301 -> "Moved Permanently";
            case 302 -> "Found";
            case 307 -> "Temporary Redirect";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 402 -> "Payment Required";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 408 -> "Request Timeout";
            case 413 -> "Payload Too Large";
            case 422 -> "Unprocessable Entity";
            case 429 -> "Too Many Requests";
            case 500 -> "Internal Server Error";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            default -> "Scripted";
        };
    }
}
