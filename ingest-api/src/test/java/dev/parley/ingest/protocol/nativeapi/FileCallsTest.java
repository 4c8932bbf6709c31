package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.files.Pictures;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images and files: kept, handed out, and attached to messages. */
class FileCallsTest {

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
                .isEqualTo("payload_too_large:attachments[16].type");
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
