package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every call: headers, methods, bounds, the page, health and metrics. */
class HttpBehaviourTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** A request for a message up to its own headers. */
    private static final String SENDING =
            head("POST /api/conversations/c/messages HTTP/1.1", "Host: localhost", "Content-Type: application/json");

    private static DoorUnderTest door;

    @BeforeAll
    static void start() {
        door = DoorUnderTest.start();
        door.world.conversation("c");
    }

    @AfterAll
    static void stop() {
        door.close();
    }

    private static String head(String... lines) {
        return String.join("\r\n", lines) + "\r\n";
    }

    private static String raw(String request) {
        try (RawConnection connection = door.connect()) {
            return connection.send(request).readAll();
        }
    }

    @Test
    void everyAnswerCarriesARequestId() {
        assertThat(door.get("/health/live", "x-request-id", "my-id.1").header("x-request-id"))
                .isEqualTo("my-id.1");
        assertThat(door.get("/nowhere", "x-request-id", "my-id.2").header("x-request-id"))
                .isEqualTo("my-id.2");
        assertThat(door.get("/", "x-request-id", "not <sane>").header("x-request-id"))
                .isNotBlank()
                .doesNotContain("sane");
    }

    @Test
    void everyAnswerCarriesTheSecurityHeaders() {
        for (String path : new String[] {"/", "/style.css", "/api/conversations", "/nowhere"}) {
            Reply reply = door.get(path);
            assertThat(reply.header("Content-Security-Policy")).as(path).contains("default-src 'self'");
            assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(reply.header("Referrer-Policy")).isEqualTo("no-referrer");
            assertThat(reply.header("Server")).isEmpty();
        }
    }

    @Test
    void nobodyOnTheWayKeepsConversations() {
        for (String path : new String[] {"/api/conversations", "/api/conversations/c", "/api/conversations/c/export"}) {
            assertThat(door.get(path).header("Cache-Control")).as(path).isEqualTo("no-store");
        }
    }

    @Test
    void aWrongMethodIsToldTheRightOnes() {
        assertThat(door.send("PUT", "/api/conversations", null).header("Allow").split(", "))
                .contains("GET", "POST");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/health/live", "/api/conversations", "/api/conversations/c/events"})
    void headIsGetWithoutABody(String path) {
        Reply reply = door.send("HEAD", path, null);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text()).isEmpty();
    }

    @Test
    void optionsIsAnsweredWithWhatThereIs() {
        Reply reply = door.send("OPTIONS", "/api/conversations", null);

        assertThat(reply.header("Allow")).contains("GET").contains("POST");
        assertThat(reply.status()).isBetween(200, 499);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NONSENSE\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"
            })
    void whatIsNoHttpIsAProblemToo(String request) {
        String answer = raw(request);

        assertThat(answer).matches("(?s)HTTP/1.1 (4\\d\\d|505) .*");
        assertThat(answer.toLowerCase(Locale.ROOT))
                .contains("application/problem+json")
                .contains("x-request-id")
                .doesNotContain("<html");
    }

    @Test
    void headersThatAreTooLargeAreAProblemToo() {
        String answer = raw("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + "x".repeat(40_000) + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 431 ").contains("application/problem+json");
    }

    /** A body with files in it may be longer. */
    @ParameterizedTest
    @CsvSource({"POST /api/conversations, 2", "POST /api/conversations/c/messages, 32"})
    void aBodyThatDoesNotSayItsLengthIsBoundedAllTheSame(String call, int mib) {
        try (RawConnection connection = door.connect()) {
            connection.send(
                    call + SENDING.substring(SENDING.indexOf(" HTTP/1.1")) + head("Transfer-Encoding: chunked", ""));
            String chunk = "100000\r\n" + " ".repeat(0x100000) + "\r\n";
            for (int i = 0; i < mib; i++) {
                connection.send(chunk);
            }
            connection.send("1\r\n \r\n");

            String answer = connection.readUntil("\r\n\r\n");

            assertThat(answer).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void aBodyInChunksIsRead() {
        String json = "{\"content\": \"in chunks\"}";
        String answer = raw(SENDING
                + head("Connection: close", "Transfer-Encoding: chunked", "")
                + head("5", json.substring(0, 5))
                + head(Integer.toHexString(json.length() - 5), json.substring(5))
                + head("0", ""));

        assertThat(answer).startsWith("HTTP/1.1 202 ");
    }

    @Test
    void tooManyRequestsAtOnceAreRefusedAtOnceAndStreamsAndHealthAreNot() throws Exception {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest small = new DoorUnderTest(world, Map.of("PARLEY_MAX_REQUESTS", "2"))) {
            world.conversation("c");
            world.answer(Answer.NEVER);
            Thread[] waiting = new Thread[2];
            waiting[0] = Thread.ofVirtual()
                    .start(() ->
                            small.post("/api/conversations/c/messages", Map.of("content", "x"), "Prefer", "wait=120"));
            await().atMost(PATIENCE).until(() -> small.feed.readers() == 1);
            // Half of the requests may wait: one more is served at once, without waiting.
            Reply second = small.post("/api/conversations/c/messages", Map.of("content", "x"), "Prefer", "wait=120");
            assertThat(second.status()).isEqualTo(202);
            assertThat(second.header("Preference-Applied")).isEmpty();

            try (RawConnection slow = small.connect();
                    RawConnection stream = small.connect()) {
                slow.send(SENDING + head("Content-Length: 100", "") + "{");
                await().atMost(PATIENCE)
                        .until(() -> small.get("/api/conversations").status() == 503);
                Reply refused = small.get("/api/conversations");
                assertThat(refused.problem()).isEqualTo("overloaded");
                assertThat(refused.header("Retry-After")).isNotBlank();
                assertThat(small.get("/health/live").status()).isEqualTo(200);
                stream.send("GET /api/conversations/c/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(stream.readUntil("retry: 1000")).startsWith("HTTP/1.1 200 ");
            }
            await().atMost(PATIENCE).until(() -> small.get("/api/conversations").status() == 200);
            world.kafkaAway();
        }
    }

    @Test
    void aBurstOfConnectionsWaitsToBeAcceptedInsteadOfBeingDropped() throws IOException {
        try (ServerConnector connector = HttpServer.connector(new Server(), new HttpConfiguration(), "127.0.0.1", 0)) {
            connector.open(); // Listens, and accepts nothing.
            List<Socket> waiting = new ArrayList<>();
            try {
                for (int i = 0; i < 100; i++) {
                    Socket socket = new Socket();
                    waiting.add(socket);
                    socket.connect(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), connector.getLocalPort()),
                            (int) PATIENCE.toMillis());
                }
            } finally {
                for (Socket socket : waiting) {
                    socket.close();
                }
            }
            assertThat(waiting).hasSize(100);
        }
    }

    @Test
    void tooManyBytesAtOnceAreRefused() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest small = new DoorUnderTest(world, Map.of("PARLEY_MAX_REQUEST_BYTES", "8388608"));
                RawConnection one = small.connect();
                RawConnection two = small.connect();
                RawConnection three = small.connect();
                RawConnection four = small.connect()) {
            world.conversation("c");
            List<RawConnection> slow = List.of(one, two, three, four);
            slow.forEach(connection -> connection.send(SENDING + head("Content-Length: 2097152", "") + "{"));

            await().atMost(PATIENCE)
                    .until(() -> small.post("/api/conversations/c/messages", Map.of("content", "x"))
                                    .status()
                            == 503);
            slow.forEach(RawConnection::close);
            await().atMost(PATIENCE)
                    .until(() -> small.post("/api/conversations/c/messages", Map.of("content", "x"))
                                    .status()
                            == 202);
        }
    }

    @Test
    void aTakenPortIsAClearError() {
        assertThatThrownBy(() -> new DoorUnderTest(
                        new FakeWorld(),
                        Map.of("PARLEY_HTTP_PORT", Integer.toString(door.url().getPort()))))
                .isInstanceOf(HttpServer.AddressTakenException.class)
                .hasMessageContaining(Integer.toString(door.url().getPort()))
                .hasMessageContaining("--http-port");
    }
}
