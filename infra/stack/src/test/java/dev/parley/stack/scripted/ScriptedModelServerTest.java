package dev.parley.stack.scripted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.stack.PortTakenException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptedModelServerTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private ScriptedModelServer server = ScriptedModelServer.start();
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeEach
    void freshServer() {
        server.close();
        server = ScriptedModelServer.start();
    }

    @AfterEach
    void close() {
        server.close();
        client.close();
    }

    @Test
    void streamsTokensUsageAndTheEnd() throws Exception {
        server.enqueue(Script.text("Hello wide world").reasoning("hm well").finishing("length"));

        List<String> events = events("scripted", true);

        assertThat(events.getLast()).isEqualTo("[DONE]");
        List<JsonNode> chunks = parsed(events);
        assertThat(texts(chunks, "reasoning_content")).containsExactly("hm ", "well");
        assertThat(texts(chunks, "content")).containsExactly("Hello ", "wide ", "world");
        assertThat(chunks.getFirst().at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(chunks.get(5).at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(chunks.get(6).path("choices")).isEmpty();
        assertThat(chunks.get(6).at("/usage/completion_tokens").asInt()).isEqualTo(5);
        assertThat(chunks).hasSize(7);
    }

    @Test
    void leavesUsageOutUnlessAskedAndWhenScriptedSo() throws Exception {
        server.enqueue(Script.text("a"), Script.text("a").withoutUsage());
        assertThat(events("scripted", false)).noneMatch(event -> event.contains("\"usage\""));
        assertThat(events("scripted", true)).noneMatch(event -> event.contains("\"usage\""));
    }

    @Test
    void answersInOnePieceWhenNotStreaming() throws Exception {
        HttpResponse<String> response = client.send(
                request("{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":"
                        + "[{\"type\":\"text\",\"text\":\"how \\\"are\\\" you\"}]}]}"),
                HttpResponse.BodyHandlers.ofString());

        JsonNode answer = JSON.readTree(response.body());
        assertThat(answer.at("/choices/0/message/content").asText())
                .isEqualTo("This is a scripted server, not a model. You said: how \"are\" you");
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(answer.at("/usage/total_tokens").asInt()).isPositive();
    }

    @Test
    void saysInItsModelListThatItIsNoModel() throws Exception {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(URI.create(server.baseUrl() + "/models")).build(),
                HttpResponse.BodyHandlers.ofString());
        JsonNode model = JSON.readTree(response.body()).at("/data/0");
        assertThat(model.path("id").asText()).contains("scripted");
        assertThat(model.path("owned_by").asText()).contains("not-a-model");
    }

    @Test
    void choosesScriptsByQueueThenByRequest() throws Exception {
        server.enqueue(Script.text("first"))
                .answerWith(request -> Script.text("for " + request.lastUserText() + " " + request.header("X-Test")));
        assertThat(String.join("", texts(parsed(events("scripted", false)), "content")))
                .isEqualTo("first");
        assertThat(String.join("", texts(parsed(events("scripted", false)), "content")))
                .isEqualTo("for hello yes");
        assertThat(server.exchanges()).hasSize(2).allSatisfy(exchange -> {
            assertThat(exchange.closedByClient()).isFalse();
            assertThat(exchange.request().body().path("model").asText()).isEqualTo("scripted");
        });
    }

    @Test
    void isDrivenByTheModelName() throws Exception {
        assertThat(texts(parsed(events("scripted-3x1ms-after5ms", false)), "content"))
                .containsExactly("w0", " w1", " w2");
        assertThat(texts(parsed(events("scripted-1x0ms-reasoning2", false)), "reasoning_content"))
                .containsExactly("w0 ", "w1");
        assertThat(events("scripted-2x0ms-nofinish", true))
                .noneMatch(event -> event.contains("[DONE]") || event.contains("stop"));
        assertThat(events("scripted-2x0ms-garbage1-nousage", true).get(1)).contains("<html>");
        assertThat(send("scripted-refuse503", false).statusCode()).isEqualTo(503);
        assertThatThrownBy(() -> events("scripted-5x0ms-die2", false)).isInstanceOf(IOException.class);
        assertThat(server.exchanges().getLast().deltasSent()).isEqualTo(2);
    }

    private static String scripted(String script, String... later) throws IOException {
        var messages = JSON.createArrayNode();
        messages.addObject().put("role", "user").put("content", "script " + script);
        for (String message : later) {
            messages.add(JSON.readTree(message));
        }
        return "{\"model\":\"any-model\",\"stream\":true,\"messages\":" + messages + "}";
    }

    private List<String> said(String script, String... later) throws Exception {
        return events(client.send(request(scripted(script, later)), HttpResponse.BodyHandlers.ofInputStream()));
    }

    private List<String> events(String model, boolean usage) throws Exception {
        return events(send(model, usage));
    }

    private static List<String> events(HttpResponse<InputStream> response) throws IOException {
        List<String> events = new ArrayList<>();
        try (InputStream body = response.body()) {
            String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
            for (String event : text.split("\n\n", 0)) {
                events.add(event.substring("data: ".length()));
            }
        }
        return events;
    }

    private HttpResponse<InputStream> send(String model, boolean usage) throws Exception {
        return client.send(request(body(model, usage)), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static String body(String model, boolean usage) {
        return "{\"model\":\"" + model + "\",\"stream\":true,\"stream_options\":{\"include_usage\":" + usage
                + "},\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"},"
                + "{\"role\":\"user\",\"content\":\"hello\"}]}";
    }

    private HttpRequest request(String body) {
        return HttpRequest.newBuilder(URI.create(server.baseUrl() + "/chat/completions"))
                .header("content-type", "application/json")
                .header("x-test", "yes")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static List<JsonNode> parsed(List<String> events) throws IOException {
        List<JsonNode> chunks = new ArrayList<>();
        for (String event : events) {
            if (!event.equals("[DONE]")) {
                chunks.add(JSON.readTree(event));
            }
        }
        return chunks;
    }

    private static List<String> texts(List<JsonNode> chunks, String field) {
        return chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/" + field))
                .filter(JsonNode::isTextual)
                .map(JsonNode::asText)
                .toList();
    }

    @Nested
    class ScriptsInMessages {

        @Test
        void isDrivenByAScriptInTheMessage() throws Exception {
            List<JsonNode> chunks =
                    parsed(said("{\"tokens\": [\"a\", \"b \"], \"repeat\": 2, \"reasoning\": \"hm well\","
                            + " \"finish\": \"length\", \"afterMillis\": 1, \"paceMillis\": 1}"));

            assertThat(texts(chunks, "reasoning_content")).containsExactly("hm ", "well");
            assertThat(texts(chunks, "content")).containsExactly("aa", "b b ");
            assertThat(chunks.getLast().at("/choices/0/finish_reason").asText()).isEqualTo("length");
        }

        @Test
        void callsToolsUntilTheyHaveAnswered() throws Exception {
            String script = "{\"tokens\": [\"x\"], \"calls\": [{\"id\": \"c1\", \"name\": \"f\","
                    + " \"arguments\": \"{\\\"q\\\":1}\"}, {\"id\": \"c2\", \"name\": \"g\", \"arguments\": \"{}\"}]}";

            List<JsonNode> first = parsed(said(script));
            List<JsonNode> second =
                    parsed(said(script, "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"42\"}"));

            List<String> names = new ArrayList<>();
            List<StringBuilder> arguments = new ArrayList<>();
            for (JsonNode chunk : first) {
                for (JsonNode call : chunk.at("/choices/0/delta/tool_calls")) {
                    int index = call.path("index").asInt();
                    if (call.has("id")) {
                        assertThat(index).isEqualTo(names.size());
                        names.add(call.path("id").asText() + " "
                                + call.at("/function/name").asText());
                        arguments.add(new StringBuilder());
                    }
                    arguments.get(index).append(call.at("/function/arguments").asText());
                }
            }
            assertThat(names).containsExactly("c1 f", "c2 g");
            assertThat(arguments.stream().map(StringBuilder::toString)).isEqualTo(List.of("{\"q\":1}", "{}"));
            assertThat(first.getLast().at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
            assertThat(second).noneMatch(chunk -> chunk.at("/choices/0/delta").has("tool_calls"));
            assertThat(second.getLast().at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        }

        @Test
        void failsAsAMessageSays() throws Exception {
            assertThat(client.send(request(scripted("{\"refuse\": 429}")), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(429);
            assertThatThrownBy(() -> said("{\"tokens\": [\"a\", \"b\", \"c\"], \"dieAfter\": 2}"))
                    .isInstanceOf(IOException.class);
            assertThat(server.exchanges().getLast().deltasSent()).isEqualTo(2);
            HttpResponse<String> broken =
                    client.send(request(scripted("{\"tokens\": [")), HttpResponse.BodyHandlers.ofString());
            assertThat(broken.statusCode()).isEqualTo(400);
            assertThat(broken.body()).contains("not JSON");
        }

        @Test
        void hangsAsAMessageSays() throws Exception {
            Future<HttpResponse<InputStream>> response = client.sendAsync(
                    request(scripted("{\"tokens\": [\"a\", \"b\"], \"hangAfter\": 1}")),
                    HttpResponse.BodyHandlers.ofInputStream());
            ModelExchange exchange = server.awaitExchange(0, PATIENCE);
            await().atMost(PATIENCE).until(() -> exchange.deltasSent() == 1);

            assertThat(exchange.isOpen()).isTrue();
            response.cancel(true);
            client.shutdownNow();
            assertThat(exchange.awaitClosedByClient(PATIENCE)).isTrue();
        }

        @ParameterizedTest
        @ValueSource(ints = {400, 401, 429, 500})
        void refusesWithAnErrorObject(int status) throws Exception {
            server.enqueue(
                    Script.refuse(status).retryAfter(Duration.ofSeconds(7)).saying("go away"));
            HttpResponse<InputStream> response = send("scripted", false);
            assertThat(response.statusCode()).isEqualTo(status);
            assertThat(response.headers().firstValue("retry-after")).contains("7");
            assertThat(JSON.readTree(response.body()).at("/error/message").asText())
                    .isEqualTo("go away");
        }

        @Test
        void answersBadRequestsAndKeepsTheConnection() throws Exception {
            for (String body : List.of("{", "[]", "{\"model\":\"scripted\"}")) {
                assertThat(client.send(request(body), HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .isEqualTo(400);
            }
            assertThat(client.send(
                                    HttpRequest.newBuilder(URI.create(server.baseUrl() + "/nothing"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(404);
            assertThat(server.requestCount()).isZero();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"scripted-silence", "scripted-5x0ms-hang0", "scripted-5x0ms-hang2", "scripted-1000x60000ms"})
        void noticesThatTheClientLeftEvenWhileItSendsNothing(String model) {
            Future<HttpResponse<InputStream>> response =
                    client.sendAsync(request(body(model, false)), HttpResponse.BodyHandlers.ofInputStream());
            ModelExchange exchange = server.awaitExchange(0, PATIENCE);
            if (model.contains("hang2")) {
                await().atMost(PATIENCE).until(() -> exchange.deltasSent() == 2);
            }
            assertThat(exchange.isOpen()).isTrue();
            assertThat(server.openStreams()).isEqualTo(1);

            response.cancel(true);
            client.shutdownNow();

            assertThat(exchange.awaitClosedByClient(PATIENCE)).isTrue();
            assertThat(exchange.closedByClient()).isTrue();
            await().atMost(PATIENCE).until(() -> server.openStreams() == 0);
        }

        @Test
        void splitsAnEmojiOverTwoDeltas() throws Exception {
            server.enqueue(Script.tokens("a \ud83d", "\ude00 b", "größer 😀"));
            List<String> events = events("scripted", false);
            assertThat(events.get(0)).contains("\"a \\ud83d\"");
            assertThat(events.get(1)).contains("\"\\ude00 b\"");
            assertThat(String.join("", texts(parsed(events), "content"))).isEqualTo("a 😀 bgrößer 😀");
        }

        @Test
        void serves500StreamsAtOnce() throws Exception {
            int streams = 500;
            List<Future<List<String>>> answers = new ArrayList<>();
            try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < streams; i++) {
                    answers.add(callers.submit(() -> events("scripted-20x20ms-after500ms", false)));
                }
            }
            String expected = Script.numbered(20, Duration.ZERO).fullText();
            for (Future<List<String>> answer : answers) {
                assertThat(String.join("", texts(parsed(answer.get()), "content")))
                        .isEqualTo(expected);
            }
            assertThat(server.requestCount()).isEqualTo(streams);
            assertThat(server.peakOpenStreams()).isGreaterThan(1);
            assertThat(server.exchanges()).noneMatch(ModelExchange::closedByClient);
        }

        @Test
        void namesATakenPort() throws Exception {
            try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                assertThatThrownBy(() -> ScriptedModelServer.start(other.getLocalPort()))
                        .isInstanceOf(PortTakenException.class);
            }
        }
    }
}
