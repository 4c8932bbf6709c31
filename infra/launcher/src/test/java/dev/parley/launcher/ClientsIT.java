package dev.parley.launcher;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients that people already have, against the whole pipeline. Their tests are in {@code infra/clients/test}. */
class ClientsIT {

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final String KEY = "a-key-of-the-tests";
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- snippet: (\\S+\\.java) -->\n```java\n(.*?)```", Pattern.DOTALL);

    private static final String SAID = "word0 word1 word2";
    private static final String SAYING = "script {\"tokens\": [\"word0 \", \"word1 \", \"word2\"], \"paceMillis\": 15}";
    private static final String CALLING = "script {\"tokens\": [\"It \", \"rains.\"], \"calls\": [{\"id\": \"call_1\","
            + " \"name\": \"get_weather\", \"arguments\": \"{\\\"place\\\":\\\"Chur\\\"}\"}]}";

    private static ParleyUnderTest parley;

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.start();
    }

    @AfterAll
    static void stop() {
        parley.close();
    }

    private static void pass(String... files) {
        NodeTests.pass(LIMIT, Map.of("PARLEY_URL", parley.url()), files);
    }

    @Test
    void openAi() {
        pass("test/openai.test.mjs", "test/openai-more.test.mjs");
    }

    @Test
    void anthropic() {
        pass("test/anthropic.test.mjs");
    }

    @Test
    void aiSdk() {
        pass("test/ai-sdk.test.mjs", "test/websocket.test.mjs");
    }

    @Test
    void whatPeopleBuildWith() {
        pass("test/frameworks.test.mjs", "test/assistant-ui.test.mjs", "test/agents.test.mjs");
    }

    @Test
    void agUi() {
        pass("test/ag-ui.test.mjs");
    }

    @Test
    void modelContextProtocol() {
        pass("test/mcp.test.mjs");
    }

    @Test
    void proxiesInFront() {
        pass("test/proxies.test.mjs");
    }

    @Test
    void eventSource() {
        pass("test/eventsource.test.mjs");
    }

    @Test
    void oneConversationByAllOfThem() {
        pass("test/together.test.mjs", "test/tools.test.mjs");
    }

    @Test
    void begunInOneProtocolAndGoneOnWithInAnother() {
        pass("test/matrix.test.mjs");
    }

    @Test
    void anEvaluation() {
        NodeTests.install("promptfoo");
        pass("test/promptfoo.test.mjs");
    }

    @Test
    void readersOfTheLog() {
        NodeTests.pass(
                LIMIT,
                Map.of(
                        "PARLEY_URL",
                        parley.url(),
                        "PARLEY_KAFKA",
                        setting("KAFKA_BOOTSTRAP_SERVERS"),
                        "PARLEY_REGISTRY",
                        setting("SCHEMA_REGISTRY_URL"),
                        "PARLEY_PREFIX",
                        setting("PARLEY_PREFIX")),
                "test/kafka.test.mjs");
    }

    @Test
    void apicuriosOwnSerde() throws Exception {
        String conversation = parley.api().conversation();
        parley.api().ask(conversation, Map.of("content", SAYING));

        assertThat(JavaPrograms.printedByClient(
                        "apicurio",
                        setting("KAFKA_BOOTSTRAP_SERVERS"),
                        setting("SCHEMA_REGISTRY_URL").replace("/apis/ccompat/v7", "/apis/registry/v3"),
                        setting("PARLEY_PREFIX") + "chat.events.v1",
                        "default/" + conversation))
                .contains("MessageAccepted: " + SAYING, "MessageCompleted: " + SAID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"spring-ai-1", "spring-ai-2"})
    void springAi(String client) throws Exception {
        assertThat(JavaPrograms.printedByClient(client, parley.url(), SAYING, CALLING)
                        .lines())
                .contains(
                        "call: " + SAID,
                        "stream: " + SAID,
                        "tool: It rains.",
                        // Beside its call, and after it.
                        "tool in a stream: It rains.It rains.",
                        "asked: [Chur, Chur]",
                        "remembered: 8")
                .anyMatch(line -> line.startsWith("refused: 404") && line.contains("there is no model 'gpt-none'"));
    }

    private static String setting(String name) {
        return requireNonNull(parley.environment().get(name), name);
    }

    @Test
    void theContracts() {
        pass("test/contracts.test.mjs");
    }

    @Test
    void pagesOfOtherOrigins() throws IOException {
        String origin = "http://localhost:" + RoleProcess.freePort();
        try (ParleyUnderTest closed =
                ParleyUnderTest.startWith(Map.of("PARLEY_API_KEYS", KEY, "PARLEY_CORS_ORIGINS", origin))) {
            NodeTests.pass(
                    LIMIT,
                    Map.of("PARLEY_URL", closed.url(), "PARLEY_KEY", KEY, "PARLEY_ORIGIN", origin),
                    "test/origins.test.mjs");
        }
    }

    @Test
    void theReadmesSnippets() {
        pass("test/readme.test.mjs");
    }

    @Test
    void theReadmesSnippetsInJava(@TempDir Path folder) throws Exception {
        String readme = Files.readString(Path.of("..", "..", "README.md"));
        List<String> names = new ArrayList<>();
        for (Matcher snippet = SNIPPET.matcher(readme); snippet.find(); ) {
            Path source = folder.resolve(snippet.group(1));
            Files.writeString(source, snippet.group(2).replace("http://127.0.0.1:8080", parley.url()));
            names.add(snippet.group(1));

            assertThat(JavaPrograms.printed(System.getProperty("java.class.path"), source))
                    .as(snippet.group(1))
                    .contains("You said: Hello");
        }
        assertThat(names).hasSizeGreaterThanOrEqualTo(2);
    }
}
