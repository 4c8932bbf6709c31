package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.launcher.ApiClient.Answer;
import dev.parley.launcher.ApiClient.Event;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images and files, from a client to the model server and back to whoever looks. */
class AttachmentsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PACE = Duration.ofMillis(20);
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private static ParleyUnderTest parley;
    private static ScriptedModelServer eyes;
    private static ScriptedModelServer blind;

    @BeforeAll
    static void start() {
        eyes = ScriptedModelServer.start();
        blind = ScriptedModelServer.start();
        parley = ParleyUnderTest.start();
        String yaml = """
                default-route: chat
                classifier: {kind: none}
                routes:
                  chat: {engine: eyes}
                  spared: {engine: blind, fallbacks: [eyes]}
                  dark: {engine: blind}
                  letters: {engine: letters}
                engines:
                  eyes: {kind: openai, model: scripted, endpoints: ['%s'], accepts: [images, files], retries: 0}
                  blind: {kind: openai, model: scripted, endpoints: ['%s'], retries: 0}
                  letters: {kind: anthropic, model: scripted, endpoints: ['%s'], accepts: [images, files], retries: 0}
                """.formatted(eyes.baseUrl(), blind.baseUrl(), eyes.baseUrl());
        String version = parley.configure(yaml);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(turn(Map.of("content", "Which?")))
                        .anySatisfy(event -> assertThat(
                                        event.data().path("configuration").asText())
                                .isEqualTo(version)));
    }

    @AfterAll
    static void stop() {
        parley.close();
        eyes.close();
        blind.close();
    }

    private static byte[] png(int bytes, long seed) {
        byte[] png = new byte[bytes];
        new Random(seed).nextBytes(png);
        System.arraycopy(PNG, 0, png, 0, PNG.length);
        return png;
    }

    private static String dataUrl(byte[] png) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
    }

    private static boolean isEnd(Event event) {
        return List.of("message.completed", "turn.failed", "turn.cancelled").contains(event.type());
    }

    private static List<Event> turn(Map<String, ?> message) {
        return turn(parley.api().conversation(), message);
    }

    private static List<Event> turn(String conversation, Map<String, ?> message) {
        ApiClient api = parley.api();
        return api.events(api.ask(conversation, message).path("events").asText(), null, AttachmentsIT::isEnd);
    }

    private static Map<String, ?> showing(String text, byte[] png) {
        return Map.of("content", text, "attachments", List.of(Map.of("data", dataUrl(png), "name", "cat.png")));
    }

    private static JsonNode lastSeen() {
        return eyes.exchanges().getLast().request().body().path("messages");
    }

    /** A large picture, and again in the next turn, in another answer to the same question, and after an edit. */
    @Test
    void aPictureReachesTheModelInEachTurnOfItsBranch() {
        byte[] cat = png(5 * 1024 * 1024, 1);
        String conversation = parley.api().conversation();

        List<Event> events = turn(conversation, showing("What is it?", cat));

        assertThat(events.getLast().type()).as(events.toString()).isEqualTo("message.completed");
        assertThat(lastSeen().at("/1/content/0/image_url/url").asText()).isEqualTo(dataUrl(cat));
        assertThat(lastSeen().at("/1/content/1/text").asText()).isEqualTo("What is it?");
        JsonNode accepted = events.stream()
                .filter(event -> event.type().equals("message.accepted"))
                .findFirst()
                .orElseThrow()
                .data();
        String url = accepted.at("/attachments/0/url").asText();
        assertThat(url).startsWith("/api/files/file-");
        assertThat(accepted.toString()).doesNotContain("base64");
        String answerId = events.getLast().data().path("messageId").asText();

        turn(conversation, Map.of("content", "And its colour?"));
        assertThat(lastSeen().at("/1/content/0/image_url/url").asText()).isEqualTo(dataUrl(cat));
        assertThat(lastSeen().at("/3/content").asText()).isEqualTo("And its colour?");

        Answer again = parley.api()
                .post("/api/conversations/" + conversation + "/messages/" + answerId + "/regenerate", Map.of());
        parley.api().events(again.body().path("events").asText(), null, AttachmentsIT::isEnd);
        assertThat(lastSeen()).hasSize(2);
        assertThat(lastSeen().at("/1/content/0/image_url/url").asText()).isEqualTo(dataUrl(cat));

        turn(conversation, Map.of("content", "Something else", "after", ""));
        assertThat(lastSeen()).hasSize(2);
        assertThat(lastSeen().at("/1/content").asText()).isEqualTo("Something else");
        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode tree = parley.api()
                    .get("/api/conversations/" + conversation + "?branches=all")
                    .body();
            assertThat(tree.at("/messages/0/attachments/0/url").asText())
                    .as(tree.toString())
                    .isEqualTo(url);
        });
    }

    /** In the form that the model server's protocol has for it, at {@code place} of the message. */
    @ParameterizedTest
    @CsvSource({
        "chat,    /1/content, paper.pdf, application/pdf, %PDF-1.7 paper, file/file_data, URL",
        "chat,    /1/content, bees.csv,  text/csv,        'bees,2',       file/file_data, URL",
        "letters, /0/content, paper.pdf, application/pdf, %PDF-1.7 paper, source/data,    BASE64",
        "letters, /0/content, bees.csv,  text/csv,        'bees,2',       source/data,    TEXT"
    })
    void aFileReachesTheModel(
            String route, String message, String name, String mediaType, String content, String place, Form form) {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        String base64 = Base64.getEncoder().encodeToString(bytes);

        List<Event> events = turn(Map.of(
                "content",
                "What is in it?",
                "intent",
                route,
                "attachments",
                List.of(Map.of("data", base64, "mediaType", mediaType, "name", name))));

        assertThat(events.getLast().type()).as(events.toString()).isEqualTo("message.completed");
        assertThat(lastSeen().at(message + "/0/" + place).asText())
                .as(lastSeen().toString())
                .isEqualTo(
                        switch (form) {
                            case URL -> "data:" + mediaType + ";base64," + base64;
                            case BASE64 -> base64;
                            case TEXT -> content;
                        });
    }

    /** How a protocol has a content. */
    enum Form {
        URL,
        BASE64,
        TEXT
    }

    @Test
    void anAttemptThatDiesInMidAnswerIsMadeAgainWithTheSamePicture() {
        byte[] cat = png(70_000, 2);
        eyes.enqueue(Script.numbered(40, PACE).dyingAfter(10));
        eyes.enqueue(Script.text("A cat."));

        List<Event> events = turn(showing("Look", cat));

        assertThat(events).anyMatch(event -> event.type().equals("message.reset"));
        assertThat(events.getLast().data().path("content").asText()).isEqualTo("A cat.");
        assertThat(lastSeen().at("/1/content/0/image_url/url").asText()).isEqualTo(dataUrl(cat));
    }

    @Test
    void anEngineThatTakesTextAloneIsPassedOver() {
        int asked = blind.exchanges().size();
        Map<String, ?> message = Map.of(
                "content", "Look", "intent", "spared", "attachments", List.of(Map.of("data", dataUrl(png(100, 3)))));

        List<Event> events = turn(message);

        assertThat(events.getLast().data().path("engine").asText())
                .as(events.toString())
                .isEqualTo("eyes");
        assertThat(blind.exchanges()).hasSize(asked);
    }

    @Test
    void whereNoEngineTakesItTheTurnFailsByNameOnce() {
        Map<String, ?> message = Map.of(
                "content", "Look", "intent", "dark", "attachments", List.of(Map.of("data", dataUrl(png(100, 4)))));

        List<Event> events = turn(message);

        JsonNode failed = events.getLast().data();
        assertThat(failed.path("code").asText()).isEqualTo("attachment_not_accepted");
        assertThat(failed.path("detail").asText()).contains("'blind'", "image/png", "engines.blind.accepts");
        assertThat(events.stream().filter(event -> event.type().equals("message.started")))
                .hasSize(1);
    }

    @Test
    void whatWasAskedOverOneProtocolIsGoneOnWithOverAnother() {
        byte[] cat = png(200, 5);
        Answer first = parley.api()
                .post(
                        "/v1/responses",
                        Map.of(
                                "model",
                                "eyes",
                                "input",
                                List.of(Map.of(
                                        "role",
                                        "user",
                                        "content",
                                        List.of(Map.of("type", "input_image", "image_url", dataUrl(cat)))))));
        assertThat(first.status()).as(first.toString()).isEqualTo(200);

        Answer next = parley.api()
                .post(
                        "/v1/responses",
                        Map.of(
                                "model",
                                "eyes",
                                "input",
                                "And?",
                                "previous_response_id",
                                first.body().path("id").asText()));

        assertThat(next.status()).isEqualTo(200);
        assertThat(lastSeen().toString()).contains(dataUrl(cat));
        assertThat(parley.api()
                        .post(
                                "/v1/messages",
                                Map.of(
                                        "model",
                                        "blind",
                                        "max_tokens",
                                        9,
                                        "messages",
                                        List.of(Map.of(
                                                "role",
                                                "user",
                                                "content",
                                                List.of(Map.of(
                                                        "type",
                                                        "image",
                                                        "source",
                                                        Map.of(
                                                                "type",
                                                                "base64",
                                                                "media_type",
                                                                "image/png",
                                                                "data",
                                                                Base64.getEncoder()
                                                                        .encodeToString(cat))))))))
                        .status())
                .isEqualTo(400);
    }
}
