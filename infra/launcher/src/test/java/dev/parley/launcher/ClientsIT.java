package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people already have, against the whole pipeline. Their tests are in {@code infra/clients/test}. */
class ClientsIT {

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final String KEY = "a-key-of-the-tests";
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- snippet: (\\S+\\.java) -->\n```java\n(.*?)```", Pattern.DOTALL);

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
    void aiSdk() {
        pass("test/ai-sdk.test.mjs", "test/websocket.test.mjs");
    }

    @Test
    void whatPeopleBuildWith() {
        pass("test/frameworks.test.mjs", "test/assistant-ui.test.mjs");
    }

    @Test
    void proxiesThatCompress() {
        pass("test/proxies.test.mjs");
    }

    @Test
    void eventSource() {
        pass("test/eventsource.test.mjs");
    }

    @Test
    void oneConversationByAllOfThem() {
        pass("test/together.test.mjs");
    }

    @Test
    void theContracts() {
        pass("test/contracts.test.mjs");
    }

    @Test
    void pagesOfOtherOrigins() throws IOException {
        String origin = "http://localhost:" + freePort();
        try (ParleyUnderTest closed =
                ParleyUnderTest.startWith(Map.of("PARLEY_API_KEYS", KEY, "PARLEY_CORS_ORIGINS", origin))) {
            NodeTests.pass(
                    LIMIT,
                    Map.of("PARLEY_URL", closed.url(), "PARLEY_KEY", KEY, "PARLEY_ORIGIN", origin),
                    "test/origins.test.mjs");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
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

            assertThat(printed(source)).as(snippet.group(1)).contains("You said: Hello");
        }
        assertThat(names).hasSizeGreaterThanOrEqualTo(2);
    }

    /** What a source file prints, run as {@code java File.java} does. */
    private static String printed(Path source) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process = new ProcessBuilder(
                        java.toString(), "-cp", System.getProperty("java.class.path"), source.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(printed).isTrue();
            return printed;
        } finally {
            process.destroyForcibly();
        }
    }
}
