package dev.parley.ingest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.BranchPoint;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Images and files in the form that each protocol has for them: on the log they are the same. */
class AttachmentsTest {

    private static final int MIB = 1024 * 1024;
    private static final byte[] CAT = Pictures.png("cat");
    private static final String CAT_URL = Pictures.dataUrl("image/png", CAT);
    private static final byte[] PAPER = "%PDF-1.7 paper".getBytes(StandardCharsets.US_ASCII);

    private final FakeWorld world = new FakeWorld();
    private final DoorUnderTest door = DoorUnderTest.over(world);

    @AfterEach
    void stop() {
        door.close();
    }

    private SubmitMessage submitted() {
        return (SubmitMessage) world.commands().getLast().body();
    }

    private CallerPrompt prompt() {
        return submitted().getPrompt();
    }

    private String kept() {
        return door.send("POST", "/api/files?name=cat.png", CAT, "Content-Type", "image/png")
                .json()
                .path("id")
                .asText();
    }

    private Reply complete(Object... parts) {
        return door.post(
                "/v1/chat/completions",
                Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", List.of(parts)))));
    }

    private static Map<String, ?> text(String text) {
        return Map.of("type", "text", "text", text);
    }

    @Test
    void chatCompletions() {
        String id = kept();

        Reply reply = complete(
                text("See"),
                Map.of("type", "image_url", "image_url", Map.of("url", CAT_URL, "detail", "high")),
                text(" and read"),
                Map.of("type", "file", "file", Map.of("file_id", id)),
                Map.of(
                        "type",
                        "file",
                        "file",
                        Map.of("filename", "paper.pdf", "file_data", Pictures.dataUrl("application/pdf", PAPER))),
                Map.of("type", "image_url", "image_url", Map.of("url", "https://example.com/far.png")));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(submitted().getContent()).isEqualTo("See and read");
        assertThat(prompt().getAttachments())
                .extracting(Attachment::getMediaType, Attachment::getAt)
                .containsExactly(
                        tuple("image/png", 3),
                        tuple("image/png", 12),
                        tuple("application/pdf", 12),
                        tuple("image/*", 12));
        assertThat(prompt().getAttachments().get(0).getDetail()).isEqualTo("high");
        assertThat(prompt().getAttachments().get(2).getName()).isEqualTo("paper.pdf");
        assertThat(prompt().getPlain()).isFalse();
    }

    /** Clients of chat completions send all that was said each time. */
    @Test
    void whatIsSentAgainWithEachRequestIsWrittenOnce() {
        Map<String, ?> shown = Map.of(
                "role", "user", "content", List.of(Map.of("type", "image_url", "image_url", Map.of("url", CAT_URL))));
        Map<String, ?> answer = Map.of("role", "assistant", "content", "A cat.");
        List<Map<String, ?>> messages = new ArrayList<>(List.of(shown));
        for (int i = 0; i < 3; i++) {
            Reply reply = door.post("/v1/chat/completions", Map.of("model", "default", "messages", messages));
            assertThat(reply.status()).as(reply.text()).isEqualTo(200);
            messages.addAll(List.of(answer, Map.of("role", "user", "content", "And?")));
        }

        assertThat(door.files.log()).hasSize(1);
        assertThat(prompt().getContext().getFirst().getAttachments())
                .singleElement()
                .satisfies(attachment -> assertThat(attachment.getOffset()).isZero());
    }

    @Test
    void responses() {
        Reply reply = door.post(
                "/v1/responses",
                Map.of(
                        "model",
                        "default",
                        "input",
                        List.of(Map.of(
                                "role",
                                "user",
                                "content",
                                List.of(
                                        Map.of("type", "input_text", "text", "See"),
                                        Map.of("type", "input_image", "image_url", CAT_URL, "detail", "low"),
                                        Map.of(
                                                "type",
                                                "input_file",
                                                "filename",
                                                "paper.pdf",
                                                "file_data",
                                                Pictures.base64(PAPER)),
                                        Map.of("type", "input_file", "file_url", "https://example.com/a.pdf"))))));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(prompt().getAttachments())
                .extracting(Attachment::getMediaType)
                .containsExactly("image/png", "application/pdf", "application/pdf");
        assertThat(prompt().getAttachments().getLast().getUri()).isEqualTo("https://example.com/a.pdf");
    }

    private Reply chat(Object... messages) {
        return door.post("/api/chat", Map.of("id", "chat", "messages", List.of(messages)));
    }

    private static Map<String, ?> ui(String id, String role, Object... parts) {
        return Map.of("id", id, "role", role, "parts", List.of(parts));
    }

    private static Map<String, ?> file(String url) {
        return Map.of("type", "file", "mediaType", "image/png", "filename", "cat.png", "url", url);
    }

    @Test
    void theAiSdksFilesAreFollowedByTheirContent() {
        Reply first = chat(ui("u1", "user", file(CAT_URL), text("What is it?")));
        assertThat(first.status()).as(first.text()).isEqualTo(200);
        assertThat(prompt().getPlain()).isTrue();
        Attachment cat = prompt().getAttachments().getFirst();
        assertThat(cat.getName()).isEqualTo("cat.png");
        String answer = submitted().getAssistantMessageId();
        String said = text(first);

        // As the list shows it now, and as the client has it still.
        for (String url : List.of("/api/files/file-" + cat.getHash() + "-" + cat.getOffset(), CAT_URL)) {
            Reply next = chat(
                    ui("u1", "user", file(url), text("What is it?")),
                    ui(answer, "assistant", text(said)),
                    ui("next " + url.length(), "user", text("And its name?")));
            assertThat(next.status()).as(next.text()).isEqualTo(200);
            assertThat(submitted().getAfter()).isEqualTo(new BranchPoint(answer));
            assertThat(submitted().getPrompt()).isNull();
        }
        Reply another = chat(
                ui("u1", "user", file(Pictures.dataUrl("image/png", Pictures.png("dog"))), text("What is it?")),
                ui(answer, "assistant", text(said)),
                ui("u3", "user", text("And its name?")));
        assertThat(another.status()).isEqualTo(200);
        assertThat(submitted().getAfter()).isEqualTo(new BranchPoint((String) null));
        assertThat(prompt().getContext()).hasSize(2);
    }

    private String text(Reply stream) {
        StringBuilder text = new StringBuilder();
        stream.text()
                .lines()
                .filter(line -> line.contains("\"text-delta\""))
                .forEach(line -> text.append(line.replaceAll(".*\"delta\":\"([^\"]*)\".*", "$1")));
        return text.toString();
    }

    @Test
    void anthropic() {
        Reply reply = door.post(
                "/v1/messages",
                Map.of(
                        "model",
                        "default",
                        "max_tokens",
                        9,
                        "messages",
                        List.of(Map.of(
                                "role",
                                "user",
                                "content",
                                List.of(
                                        text("See"),
                                        Map.of(
                                                "type",
                                                "image",
                                                "source",
                                                Map.of(
                                                        "type",
                                                        "base64",
                                                        "media_type",
                                                        "image/png",
                                                        "data",
                                                        Pictures.base64(CAT))),
                                        Map.of(
                                                "type",
                                                "document",
                                                "title",
                                                "notes",
                                                "source",
                                                Map.of("type", "text", "media_type", "text/plain", "data", "Bees.")),
                                        text("Well?"))))));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(submitted().getContent()).isEqualTo("See\n\nWell?");
        assertThat(prompt().getAttachments())
                .extracting(Attachment::getMediaType, Attachment::getAt)
                .containsExactly(tuple("image/png", 3), tuple("text/plain", 3));
        assertThat(prompt().getAttachments().getLast().getName()).isEqualTo("notes");
    }

    @Test
    void agUi() {
        Reply reply = door.post(
                "/agui",
                Map.of(
                        "threadId",
                        "thread",
                        "runId",
                        "run",
                        "messages",
                        List.of(Map.of(
                                "id",
                                "m1",
                                "role",
                                "user",
                                "content",
                                List.of(
                                        text("See"),
                                        Map.of(
                                                "type",
                                                "image",
                                                "source",
                                                Map.of(
                                                        "type",
                                                        "data",
                                                        "mimeType",
                                                        "image/png",
                                                        "value",
                                                        Pictures.base64(CAT))),
                                        Map.of(
                                                "type",
                                                "binary",
                                                "mimeType",
                                                "application/pdf",
                                                "filename",
                                                "paper.pdf",
                                                "data",
                                                Pictures.base64(PAPER)))))));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(prompt().getAttachments())
                .extracting(Attachment::getMediaType)
                .containsExactly("image/png", "application/pdf");
        assertThat(prompt().getPlain()).isTrue();
    }

    @Test
    void eachProtocolRefusesInItsOwnForm() {
        world.configure(Configuration.newBuilder(world.configurations().current())
                .setEngines(List.of(EngineConfiguration.newBuilder()
                        .setName("blind")
                        .setKind(EngineKind.OPENAI)
                        .build()))
                .build());

        Reply openAi = door.post(
                "/v1/chat/completions",
                Map.of(
                        "model",
                        "blind",
                        "messages",
                        List.of(Map.of(
                                "role",
                                "user",
                                "content",
                                List.of(Map.of("type", "image_url", "image_url", Map.of("url", CAT_URL)))))));
        assertThat(openAi.status()).isEqualTo(400);
        assertThat(openAi.json().at("/error/message").asText()).contains("'blind' takes no images");
        Reply unknown = complete(Map.of("type", "file", "file", Map.of("file_id", "file-" + "a".repeat(64) + "-0")));
        assertThat(unknown.status()).isEqualTo(404);
        Reply lying =
                complete(Map.of("type", "image_url", "image_url", Map.of("url", Pictures.dataUrl("image/jpeg", CAT))));
        assertThat(lying.status()).isEqualTo(415);
        assertThat(lying.json().at("/error/param").asText()).isEqualTo("messages[0].content[0].image_url.url");
        assertThat(world.commands()).isEmpty();
        assertThat(door.files.log()).isEmpty();
    }

    private static Map<String, ?> document(String text) {
        return messages(
                Map.of("type", "document", "source", Map.of("type", "text", "media_type", "text/plain", "data", text)));
    }

    private static Map<String, ?> messages(Map<String, ?> block) {
        return Map.of(
                "model",
                "default",
                "max_tokens",
                9,
                "messages",
                List.of(Map.of("role", "user", "content", List.of(text("See"), block))));
    }

    /** What is a file is measured in the bytes that it has, however its characters are written down. */
    @Test
    void aTextThatIsAFileIsLongInAnyScript() throws Exception {
        String chinese = "\u8702".repeat(4 * MIB / 3);
        String cyrillic = "\u043f".repeat(2 * MIB);
        String escaped = DoorUnderTest.MAPPER
                .writer()
                .with(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature())
                .writeValueAsString(document(cyrillic));
        assertThat(escaped).hasSizeGreaterThan(12 * MIB);

        Reply whole = door.post("/v1/messages", document(chinese));
        Reply byEscapes = door.post("/v1/messages", escaped);

        assertThat(whole.status()).as(whole.text()).isEqualTo(200);
        assertThat(byEscapes.status()).as(byEscapes.text()).isEqualTo(200);
        assertThat(prompt().getAttachments().getFirst().getBytes()).isEqualTo(4L * MIB);
    }

    /** Whatever member it is in: what is no file becomes a record. */
    @Test
    void whatIsNoFileIsBoundedThoughItIsCalledLikeOne() {
        Map<String, ?> tool = Map.of(
                "name",
                "look",
                "input_schema",
                Map.of("type", "object", "description", Map.of("data", "\u8702".repeat(MIB))));
        Map<String, Object> asked = new HashMap<>(document("Bees."));
        asked.put("tools", List.of(tool));

        assertThat(door.post("/v1/messages", asked).status()).isEqualTo(413);
        assertThat(door.post("/v1/messages/count_tokens", asked).status()).isEqualTo(413);
        assertThat(world.commands()).isEmpty();
    }

    private static String param(Reply reply) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(400);
        return reply.json().at("/error/param").asText();
    }

