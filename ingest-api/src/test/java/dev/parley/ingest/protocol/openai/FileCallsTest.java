package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.files.Pictures;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as OpenAI's clients send them. */
class FileCallsTest {

    private static final byte[] CAT = Pictures.png("cat");
    private static final String FORM = "multipart/form-data; boundary=\"a b\"";

    private final FakeWorld world = new FakeWorld();
    private final DoorUnderTest door = DoorUnderTest.over(world);

    @AfterEach
    void stop() {
        door.close();
    }

    /** A form's field: its headers, and what it holds. */
    private record Field(String disposition, ByteBuffer content) {
        Field(String disposition, String content) {
            this(disposition, content.getBytes(StandardCharsets.UTF_8));
        }

        Field(String disposition, byte[] content) {
            this(disposition, ByteBuffer.wrap(content));
        }
    }

    private static final Field PURPOSE = new Field("form-data; name=purpose", "vision");
    private static final Field FILE =
            new Field("form-data; name=\"file\"; filename=\"a cat.png\"\r\nContent-Type: image/png", CAT);

    private static byte[] form(List<Field> fields) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        fields.forEach(field -> {
            body.writeBytes(("--a b\r\nContent-Disposition: " + field.disposition() + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            body.writeBytes(field.content().array());
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        });
        body.writeBytes("--a b--\r\n".getBytes(StandardCharsets.UTF_8));
        return body.toByteArray();
    }

    private Reply send(Field... fields) {
        return door.send("POST", "/v1/files", form(List.of(fields)), "Content-Type", FORM);
    }

    @Test
    void aFileIsKeptAndToldOfAndHandedOutAsItWas() {
        Reply kept = send(PURPOSE, FILE);

        assertThat(kept.status()).isEqualTo(200);
        assertThat(kept.json().path("filename").asText()).isEqualTo("a cat.png");
        assertThat(kept.json().path("bytes").asInt()).isEqualTo(CAT.length);
        String file = "/v1/files/" + kept.json().path("id").asText();
        assertThat(door.get(file).json()).isEqualTo(kept.json());
        Reply content = door.get(file + "/content");
        assertThat(content.header("Content-Type")).isEqualTo("image/png");
        assertThat(content.header("Content-Security-Policy")).contains("sandbox");
        assertThat(door.files.log().getFirst().file().content().remaining()).isEqualTo(CAT.length);
    }

    @Test
    void whatIsNotSaidOfAFileIsSeen() {
        assertThat(send(
                                PURPOSE,
                                new Field(
                                        "form-data; name=file; filename=\"\"\r\nContent-Type: application/octet-stream",
                                        CAT))
                        .status())
                .isEqualTo(200);
        assertThat(door.files.log().getFirst().file().mediaType()).isEqualTo("image/png");
    }

    @Test
    void whatIsNoFormWithAFileIsRefusedByName() {
        assertThat(refused(send(FILE), 400)).isEqualTo("purpose");
        assertThat(refused(send(PURPOSE), 400)).isEqualTo("file");
        assertThat(refused(send(PURPOSE, FILE, FILE), 400)).isEqualTo("file");
        assertThat(refused(send(new Field("form-data; name=purpose", "fine-tune"), FILE), 400))
                .isEqualTo("purpose");
        assertThat(refused(send(PURPOSE, FILE, new Field("form-data; name=\"expires_after[seconds]\"", "3600")), 400))
                .isEqualTo("expires_after[seconds]");
        assertThat(send(
                                PURPOSE,
                                new Field(
                                        "form-data; name=file; filename=a.png\r\nContent-Type: image/png",
                                        "no picture"))
                        .status())
                .isEqualTo(415);
        assertThat(send(PURPOSE, new Field("form-data; name=file; filename=a", new byte[0]))
                        .status())
                .isEqualTo(415);
        assertThat(door.files.log()).isEmpty();
    }

    private static String refused(Reply reply, int status) {
        assertThat(reply.status()).isEqualTo(status);
        return reply.json().at("/error/param").asText();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "multipart/form-data",
                "multipart/form-data; boundary=other",
                "multipart/mixed; boundary=\"a b\"",
            })
    void whatSaysThatItIsSomethingElseIsRefused(String type) {
        Reply reply = door.send("POST", "/v1/files", form(List.of(PURPOSE, FILE)), "Content-Type", type);

        assertThat(reply.status()).isIn(400, 415);
        assertThat(reply.json().at("/error/message").asText()).contains("form-data");
        assertThat(door.files.log()).isEmpty();
    }

    @Test
    void aNameThatCannotBeKeptIsOfTheFieldThatItCameIn() {
        assertThat(refused(
                        send(PURPOSE, new Field("form-data; name=file; filename=" + "a".repeat(256) + ".txt", "x")),
                        400))
                .isEqualTo("file");
    }

    @Test
    void aFormOfManyFieldsIsNotReadToItsEnd() {
        Field[] fields = new Field[1_000];
        for (int i = 0; i < fields.length; i++) {
            fields[i] = new Field("form-data; name=f" + i, "x");
        }

        assertThat(send(fields).status()).isEqualTo(400);
    }

    @Test
    void aFileThatIsTooLargeIsRefused() {
        door.close();
        try (DoorUnderTest narrow = new DoorUnderTest(world, Map.of("PARLEY_MAX_FILE_BYTES", "1024"))) {
            byte[] body = form(List.of(PURPOSE, new Field("form-data; name=file; filename=a.txt", "x".repeat(2_000))));
            assertThat(narrow.send("POST", "/v1/files", body, "Content-Type", FORM)
                            .status())
                    .isEqualTo(413);
            byte[] huge = form(List.of(PURPOSE, new Field("form-data; name=file; filename=a.txt", "x".repeat(40_000))));
            assertThat(narrow.send("POST", "/v1/files", huge, "Content-Type", FORM)
                            .status())
                    .isEqualTo(413);
        }
    }
}
