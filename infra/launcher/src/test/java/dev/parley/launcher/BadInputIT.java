package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.stack.scripted.Script;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a running Parley makes of rubbish, over HTTP and on every topic. */
class BadInputIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static ParleyUnderTest parley;
    private static ApiClient api;
    private static String conversation;

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.start();
        api = parley.api();
        conversation = api.conversation();
    }

    @AfterAll
    static void stop() {
        parley.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "POST | /api/conversations/~/messages | {\"content\": 7} | 400 | invalid_request | content",
                "POST | /api/conversations/~/messages | {\"content\": \"x\", \"what\": 1} | 400 | invalid_request | what",
                "POST | /api/conversations/~/messages | {\"content\": \"\"} | 400 | invalid_request | content",
                "POST | /api/conversations/~/messages | {broken | 400 | invalid_json | ",
                "POST | /api/conversations/~/messages | {\"content\":\"x\",\"onBusy\":\"never\"} | 400 | invalid_request | onBusy",
                "POST | /api/conversations/nowhere/messages | {\"content\": \"x\"} | 404 | conversation_not_found | ",
                "POST | /api/conversations | {\"id\": \"a b\"} | 400 | invalid_id | id",
                "POST | /api/conversations | {\"title\": []} | 400 | invalid_request | title",
                "POST | /api/conversations/nowhere/cancel | {} | 404 | conversation_not_found | ",
                "POST | /api/conversations/~/messages/none/feedback | {\"rating\": 9} | 400 | invalid_request | rating",
                "POST | /api/conversations/~/messages/none/feedback | {\"rating\": \"up\"} | 404 | message_not_found | ",
                "PATCH | /api/conversations/~ | {\"title\": \" \"} | 400 | invalid_request | title",
                "GET | /api/conversations/nowhere | | 404 | conversation_not_found | ",
                "GET | /api/conversations/%20 | | 400 | invalid_id | id",
                "GET | /api/conversations?limit=0 | | 400 | invalid_request | limit",
                "GET | /api/conversations?before=junk | | 400 | invalid_cursor | before",
                "GET | /api/conversations/~/events?cursor=junk | | 400 | invalid_cursor | cursor",
                "GET | /api/events?cursor=5 | | 400 | invalid_cursor | cursor",
                "GET | /api/conversations/~/export?format=pdf | | 400 | invalid_request | format",
                "GET | /api/nothing | | 404 | not_found | ",
                "PUT | /api/conversations | {} | 405 | method_not_allowed | "
            })
    void isAProblemThatNamesTheField(String method, String path, String body, int status, String code, String field)
            throws Exception {
        HttpResponse<String> answer = send(method, path, body == null ? "" : body, "application/json");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("content-type")).contains("application/problem+json");
        JsonNode problem = ApiClient.MAPPER.readTree(answer.body());
        assertThat(problem.path("code").asText()).isEqualTo(code);
        assertThat(problem.path("field").asText(null)).isEqualTo(field);
    }

    @Test
    void aBodyOfAnotherTypeOrSizeIsRefused() throws Exception {
        String path = "/api/conversations/~/messages";
        assertThat(send("POST", path, "{\"content\":\"x\"}", "text/plain").statusCode())
                .isEqualTo(415);
        String large = "{\"content\":\"" + "x".repeat(1_100_000) + "\"}";
        assertThat(send("POST", path, large, "application/json").statusCode()).isEqualTo(413);
        assertThat(send("POST", path, large + large, "application/json").statusCode())
                .isEqualTo(413);
    }

    private static HttpResponse<String> send(String method, String path, String body, String type)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(parley.url() + path.replace("~", conversation)))
                .header("Content-Type", type)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void textThatTroublesOthersArrivesExactly() {
        String text = "a\u0000b\r\n\u2028\uD83D\uDE00\"\\ end";
        parley.model().enqueue(Script.tokens(List.of("a\u0000b", "\r\n", "\u2028", "\uD83D\uDE00", "\"\\ end")));
        String id = api.conversation();

        JsonNode exchange = api.post(
                        "/api/conversations/" + id + "/messages", Map.of("content", text), "Prefer", "wait=60")
                .body();

        assertThat(exchange.path("assistantMessage").path("content").asText()).isEqualTo(text);
        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode messages = api.get("/api/conversations/" + id).body().path("messages");
            assertThat(messages)
                    .hasSize(2)
                    .allSatisfy(message ->
                            assertThat(message.path("content").asText()).isEqualTo(text));
        });
    }

    @Test
    void aCursorFromTheFutureIsAnsweredWithAGap() {
        List<ApiClient.Event> events =
                api.events("/api/conversations/" + conversation + "/events?cursor=99999", null, any -> true);

        assertThat(events.getFirst().type()).isEqualTo("feed.gap");
        assertThat(events.getFirst().data().path("reload").asText()).isEqualTo("/api/conversations/" + conversation);
    }

    @Test
    void poisonOnEachTopicIsOneDeadLetterAndThePartitionMovesOn() {
        String prefix = parley.environment().get("PARLEY_PREFIX");
        List<String> topics = List.of(
                "chat.commands.v1",
                "chat.events.v1",
                "chat.turns.v1",
                "chat.documents.v1",
                "chat.generation-requests.v1",
                "chat.chunks.v1",
                "chat.generation-results.v1",
                "chat.controls.v1");
        Map<String, byte[]> poison = new HashMap<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka(), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String topic : topics) {
                byte[] value = ("poison " + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
                poison.put(prefix + topic, value);
                var _ = producer.send(new ProducerRecord<>(
                        prefix + topic, 0, ("default/" + conversation).getBytes(StandardCharsets.UTF_8), value));
            }
        }

        Map<String, byte[]> found = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(prefix + "chat.dead-letters.v1"));
            await().atMost(PATIENCE).until(() -> {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    String topic = CloudEventHeaders.text(record.headers(), DeadLetter.TOPIC);
                    assertThat(found.put(String.valueOf(topic), record.value()))
                            .as("one letter for %s", topic)
                            .isNull();
                    assertThat(CloudEventHeaders.text(record.headers(), DeadLetter.CAUSE))
                            .isNotBlank();
                }
                return found.size() == topics.size();
            });
        }
        assertThat(found).containsAllEntriesOf(poison);
        for (int i = 0; i < 4; i++) {
            String id = api.conversation(); // lands on either partition
            assertThat(api.post(
                                    "/api/conversations/" + id + "/messages",
                                    Map.of("content", "Still there?"),
                                    "Prefer",
                                    "wait=60")
                            .body()
                            .path("assistantMessage")
                            .path("status")
                            .asText())
                    .isEqualTo("completed");
        }
    }

    private static Map<String, Object> kafka() {
        return Map.of(
                "bootstrap.servers",
                String.valueOf(parley.environment().get("KAFKA_BOOTSTRAP_SERVERS")),
                "group.id",
                "test-" + UUID.randomUUID(),
                "auto.offset.reset",
                "earliest");
    }

    @Test
    void aStrangersHostNameIsNotAnswered() throws Exception {
        Process curl = new ProcessBuilder(
                        "curl",
                        "-s",
                        "-o",
                        "/dev/null",
                        "-w",
                        "%{http_code}",
                        "-H",
                        "Host: evil.example",
                        parley.url() + "/api/conversations")
                .start();
        assertThat(new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("403");
    }
}
