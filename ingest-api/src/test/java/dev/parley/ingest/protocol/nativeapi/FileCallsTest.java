package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.files.FileLog.NewFile;
import dev.parley.ingest.files.Pictures;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.RawConnection;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.FileId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images and files: kept, handed out, and attached to messages. */
class FileCallsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MIB = 1024 * 1024;
    private static final String MESSAGES = "/api/conversations/c/messages";
    private static final byte[] CAT = Pictures.png("cat");

    private final FakeWorld world = new FakeWorld();
    private DoorUnderTest door = DoorUnderTest.over(world);

    FileCallsTest() {
        world.conversation("c");
    }

    @AfterEach
    void stop() {
        door.close();
    }

    private void restart(Map<String, String> settings) {
        door.close();
        door = new DoorUnderTest(world, settings);
    }

    private Reply keep(String type, byte[] content) {
        return door.send("POST", "/api/files?name=a%20cat.png", content, "Content-Type", type);
    }

    private long submissions() {
        return world.commands().stream()
                .filter(command -> command.body() instanceof SubmitMessage)
                .count();
    }

    private CallerPrompt submitted() {
        SubmitMessage submit = (SubmitMessage) world.commands().getLast().body();
        return submit.getPrompt();
    }

    private static Map<String, Object> showing(Object... attachments) {
        return Map.of("content", "Look!", "attachments", List.of(attachments));
    }

    @Test
    void whatIsKeptIsHandedOutAndNeverRuns() {
        Reply kept = keep("image/png", CAT);

        assertThat(kept.status()).isEqualTo(201);
        assertThat(kept.json().path("mediaType").asText()).isEqualTo("image/png");
        assertThat(kept.json().path("name").asText()).isEqualTo("a cat.png");
        assertThat(kept.json().path("bytes").asInt()).isEqualTo(CAT.length);
        Reply read = door.get(kept.json().path("url").asText());
        assertThat(read.status()).isEqualTo(200);
        assertThat(read.header("Content-Type")).isEqualTo("image/png");
        assertThat(read.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(read.header("Content-Security-Policy")).contains("sandbox");
        assertThat(read.header("Content-Disposition")).isEqualTo("inline; filename*=UTF-8''a%20cat.png");
        assertThat(read.header("Cache-Control")).contains("private", "immutable");
        assertThat(door.get(kept.json().path("url").asText(), "If-None-Match", read.header("ETag"))
                        .status())
                .isEqualTo(304);
    }

    @Test
    void aPageIsForSavingAlone() {
        Reply kept = keep("text/html", "<script>alert(1)</script>".getBytes(StandardCharsets.UTF_8));

        Reply read = door.get(kept.json().path("url").asText());

        assertThat(read.text()).isEqualTo("<script>alert(1)</script>");
        assertThat(read.header("Content-Disposition")).startsWith("attachment");
        assertThat(read.header("Content-Security-Policy")).contains("sandbox");
    }

    @Test
    void theSameAgainIsWrittenOnce() {
        String first = keep("image/png", CAT).json().path("id").asText();

        assertThat(keep("image/png", CAT).json().path("id").asText()).isEqualTo(first);
        assertThat(door.files.log()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "image/jpeg, 415, unsupported_media_type",
        "image/svg+xml, 415, unsupported_media_type",
        "video/mp4, 415, unsupported_media_type"
    })
    void whatIsNotWhatItSaysIsRefused(String type, int status, String code) {
        Reply reply = keep(type, CAT);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.problem()).isEqualTo(code);
        assertThat(door.files.log()).isEmpty();
    }

    @Test
    void nothingAndTooMuchAreRefused() {
        restart(Map.of("PARLEY_MAX_FILE_BYTES", "100"));

        assertThat(keep("image/png", new byte[0]).status()).isEqualTo(415);
        assertThat(keep("image/png", Pictures.png(101)).problem()).isEqualTo("payload_too_large");
        assertThat(keep("image/png", Pictures.png(100)).status()).isEqualTo(201);
    }

    @Test
    void whatIsNoFileIsNotFound() {
        assertThat(door.get("/api/files/nonsense").problem()).isEqualTo("file_not_found");
        assertThat(door.get("/api/files/file-" + "a".repeat(64) + "-0").problem())
                .isEqualTo("file_not_found");
    }

    /** What is said of a file would be taken for what is said of the problem. */
    @Test
    void aFileThatCannotBeReadNowIsNotDescribed() {
        String url = keep("image/png", CAT).json().path("url").asText();
        door.files.kafkaAway();

        Reply reply = door.get(url);

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.problem()).isEqualTo("unavailable");
        assertThat(reply.header("ETag")).isEmpty();
        assertThat(reply.header("Content-Disposition")).isEmpty();
        assertThat(reply.header("Cache-Control")).doesNotContain("immutable");
    }

    /** A file that this node has not written. */
    private FileId elsewhere(byte[] content) {
        NewFile file = new NewFile(
                Sha256.hex(ByteBuffer.wrap(content)), "image/png", Optional.of("a.png"), ByteBuffer.wrap(content));
        return door.files
                .append("default", file, new Call("cmd_1", TraceParent.continueOrStart(null)))
                .id();
    }

    @Test
    void aFileIsLookedUpOnceForItsContentAndOnceForAllMessages() {
        FileId id = elsewhere(CAT);

        assertThat(door.get("/api/files/" + id.text()).status()).isEqualTo(200);
        assertThat(door.files.reads()).isOne();
        for (int i = 0; i < 2; i++) {
            assertThat(door.post(
                                    MESSAGES,
                                    showing(Collections.nCopies(16, Map.of("id", id.text()))
                                            .toArray()))
                            .status())
                    .isEqualTo(202);
        }
        assertThat(door.get("/api/files/" + id.text(), "If-None-Match", '"' + id.hash() + '"')
                        .status())
                .isEqualTo(304);
        assertThat(door.files.reads()).isEqualTo(2);
    }

    /** Callers that read slowly, or not at all, hold no more of them in memory than bodies may take. */
    @Test
    void aContentTakesRoomUntilItHasBeenRead() {
        restart(Map.of("PARLEY_MAX_REQUEST_BYTES", Integer.toString(16 * MIB)));
        String url = "/api/files/" + elsewhere(Pictures.png(15 * MIB)).text();
        try (RawConnection slow = door.connect()) {
            slow.send("GET " + url + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(slow.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200 ");

            assertThat(door.get(url).status()).isEqualTo(503);
        }
        await().atMost(PATIENCE).until(() -> door.get(url).status() == 200);
    }

    /** Who waits for an answer may wait for minutes. */
    @Test
    void whoWaitsForAnAnswerGivesBackTheRoomOfItsFiles() throws Exception {
        restart(Map.of("PARLEY_MAX_REQUEST_BYTES", Integer.toString(16 * MIB)));
        world.answer(FakeWorld.Answer.NEVER);
        List<Future<Reply>> waiting = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 1; i <= 3; i++) {
                int written = i;
                Map<String, Object> body = showing(Map.of("data", Pictures.base64(Pictures.png(7 * MIB + i))));
                waiting.add(callers.submit(() -> door.post(MESSAGES, body, "Prefer", "wait=3")));
                await().atMost(PATIENCE)
                        .until(() ->
                                submissions() == written || waiting.getLast().isDone());
            }
            for (Future<Reply> each : waiting) {
                assertThat(each.get().status()).isEqualTo(202);
            }
        }
        assertThat(world.commands())
                .filteredOn(command -> command.body() instanceof SubmitMessage)
                .allSatisfy(command -> assertThat(command.call()
                                .enclosures()
                                .content(((SubmitMessage) command.body())
                                        .getPrompt()
                                        .getAttachments()
                                        .getFirst()
                                        .getHash()))
                        .isEmpty());
    }

    @Test
    void anotherTenantsFileDoesNotExist() {
        restart(Map.of("PARLEY_API_KEYS", "acme=key-of-acme,other=key-of-other"));
        String id = door.send(
                        "POST", "/api/files", CAT, "Content-Type", "image/png", "Authorization", "Bearer key-of-acme")
                .json()
                .path("id")
                .asText();
        assertThat(id).startsWith("file-");

        assertThat(door.get("/api/files/" + id, "Authorization", "Bearer key-of-acme")
                        .status())
                .isEqualTo(200);
        assertThat(door.get("/api/files/" + id, "Authorization", "Bearer key-of-other")
                        .problem())
                .isEqualTo("file_not_found");
        assertThat(door.get("/api/files/" + id).status()).isEqualTo(401);
    }

    @Test
    void aMessageNamesWhatWasKeptAndBringsWhatWasNot() {
        String id = keep("image/png", CAT).json().path("id").asText();

        Reply reply = door.post(
                MESSAGES,
                showing(
                        Map.of("id", id, "detail", "low"),
                        Map.of(
                                "data",
                                Pictures.base64(Pictures.png("dog")),
                                "mediaType",
                                "image/png",
                                "name",
                                "dog.png"),
                        Map.of("url", "https://example.com/bird.png")));

        assertThat(reply.status()).isEqualTo(202);
        List<Attachment> attachments = submitted().getAttachments();
        assertThat(attachments)
                .extracting(Attachment::getMediaType)
                .containsExactly("image/png", "image/png", "image/*");
        assertThat(attachments).extracting(Attachment::getOffset).containsExactly(0L, 1L, -1L);
        assertThat(attachments.getFirst().getName()).isEqualTo("a cat.png");
        assertThat(attachments.getFirst().getDetail()).isEqualTo("low");
        assertThat(attachments.getLast().getUri()).isEqualTo("https://example.com/bird.png");
        assertThat(submitted().getPlain()).isTrue();
        assertThat(door.files.log()).hasSize(2);
        var shown = door.get("/api/conversations/c").json().at("/messages/0/attachments");
        assertThat(shown).hasSize(3);
        assertThat(shown.at("/0/url").asText()).isEqualTo("/api/files/" + id);
        assertThat(shown.toString()).doesNotContain("base64");
    }

    @Test
    void aPictureMaySayAllThatThereIsToSay() {
        assertThat(door.post(MESSAGES, Map.of("attachments", List.of(Map.of("data", Pictures.base64(CAT)))))
                        .status())
                .isEqualTo(202);
        assertThat(door.post(MESSAGES, Map.of("attachments", List.of())).problem())
                .isEqualTo("invalid_request:content");
    }

    /** Where a content lies is no part of what is asked: another node may have written it elsewhere. */
    @Test
    void aRepeatIsKnownThoughTheFileLiesElsewhereNow() {
        Map<String, Object> body = showing(Map.of("data", Pictures.base64(CAT)));
        Reply first = door.post(MESSAGES, body, "Idempotency-Key", "k");
        try (DoorUnderTest another = DoorUnderTest.over(world)) {
            another.send("POST", "/api/files", Pictures.png("other"), "Content-Type", "image/png");

            Reply again = another.post(MESSAGES, body, "Idempotency-Key", "k");
            Reply changed = another.post(
                    MESSAGES, showing(Map.of("data", Pictures.base64(Pictures.png("dog")))), "Idempotency-Key", "k");

            assertThat(again.status()).isEqualTo(202);
            assertThat(again.json().path("messageId")).isEqualTo(first.json().path("messageId"));
            assertThat(changed.problem()).isEqualTo("idempotency_conflict");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'data': '*'}|invalid_request:attachments[0].data",
                "{'data': ''}|unsupported_media_type:attachments[0].data",
                "{'data': 'data:image/png,abc'}|invalid_request:attachments[0].data",
                "{'data': 'data:;base64,/////w=='}|unsupported_media_type:attachments[0].data",
                "{'data': 'aGVsbG8=', 'mediaType': 'image/png'}|unsupported_media_type:attachments[0].data",
                "{'data': 'aGVsbG8=', 'mediaType': 'audio/wav'}|unsupported_media_type:attachments[0].data",
                "{'data': 'aGVsbG8=', 'name': ' '}|invalid_request:attachments[0].name",
                "{'data': 'aGVsbG8=', 'id': 'x'}|invalid_request:attachments[0].id",
                "{}|invalid_request:attachments[0].id",
                "{'id': 'file-1'}|file_not_found:attachments[0].id",
                "{'url': 'ftp://example.com/a'}|invalid_request:attachments[0].url",
                "{'url': 'file:///etc/passwd'}|invalid_request:attachments[0].url",
                "{'url': 'https://example.com/a', 'mediaType': 'video/mp4'}|unsupported_media_type:attachments[0].url",
                "{'data': 'aGVsbG8=', 'size': 5}|invalid_request:attachments[0].size"
            })
    void whatCannotBeAttachedIsRefusedByItsField(String attachment, String problem) {
        Reply reply =
                door.post(MESSAGES, "{\"content\": \"x\", \"attachments\": [" + attachment.replace('\'', '"') + "]}");

        assertThat(reply.problem()).isEqualTo(problem);
        assertThat(door.files.log()).isEmpty();
        assertThat(submissions()).isZero();
    }

    @Test
    void oneTooManyIsRefused() {
        List<Map<String, String>> sixteen = Collections.nCopies(16, Map.of("data", "aGVsbG8="));
        List<Map<String, String>> more = Collections.nCopies(17, Map.of("data", "aGVsbG8="));

        assertThat(door.post(MESSAGES, Map.of("content", "x", "attachments", sixteen))
                        .status())
                .isEqualTo(202);
        assertThat(door.post(MESSAGES, Map.of("content", "x", "attachments", more))
                        .problem())
                .isEqualTo("payload_too_large:attachments[16].data");
    }

    /** A request may have a whole chat, each message with as many as one may have. */
    @Test
    void oneTooManyForARequestIsRefused() {
        restart(Map.of("PARLEY_MAX_ATTACHMENTS", "2", "PARLEY_MAX_REQUEST_ATTACHMENTS", "3"));
        Map<String, ?> picture = Map.of("type", "image_url", "image_url", Map.of("url", "https://example.com/a.png"));
        Map<String, ?> two = Map.of("role", "user", "content", List.of(picture, picture));

        Reply reply = door.post(
                "/v1/chat/completions",
                Map.of("model", "default", "messages", List.of(two, Map.of("role", "assistant", "content", "."), two)));

        assertThat(reply.status()).isEqualTo(413);
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("messages[2].content[1].image_url.url");
        assertThat(reply.json().at("/error/message").asText()).contains("a request may have 3");
    }

    /** Files may be long; all else becomes a record, and is bounded as ever. */
    @Test
    void aBodyIsLongForItsFilesAlone() {
        byte[] long4 = Pictures.png(4 * 1024 * 1024);
        char[] metadata = new char[3 * 1024 * 1024];
        Arrays.fill(metadata, 'x');

        assertThat(door.post(MESSAGES, showing(Map.of("data", Pictures.base64(long4))))
                        .status())
                .isEqualTo(202);
        assertThat(door.post(
                                MESSAGES,
                                "{\"content\": \"x\", \"attachments\": [{\"url\": \"https://example.com/a\"}]}"
                                        + " ".repeat(3 * 1024 * 1024))
                        .problem())
                .isEqualTo("payload_too_large");
        assertThat(door.post("/api/conversations", Map.of("title", new String(metadata)))
                        .problem())
                .isEqualTo("payload_too_large");
    }

    @Test
    void anEngineThatTakesNoneIsNotAskedAndNothingIsWritten() {
        world.configure(Configuration.newBuilder(world.configurations().current())
                .setEngines(List.of(EngineConfiguration.newBuilder()
                        .setName("blind")
                        .setKind(EngineKind.OPENAI)
                        .build()))
                .build());

        Reply reply = door.post(
                MESSAGES,
                Map.of(
                        "content",
                        "Look!",
                        "engine",
                        "blind",
                        "attachments",
                        List.of(Map.of("data", Pictures.base64(CAT)))));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.problem()).isEqualTo("attachment_not_accepted");
        assertThat(reply.json().path("detail").asText()).contains("blind", "image/png", "engines.blind.accepts");
        assertThat(door.files.log()).isEmpty();
        assertThat(submissions()).isZero();
    }

    @Test
    void whereTheLogIsAwayNothingIsHalfDone() {
        door.files.kafkaAway();

        assertThat(door.post(MESSAGES, showing(Map.of("data", Pictures.base64(CAT))))
                        .status())
                .isEqualTo(503);
        assertThat(submissions()).isZero();
    }
}
