package dev.parley.ingest.documents;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes text of uploads, or says why none can be made. It is work for the processor, of which few do as much at a time as
 * leaves the rest of the server its share; the others wait.
 */
final class DocumentReader {

    /** Of an upload. */
    static final int MAX_UPLOAD_BYTES = 8 * 1024 * 1024;

    /** Of a document's text, in UTF-8. */
    static final int MAX_TEXT_BYTES = 2 * 1024 * 1024;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration QUEUE = Duration.ofSeconds(20);
    private static final Pattern CHARSET = Pattern.compile("charset\\s*=\\s*\"?([^\";\\s]+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern FIRST_HEADING =
            Pattern.compile("\\A\\s{0,200}#{1,2} +(\\S.{0,300}?) *#* *$", Pattern.MULTILINE);
    private static final int HEAD_BYTES = 2048;

    /** So many of a thousand characters may be control characters that no text has. */
    private static final int STRANGE_PER_THOUSAND = 5;

    private final Semaphore readers =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

    /**
     * Reads an upload.
     *
     * @param said its content type, as its sender says it
     * @throws ProblemException where no text can be made of it
     */
    ReadDocument read(Optional<String> said, String path, byte[] bytes) {
        String type = DocumentTypes.of(said, path, bytes);
        if (bytes.length == 0) {
            throw empty();
        }
        try {
            if (!readers.tryAcquire(QUEUE.toSeconds(), TimeUnit.SECONDS)) {
                throw new ProblemException(ErrorCode.OVERLOADED, "too many documents are being read: try again soon");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
        try {
            return checked(made(type, said, bytes));
        } finally {
            readers.release();
        }
    }

    private static ReadDocument made(String type, Optional<String> said, byte[] bytes) {
        if (type.equals(DocumentTypes.PDF)) {
            long began = System.nanoTime();
            return PdfText.read(bytes, MAX_TEXT_BYTES, () -> System.nanoTime() - began > PATIENCE.toNanos());
        }
        boolean html = type.equals(DocumentTypes.HTML);
        String text = decoded(bytes, charset(said, html, bytes));
        refuseBinary(text);
        if (html) {
            return HtmlText.read(text);
        }
        Optional<String> title = Optional.empty();
        if (type.equals(DocumentTypes.MARKDOWN)) {
            Matcher heading = FIRST_HEADING.matcher(text);
            title = heading.find() ? Optional.of(heading.group(1)) : Optional.empty();
        }
        return new ReadDocument(type, title, text);
    }

    private static ReadDocument checked(ReadDocument document) {
        if (document.text().replace("\uFEFF", "").isBlank()) {
            throw empty();
        }
        if (document.text().length() > MAX_TEXT_BYTES
                || document.text().getBytes(StandardCharsets.UTF_8).length > MAX_TEXT_BYTES) {
            throw tooMuchText();
        }
        return document;
    }

    /** What the bytes say of their encoding counts most, then the sender's word, then a page's own. */
    private static Charset charset(Optional<String> said, boolean html, byte[] bytes) {
        if (startsWith(bytes, 0xEF, 0xBB, 0xBF)) {
            return StandardCharsets.UTF_8;
        }
        if (startsWith(bytes, 0xFE, 0xFF) || startsWith(bytes, 0xFF, 0xFE)) {
            return StandardCharsets.UTF_16;
        }
        Optional<String> declared =
                said.map(CHARSET::matcher).filter(Matcher::find).map(found -> found.group(1));
        if (declared.isEmpty() && html) {
            declared = HtmlText.charset(
                    new String(bytes, 0, Math.min(bytes.length, HEAD_BYTES), StandardCharsets.ISO_8859_1));
        }
        try {
            return declared.map(Charset::forName).orElse(StandardCharsets.UTF_8);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw unreadable("its charset '" + declared.orElse("") + "' is not known here");
        }
    }

    private static boolean startsWith(byte[] bytes, int... beginning) {
        for (int i = 0; i < beginning.length; i++) {
            if (i >= bytes.length || (bytes[i] & 0xFF) != beginning[i]) {
                return false;
            }
        }
        return true;
    }

    private static String decoded(byte[] bytes, Charset charset) {
        try {
            String text = charset.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException | UnsupportedOperationException e) {
            throw unreadable("it is not text in " + charset.name().toLowerCase(Locale.ROOT)
                    + "; say its encoding as charset in the Content-Type, or send a PDF as application/pdf");
        }
    }

    private static void refuseBinary(String text) {
        long strange = text.chars()
                .filter(c -> c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\u001b')
                .count();
        if (text.indexOf('\u0000') >= 0 || strange * 1000 > (long) text.length() * STRANGE_PER_THOUSAND) {
            throw unreadable("it is binary, not text");
        }
    }

    static ProblemException tooMuchText() {
        return new ProblemException(
                ErrorCode.PAYLOAD_TOO_LARGE, "the document has more than " + MAX_TEXT_BYTES + " bytes of text");
    }

    private static ProblemException empty() {
        return new ProblemException(ErrorCode.DOCUMENT_EMPTY, "the document has no text");
    }

    private static ProblemException unreadable(String why) {
        return new ProblemException(ErrorCode.DOCUMENT_UNREADABLE, why);
    }
}
