package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Document;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.documents.DocumentReaderTest;
import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.documents.FakeDocuments;
import dev.parley.schemas.keys.DocumentKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentCallsTest {

    private static final String DOCUMENTS = "/api/workspaces/w/documents";

    @SuppressWarnings("NullAway.Init")
    private DoorUnderTest door;

    @BeforeEach
    void start() {
        door = DoorUnderTest.start();
    }

    @AfterEach
    void stop() {
        door.close();
    }

    private Reply put(String path, String text, String... headers) {
        return door.send("PUT", DOCUMENTS + path, text.getBytes(StandardCharsets.UTF_8), headers);
    }

    @Test
    void aDocumentGoesOnTheLogUnderItsPath() {
        Reply reply = put("/docs/a%20b.md?uri=https://example.com/a", "# Title\n\nGrüße");

        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.header("Location")).isEqualTo(DOCUMENTS + "/docs/a%20b.md");
        assertThat(reply.json().path("path").asText()).isEqualTo("docs/a b.md");
        assertThat(reply.json().path("title").asText()).isEqualTo("Title");
        assertThat(reply.json().path("contentType").asText()).isEqualTo("text/markdown");
        assertThat(reply.json().path("bytes").asInt()).isEqualTo(16);
        assertThat(reply.json().path("characters").asInt()).isEqualTo(14);
        FakeDocuments.Appended appended = door.documents.log().getFirst();
        assertThat(appended.key()).isEqualTo(new DocumentKey("default", "w", "docs/a b.md"));
        Document document = appended.document().orElseThrow();
        assertThat(document.getText()).isEqualTo("# Title\n\nGrüße");
        assertThat(document.getUri()).isEqualTo("https://example.com/a");
    }

    @Test
    void aDocumentIsReadReplacedAndDeleted() {
        put("/a.txt", "one");
        assertThat(put("/a.txt", "two").status()).isEqualTo(200);

        JsonNode read = door.get(DOCUMENTS + "/a.txt").json();
        assertThat(read.path("text").asText()).isEqualTo("two");
        assertThat(read.path("title").asText()).isEqualTo("a.txt");

        assertThat(door.send("DELETE", DOCUMENTS + "/a.txt", null).status()).isEqualTo(204);
        assertThat(door.get(DOCUMENTS + "/a.txt").problem()).isEqualTo("document_not_found");
        assertThat(door.send("DELETE", DOCUMENTS + "/a.txt", null).status()).isEqualTo(204);
        assertThat(door.documents.log().getLast().document()).isEmpty();
    }

    @Test
    void theSameAgainChangesNothing() {
        put("/a.txt?title=T", "one");
        Reply again = put("/a.txt?title=T", "one");

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json().path("unchanged").asBoolean()).isTrue();
        assertThat(door.documents.log()).hasSize(1);
        assertThat(put("/a.txt?title=Other", "one").json().has("unchanged")).isFalse();
        assertThat(put("/a.txt", "one", "Content-Type", "text/markdown").json().has("unchanged"))
                .isFalse();
    }

    @Test
    void whatTheReadModelHasNotHeardOfIsNotCalledUnchanged() {
        put("/a.txt", "one");
        door.documents.lagging();
        put("/a.txt", "two");

        Reply back = put("/a.txt", "one");

        assertThat(back.json().has("unchanged")).isFalse();
        assertThat(door.documents.log().getLast().document().orElseThrow().getText())
                .isEqualTo("one");
    }

    @Test
    void writingGoesOnWithoutPostgres() {
        door.documents.postgresAway();

        assertThat(put("/a.txt", "one").status()).isEqualTo(200);
        assertThat(door.send("DELETE", DOCUMENTS + "/a.txt", null).status()).isEqualTo(204);
        assertThat(door.get(DOCUMENTS + "/a.txt").problem()).isEqualTo("unavailable");
        assertThat(door.get(DOCUMENTS).problem()).isEqualTo("unavailable");
    }

    @Test
    void readingGoesOnWithoutKafka() {
        put("/a.txt", "one");
        door.documents.kafkaAway();

        assertThat(put("/a.txt", "two").problem()).isEqualTo("unavailable");
        assertThat(door.get(DOCUMENTS + "/a.txt").status()).isEqualTo(200);
        assertThat(door.get(DOCUMENTS).status()).isEqualTo(200);
    }

    @Test
    void documentsAreListedPageByPage() {
        for (String path : new String[] {"c", "a/b", "a/a"}) {
            put("/" + path, "text");
        }
        JsonNode first = door.get(DOCUMENTS + "?limit=2").json();
        JsonNode second = door.get(DOCUMENTS + "?limit=2&after="
                        + first.path("next").asText().replace("/", "%2F"))
                .json();

        assertThat(first.path("documents"))
                .extracting(each -> each.path("path").asText())
                .containsExactly("a/a", "a/b");
        assertThat(first.path("documents").get(0).has("text")).isFalse();
        assertThat(second.path("documents"))
                .extracting(each -> each.path("path").asText())
                .containsExactly("c");
        assertThat(second.has("next")).isFalse();
        assertThat(door.get("/api/workspaces/other/documents").json().path("documents"))
                .isEmpty();
    }

    @Test
    void tenantsDoNotSeeEachOthersDocuments() {
        try (DoorUnderTest keyed =
                new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "one=key-of-one,two=key-of-two"))) {
            keyed.send("PUT", DOCUMENTS + "/a", new byte[] {'x'}, "x-api-key", "key-of-one");

            assertThat(keyed.get(DOCUMENTS + "/a", "x-api-key", "key-of-one").status())
                    .isEqualTo(200);
            assertThat(keyed.get(DOCUMENTS + "/a", "x-api-key", "key-of-two").problem())
                    .isEqualTo("document_not_found");
            assertThat(keyed.send("PUT", DOCUMENTS + "/a", new byte[] {'x'}).problem())
                    .isEqualTo("unauthorized");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/api/workspaces/a%20b/documents/x, 400, invalid_id:workspace",
        "/api/workspaces/w/documents/a%00b, 400, invalid_request",
        "/api/workspaces/w/documents/a%0Ab, 400, invalid_request",
        "/api/workspaces/w/documents/a%2F..%2Fb, 400, invalid_id:path",
        "/api/workspaces/w/documents/%2Fetc, 400, invalid_id:path",
        "/api/workspaces/w/documents/a?title=%20, 400, invalid_request:title",
        "/api/workspaces/w/documents/a?uri=javascript:alert(1), 400, invalid_request:uri",
        "/api/workspaces/w/documents/a?uri=%20, 400, invalid_request:uri"
    })
    void aRequestThatNamesNothingIsRefused(String path, int status, String problem) {
        Reply reply = door.send("PUT", path, new byte[] {'x'});

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.problem()).as(reply.text()).isEqualTo(problem);
        assertThat(door.documents.log()).isEmpty();
    }

    @Test
    void aPathMayNotLeadElsewhere() {
        for (String path : new String[] {"/../x", "/a/%2e%2e/b", "/..", "/.", "/a//b", "/" + "x".repeat(513)}) {
            assertThat(put(path, "x").status()).as(path).isBetween(400, 405);
        }
        assertThat(door.documents.log()).isEmpty();
    }

    @Test
    void uploadsAreRefusedByWhatIsWrongWithThem() throws IOException {
        assertThat(door.send("PUT", DOCUMENTS + "/a.pdf", "%PDF-1.4 broken".getBytes(StandardCharsets.UTF_8))
                        .problem())
                .isEqualTo("document_unreadable");
        assertThat(door.send("PUT", DOCUMENTS + "/a.bin", new byte[] {1, 0, 2, (byte) 0xff})
                        .problem())
                .isEqualTo("document_unreadable");
        assertThat(put("/a", " ").problem()).isEqualTo("document_empty");
        assertThat(door.send("PUT", DOCUMENTS + "/a", null).problem()).isEqualTo("document_empty");
        assertThat(put("/a", "x", "Content-Type", "image/png").problem()).isEqualTo("unsupported_media_type");
        assertThat(door.send("PUT", DOCUMENTS + "/a", new byte[Documents.MAX_UPLOAD_BYTES + 1])
                        .problem())
                .isEqualTo("payload_too_large");
        assertThat(put("/a", "x".repeat(Documents.MAX_TEXT_BYTES + 1)).problem())
                .isEqualTo("payload_too_large");
        assertThat(door.documents.log()).isEmpty();

        assertThat(door.send("PUT", DOCUMENTS + "/a.pdf", DocumentReaderTest.pdf("text"))
                        .status())
                .isEqualTo(201);
    }

    @Test
    void conversationsGetTheDefaultWorkspaceOfTheSettings() {
        try (DoorUnderTest other =
                new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_DEFAULT_WORKSPACE", "parley-docs"))) {
            assertThat(other.post("/api/conversations", Map.of())
                            .json()
                            .path("workspaceId")
                            .asText())
                    .isEqualTo("parley-docs");
        }
    }
}
