package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts.FontName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Knowledge goes into a workspace: by command, and by itself. */
class IngestCommandIT {

    private static final String HOUSE = "house";

    @SuppressWarnings("NullAway.Init")
    private static ParleyUnderTest parley;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** What a run of the command printed, and its exit status. */
    private record Run(int status, List<String> lines) {}

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.startWith(Map.of("PARLEY_DEFAULT_WORKSPACE", HOUSE));
    }

    @AfterAll
    static void stop() {
        parley.close();
    }

    private static Run ingest(String... arguments) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        IngestReport report = new IngestReport(new PrintStream(printed, true, StandardCharsets.UTF_8), false);
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", parley.url()));
        int status = new CommandLine(new IngestCommand(report)).execute(all.toArray(String[]::new));
        return new Run(
                status,
                printed.toString(StandardCharsets.UTF_8).lines().sorted().toList());
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static JsonNode document(String workspace, String path) {
        return parley.api()
                .get("/api/workspaces/" + workspace + "/documents/" + path)
                .body();
    }

    @Test
    void aFolderIsIngestedWithAnOutcomeForEachFile() throws IOException {
        write("notes.md", "# Notes\n\nApples are green.");
        write("copy of notes.md", "# Notes\n\nApples are green.");
        write("deep/page.html", "<title>Page</title><body><nav>Home</nav><h1>Bees</h1><p>They are yellow.");
        write("empty.txt", " \n");
        write(".hidden.md", "hidden");
        write("node_modules/module/readme.md", "not mine");
        Files.write(folder.resolve("whole.pdf"), pdf());
        Files.write(folder.resolve("broken.pdf"), Arrays.copyOf(pdf(), 300));
        Files.write(folder.resolve("picture.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 0, 0, 1});

        Run first = ingest(folder.toString(), "--workspace", "w", "--prefix", "mine");

        assertThat(first.status()).isEqualTo(1);
        assertThat(first.lines())
                .containsExactly(
                        "Done: 4 added, 2 skipped, 1 failed",
                        "added      mine/copy of notes.md",
                        "added      mine/deep/page.html",
                        "added      mine/notes.md",
                        "added      mine/whole.pdf",
                        "failed     mine/broken.pdf: the PDF is broken",
                        "skipped    mine/empty.txt: the document has no text",
                        "skipped    mine/picture.png: it is binary, not text");
        assertThat(document("w", "mine/deep/page.html").path("text").asText()).isEqualTo("# Bees\n\nThey are yellow.");
        assertThat(document("w", "mine/whole.pdf").path("text").asText()).isEqualTo("## Page 1\n\nCherries are red.");
        assertThat(document("w", "mine/copy%20of%20notes.md").path("title").asText())
                .isEqualTo("Notes");

        write("notes.md", "# Notes\n\nApples are red.");
        Files.delete(folder.resolve("broken.pdf"));
        Files.delete(folder.resolve("deep/page.html"));
        Run second = ingest(folder.toString(), "--workspace", "w", "--prefix", "mine/", "--delete-missing");

        assertThat(second.status()).isZero();
        assertThat(second.lines())
                .containsExactly(
                        "Done: 1 replaced, 2 unchanged, 1 deleted, 2 skipped",
                        "deleted    mine/deep/page.html",
                        "replaced   mine/notes.md",
                        "skipped    mine/empty.txt: the document has no text",
                        "skipped    mine/picture.png: it is binary, not text",
                        "unchanged  mine/copy of notes.md",
                        "unchanged  mine/whole.pdf");
        assertThat(document("w", "mine/notes.md").path("text").asText()).contains("red");
        assertThat(document("w", "mine/deep/page.html").path("code").asText()).isEqualTo("document_not_found");
    }

    @Test
    void whatIsNotThereFailsAndDeletesNothing() throws IOException {
        write("a.md", "one");
        assertThat(ingest(folder.resolve("a.md").toString(), "--workspace", "v").status())
                .isZero();

        Run run = ingest(folder.resolve("gone").toString(), "--workspace", "v", "--delete-missing");

        assertThat(run.status()).isNotZero();
        assertThat(run.lines()).anyMatch(line -> line.endsWith("gone: there is no such file or folder"));
        assertThat(document("v", "a.md").path("text").asText()).isEqualTo("one");
    }

    @Test
    void theDocumentationComesAlongAndIsPutWhereItIsMissing() throws IOException {
        Map<String, byte[]> documents = OwnDocuments.read();
        assertThat(documents).containsKeys("README.md", "docs/api.md", "docs/architecture.md");
        try (DocumentClient client =
                new DocumentClient(URI.create(parley.url()), OwnDocuments.WORKSPACE, Optional.empty())) {
            assertThat(OwnDocuments.put(client, documents)).isEqualTo(documents.size());
            assertThat(OwnDocuments.put(client, documents)).isZero();
            documents.put("README.md", "# Another".getBytes(StandardCharsets.UTF_8));
            assertThat(OwnDocuments.put(client, documents)).isEqualTo(1);
            assertThat(client.paths()).containsExactlyElementsOf(documents.keySet());
        }
    }

    @Test
    void conversationsAreOfTheDefaultWorkspaceHoweverTheyComeIntoBeing() {
        ApiClient api = parley.api();
        String created = api.conversation();
        String implied = api.post(
                        "/v1/chat/completions",
                        Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", "Hi"))))
                .body()
                .path("id")
                .asText();

        for (String conversation : List.of(created, implied)) {
            assertThat(api.get("/api/conversations/" + conversation)
                            .body()
                            .path("workspaceId")
                            .asText())
                    .isEqualTo(HOUSE);
        }
    }

    private static byte[] pdf() throws IOException {
        try (PDDocument pdf = new PDDocument()) {
            PDPage page = new PDPage();
            pdf.addPage(page);
            try (PDPageContentStream content = new PDPageContentStream(pdf, page)) {
                content.beginText();
                content.setFont(new PDType1Font(FontName.HELVETICA), 12);
                content.newLineAtOffset(100, 700);
                content.showText("Cherries are red.");
                content.endText();
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            pdf.save(bytes);
            return bytes.toByteArray();
        }
    }
}
