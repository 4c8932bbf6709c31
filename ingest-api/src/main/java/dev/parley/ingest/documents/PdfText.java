package dev.parley.ingest.documents;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.zip.InflaterInputStream;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.pdfbox.text.PDFTextStripper;

/**
 * The text of a PDF, page by page, under a heading for each page: what is found there is cited with its page.
 *
 * <p>A PDF is a program of somebody else's, and its streams may be bombs: they are measured before any is read, and the time
 * is looked at between any two of its operators.
 */
final class PdfText {

    /** Of one stream, unpacked: more than any text needs, and than a page's image usually has. */
    static final int MAX_STREAM_BYTES = 64 * 1024 * 1024;

    private static final byte[] STREAM = "stream".getBytes(StandardCharsets.US_ASCII);
    private static final int SCRATCH_BYTES = 64 * 1024;

    static {
        // A list of this machine's fonts, which would go into somebody's home otherwise.
        if (System.getProperty("pdfbox.fontcache") == null) {
            System.setProperty("pdfbox.fontcache", System.getProperty("java.io.tmpdir"));
        }
    }

    private PdfText() {}

    /**
     * Reads a PDF.
     *
     * @param maxChars of the text; what has more is too large
     * @param late whether it has taken too long by now
     * @throws ProblemException where no text can be made of it
     */
    static ReadDocument read(byte[] bytes, int maxChars, BooleanSupplier late) {
        checkStreams(bytes, late);
        try (PDDocument pdf = Loader.loadPDF(bytes)) {
            Pages pages = new Pages(late);
            StringBuilder text = new StringBuilder();
            for (int page = 1; page <= pdf.getNumberOfPages(); page++) {
                check(late);
                pages.setStartPage(page);
                pages.setEndPage(page);
                String said = pages.getText(pdf).replace('\u0000', ' ').strip();
                if (!said.isEmpty()) {
                    text.append("## Page ")
                            .append(page)
                            .append("\n\n")
                            .append(said)
                            .append("\n\n");
                }
                if (text.length() > maxChars) {
                    throw DocumentReader.tooMuchText();
                }
            }
            if (text.isEmpty()) {
                throw new ProblemException(
                        ErrorCode.DOCUMENT_EMPTY, "the PDF has no text: perhaps its pages are pictures");
            }
            Optional<String> title = Optional.ofNullable(pdf.getDocumentInformation())
                    .map(information -> information.getTitle())
                    .map(String::strip)
                    .filter(name -> !name.isEmpty());
            return new ReadDocument(
                    DocumentTypes.MARKDOWN, title, text.toString().strip());
        } catch (InvalidPasswordException e) {
            throw unreadable("the PDF is encrypted");
        } catch (IOException | IllegalArgumentException | IllegalStateException | ClassCastException e) {
            throw unreadable("the PDF is broken");
        } catch (IndexOutOfBoundsException | NullPointerException | ArithmeticException | StackOverflowError e) {
            // A library's way of saying the same.
            throw unreadable("the PDF is broken");
        }
    }

    /** Looks at the time at every operator of a page. */
    private static final class Pages extends PDFTextStripper {
        private final BooleanSupplier late;

        Pages(BooleanSupplier late) {
            this.late = late;
            setSortByPosition(true);
        }

        @Override
        protected void processOperator(Operator operator, List<COSBase> operands) throws IOException {
            check(late);
            super.processOperator(operator, operands);
        }
    }

    private static void check(BooleanSupplier late) {
        if (late.getAsBoolean()) {
            throw unreadable("the PDF takes too long to read");
        }
    }

    /** Finds packed streams by what begins them, wherever they are, and unpacks each to nowhere. */
    private static void checkStreams(byte[] bytes, BooleanSupplier late) {
        for (int at = 0; at < bytes.length - STREAM.length; at++) {
            if (bytes[at] == 's' && startsWith(bytes, at)) {
                int begin = at + STREAM.length;
                while (begin < bytes.length && (bytes[begin] == '\r' || bytes[begin] == '\n')) {
                    begin++;
                }
                // The first byte of what Flate packs, with any usual window.
                if (begin < bytes.length && (bytes[begin] & 0x0f) == 8) {
                    checkStream(bytes, begin, late);
                }
            }
        }
    }

    private static boolean startsWith(byte[] bytes, int at) {
        for (int i = 0; i < STREAM.length; i++) {
            if (bytes[at + i] != STREAM[i]) {
                return false;
            }
        }
        return true;
    }

    private static void checkStream(byte[] bytes, int begin, BooleanSupplier late) {
        byte[] scratch = new byte[SCRATCH_BYTES];
        long unpacked = 0;
        try (InputStream stream =
                new InflaterInputStream(new ByteArrayInputStream(bytes, begin, bytes.length - begin))) {
            for (int read = stream.read(scratch); read >= 0; read = stream.read(scratch)) {
                check(late);
                unpacked += read;
                if (unpacked > MAX_STREAM_BYTES) {
                    throw unreadable("the PDF unpacks to too much");
                }
            }
        } catch (IOException e) {
            // Not packed after all, or broken: reading it will tell.
        }
    }

    private static ProblemException unreadable(String why) {
        return new ProblemException(ErrorCode.DOCUMENT_UNREADABLE, why);
    }
}