    /** By the name that the protocol has for it. */
    @Test
    void aNameThatCannotBeKeptIsRefusedByItsField() {
        String name = "a\nb.pdf";
        String data = Pictures.dataUrl("application/pdf", PAPER);

        assertThat(param(complete(Map.of("type", "file", "file", Map.of("filename", name, "file_data", data)))))
                .isEqualTo("messages[0].content[0].file.filename");
        assertThat(param(door.post(
                        "/v1/messages",
                        messages(Map.of(
                                "type",
                                "document",
                                "title",
                                name,
                                "source",
                                Map.of("type", "text", "media_type", "text/plain", "data", "x"))))))
                .isEqualTo("messages[0].content[1].title");
        assertThat(chat(ui(
                                "u1",
                                "user",
                                Map.of("type", "file", "mediaType", "application/pdf", "filename", name, "url", data)))
                        .problem())
                .isEqualTo("invalid_request:messages[0].parts[0].filename");
        assertThat(door.post(
                                "/agui",
                                Map.of(
                                        "threadId",
                                        "thread",
                                        "runId",
                                        "run",
                                        "messages",
                                        List.of(Map.of(
                                                "id",
                                                "m1",
                                                "role",
                                                "user",
                                                "content",
                                                List.of(Map.of(
                                                        "type",
                                                        "binary",
                                                        "mimeType",
                                                        "application/pdf",
                                                        "filename",
                                                        name,
                                                        "data",
                                                        Pictures.base64(PAPER)))))))
                        .text())
                .contains("messages[0].content[0].filename");
        assertThat(door.files.log()).isEmpty();
    }
}
