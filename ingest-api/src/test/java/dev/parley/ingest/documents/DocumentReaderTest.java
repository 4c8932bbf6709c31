package dev.parley.ingest.documents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts.FontName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

public class DocumentReaderTest {

    private static final Optional<String> UNSAID = Optional.empty();

    private final DocumentReader reader = new DocumentReader();

    private ReadDocument read(String said, String text) {
        return reader.read(Optional.of(said), "a", text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "a.md, text/markdown",
        "deep/README.MD, text/markdown",
        "a.java, text/x-java",
        "a.unknown, text/plain",
        "Makefile, text/plain",
        "a.d/b, text/plain"
    })
    void whatNobodySaysIsGuessedByThePath(String path, String type) {
        byte[] text = "some text".getBytes(StandardCharsets.UTF_8);

        assertThat(reader.read(UNSAID, path, text)).isEqualTo(new ReadDocument(type, Optional.empty(), "some text"));
        assertThat(reader.read(Optional.of("application/octet-stream"), path, text)
                        .contentType())
                .isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"image/png", "application/zip", "multipart/form-data; boundary=x", "text/", "nonsense"})
    void whatCanHoldNoTextIsRefused(String type) {
        assertProblem(
                ErrorCode.UNSUPPORTED_MEDIA_TYPE, Optional.of(type), "some text".getBytes(StandardCharsets.UTF_8));
    }

    private void assertProblem(ErrorCode code, Optional<String> said, byte[] bytes) {
        assertThatThrownBy(() -> reader.read(said, "a", bytes))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(code));
    }

    @Test
    void textIsKeptAsItIs() {
        String source = "    indented {\r\n\tmore \uD83D\uDE00\n}\n\n";

        assertThat(read("text/x-java", source).text()).isEqualTo(source);
        assertThat(read("text/plain", "\uFEFFafter a mark").text()).isEqualTo("after a mark");
    }

    @Test
    void markdownIsTitledByItsFirstHeading() {
        assertThat(read("text/markdown", "\n# The title #\n\ntext").title()).contains("The title");
        assertThat(read("text/markdown", "text\n# Later").title()).isEmpty();
    }

    @Test
    void theDeclaredEncodingCounts() {
        byte[] latin = "Füße".getBytes(StandardCharsets.ISO_8859_1);

        assertThat(reader.read(Optional.of("text/plain; charset=iso-8859-1"), "a", latin)
                        .text())
                .isEqualTo("Füße");
        assertThat(reader.read(Optional.of("text/plain"), "a", "\uFEFFFüße".getBytes(StandardCharsets.UTF_16LE))
                        .text())
                .isEqualTo("Füße");
        assertThat(reader.read(
                                Optional.of("text/html"),
                                "a",
                                "<meta charset='windows-1251'><p>мир".getBytes(Charset.forName("windows-1251")))
                        .text())
                .isEqualTo("мир");
        assertProblem(ErrorCode.DOCUMENT_UNREADABLE, Optional.of("text/plain"), latin);
        assertProblem(ErrorCode.DOCUMENT_UNREADABLE, Optional.of("text/plain; charset=klingon"), latin);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \n\t ", "\uFEFF"})
    void whatHasNoTextIsEmpty(String text) {
        assertProblem(ErrorCode.DOCUMENT_EMPTY, UNSAID, text.getBytes(StandardCharsets.UTF_8));
        assertProblem(
                ErrorCode.DOCUMENT_EMPTY,
                Optional.of("text/html"),
                ("<html><script>let x</script>" + text).getBytes(StandardCharsets.UTF_8));
    }

    static Stream<byte[]> rubbish() throws IOException {
        byte[] random = new byte[10_000];
        new Random(7).nextBytes(random);
        byte[] png = Arrays.copyOf(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, 200);
        byte[] pdf = pdf("some text");
        byte[] noise = pdf.clone();
        for (int i = 300; i < noise.length; i += 7) {
            noise[i] ^= 0x5a;
        }
        return Stream.of(
                random,
                png,
                "a\u0000b".getBytes(StandardCharsets.UTF_8),
                "\u0001\u0002\u0003 and so on".getBytes(StandardCharsets.UTF_8),
                "%PDF-1.7 and nothing of the kind".getBytes(StandardCharsets.UTF_8),
                Arrays.copyOf(pdf, 200),
                noise,
                encrypted(),
                bomb());
    }

    @ParameterizedTest
    @MethodSource("rubbish")
    void rubbishIsToldFromText(byte[] bytes) {
        assertProblem(ErrorCode.DOCUMENT_UNREADABLE, UNSAID, bytes);
    }

    @Test
    void aPdfThatIsNoneIsUnreadable() {
        assertProblem(
                ErrorCode.DOCUMENT_UNREADABLE,
                Optional.of("application/pdf"),
                "some text".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void tooMuchTextIsTooLarge() {
        assertProblem(
                ErrorCode.PAYLOAD_TOO_LARGE,
                UNSAID,
                "x".repeat(2 * 1024 * 1024 + 1).getBytes(StandardCharsets.UTF_8));
        assertThat(reader.read(UNSAID, "a", "x".repeat(2 * 1024 * 1024).getBytes(StandardCharsets.UTF_8))
                        .text())
                .hasSize(2 * 1024 * 1024);
    }

    @Test
    void aWebPageBecomesMarkdown() {
        ReadDocument page = read("text/html; charset=utf-8", """
                <!doctype html><html><head><title>A  page</title><style>p {}</style></head><body>
                <nav><a href="/">Home</a></nav>
                <main><h1>How <em>it</em> works</h1>
                <p>First,   read <a href="https://example.com">the manual</a>.<br>Then go.</p>
                <ul><li>one<li><p>two</p></li></ul>
                <table><tr><th>a<th>b<tr><td>1<td>2</table>
                <pre><code>if (x) {
                    y();
                }</code></pre>
                <script>alert(1)</script><p hidden>not this</p></main>
                <footer>Imprint</footer></body></html>
                """);

        assertThat(page.contentType()).isEqualTo("text/markdown");
        assertThat(page.title()).contains("A page");
        assertThat(page.text()).isEqualTo("""
                # How it works

                First, read the manual.
                Then go.

                - one
                - two

                a | b
                1 | 2

                ```
                if (x) {
                    y();
                }
                ```""");
    }

    @Test
    void aPageOfManyLevelsIsRead() {
        assertThat(read("text/html", "<div>".repeat(100_000) + "deep").text()).isEqualTo("deep");
    }

    @Test
    void aPdfIsReadPageByPage() throws IOException {
        ReadDocument read = reader.read(UNSAID, "a.pdf", pdf("The first page.", "", "The third."));

        assertThat(read.contentType()).isEqualTo("text/markdown");
        assertThat(read.title()).contains("A PDF");
        assertThat(read.text()).isEqualTo("## Page 1\n\nThe first page.\n\n## Page 3\n\nThe third.");
    }

    @Test
    void aPdfWithoutTextIsEmpty() throws IOException {
        assertProblem(ErrorCode.DOCUMENT_EMPTY, UNSAID, pdf("", ""));
    }

    @Test
    void aPdfThatTakesTooLongIsGivenUp() throws IOException {
        byte[] pdf = pdf("text");

        assertThatThrownBy(() -> PdfText.read(pdf, 1_000, () -> true)).hasMessageContaining("too long");
    }

    public static byte[] pdf(String... pages) throws IOException {
        try (PDDocument pdf = document(pages)) {
            return saved(pdf);
        }
    }

    private static PDDocument document(String... pages) throws IOException {
        PDDocument pdf = new PDDocument();
        pdf.getDocumentInformation().setTitle("A PDF");
        for (String text : pages) {
            PDPage page = new PDPage();
            pdf.addPage(page);
            if (!text.isEmpty()) {
                try (PDPageContentStream content = new PDPageContentStream(pdf, page)) {
                    content.beginText();
                    content.setFont(new PDType1Font(FontName.HELVETICA), 12);
                    content.newLineAtOffset(100, 700);
                    content.showText(text);
                    content.endText();
                }
            }
        }
        return pdf;
    }

    private static byte[] saved(PDDocument pdf) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        pdf.save(bytes);
        return bytes.toByteArray();
    }

    private static byte[] encrypted() throws IOException {
        try (PDDocument pdf = document("secret")) {
            pdf.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
            return saved(pdf);
        }
    }

    /** A stream of few bytes that unpacks to more than may be. */
    private static byte[] bomb() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new DeflaterOutputStream(packed)) {
            byte[] blanks = new byte[1024 * 1024];
            Arrays.fill(blanks, (byte) ' ');
            for (int i = 0; i <= PdfText.MAX_STREAM_BYTES / blanks.length; i++) {
                out.write(blanks);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes("%PDF-1.4\n1 0 obj\n<</Filter/FlateDecode>>\nstream\r\n".getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(packed.toByteArray());
        bytes.writeBytes("\nendstream endobj".getBytes(StandardCharsets.US_ASCII));
        return bytes.toByteArray();
    }
}
