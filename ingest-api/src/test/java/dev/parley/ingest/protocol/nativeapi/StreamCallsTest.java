package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.http.RawConnection;
import dev.parley.schemas.keys.ConversationKey;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Event streams over a real connection, as far as the HTTP server is concerned. */
class StreamCallsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final FakeWorld world = new FakeWorld();
    private DoorUnderTest door;
    private ConversationKey conversation;

    @BeforeEach
    void start() {
        door = new DoorUnderTest(
                world, Map.of("PARLEY_STREAM_HEARTBEAT", "50ms", "PARLEY_STREAM_WRITE_TIMEOUT", "300ms"));
        conversation = world.conversation("c");
    }

    @AfterEach
    void stop() {
        door.close();
    }

    private RawConnection open(String path, String... headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return door.connect().send(request.append("\r\n").toString());
    }

    private void say(String content) {
        door.post("/api/conversations/c/messages", Map.of("content", content));
    }

    @Test
    void aStreamCarriesTheHeadersThatKeepItFlowing() {
        try (RawConnection stream = open("/api/conversations/c/events", "Accept-Encoding: gzip")) {
            String head = stream.readUntil("\r\n\r\n").toLowerCase(java.util.Locale.ROOT);

            assertThat(head)
                    .startsWith("http/1.1 200 ")
                    .contains("content-type: text/event-stream; charset=utf-8")
                    .contains("cache-control: no-cache, no-transform")
                    .contains("x-accel-buffering: no")
                    .contains("x-request-id: ")
                    .doesNotContain("content-encoding");
            assertThat(stream.readUntil("retry: 1000\n\n")).contains("retry: 1000");
        }
    }

    @Test
    void whatHappensIsToldAndSilenceIsFilled() {
        try (RawConnection stream = open("/api/conversations/c/events?cursor=0")) {
            stream.readUntil("ConversationCreated");
            say("x");
            assertThat(stream.readUntil("MessageCompleted")).contains("id: 2\n").contains("id: 4\n");
            assertThat(stream.readUntil("\n: ")).endsWith("\n: ");
        }
    }

    @Test
    void whatABrowserSendsAgainCountsBeforeTheUrl() {
        say("x");
        try (RawConnection stream = open("/api/conversations/c/events?cursor=0", "Last-Event-ID: 3")) {
            assertThat(stream.readUntil("MessageCompleted"))
                    .doesNotContain("ConversationCreated")
                    .doesNotContain("TurnStarted");
        }
    }

    @Test
    void oneConnectionTellsOfAllConversations() {
        try (RawConnection stream = open("/api/events")) {
            stream.readUntil("retry: 1000");
            await().atMost(PATIENCE).until(() -> door.feed.readers() == 1);
            world.conversation("d");
            say("x");
            assertThat(stream.readUntil("MessageCompleted")).contains("ConversationCreated");
        }
    }

    @Test
    void aClientThatLeavesIsForgotten() {
        try (RawConnection stream = open("/api/conversations/c/events")) {
            stream.readUntil("retry: 1000");
            await().atMost(PATIENCE).until(() -> door.feed.readers() == 1);
        }

        await().atMost(PATIENCE).until(() -> door.feed.readers() == 0);
    }

    @ParameterizedTest
    @CsvSource({"65536, too_far_behind", "67108864, too_slow"})
    void aClientThatDoesNotReadIsCutOffInMidWrite(String queueBytes, String reason) {
        try (DoorUnderTest bounded = new DoorUnderTest(
                        world,
                        Map.of("PARLEY_STREAM_QUEUE_BYTES", queueBytes, "PARLEY_STREAM_WRITE_TIMEOUT", "300ms"));
                RawConnection stream =
                        bounded.connect().send("GET /api/conversations/c/events HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
            stream.readUntil("retry: 1000");
            await().atMost(PATIENCE).until(() -> bounded.feed.readers() == 1);
            // Nothing is read from here on: the sockets' buffers fill up, the write blocks, and only a break ends it.
            for (int i = 0; i < 300; i++) {
                world.chatter(conversation, 100_000);
            }

            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(bounded.get("/metrics").text())
                        .contains("parley_sse_ended_total{reason=\"" + reason + "\"} 1")
                        .contains("parley_sse_connections 0");
                assertThat(bounded.feed.readers()).isZero();
            });
        }
    }

    @Test
    void streamsEndWhenTheServerStops() {
        try (RawConnection stream = open("/api/conversations/c/events")) {
            stream.readUntil("retry: 1000");

            door.close();

            assertThat(stream.readAll()).isNotNull();
            assertThat(door.feed.readers()).isZero();
        }
    }

    @Test
    void aStreamThatIsRefusedIsAProblem() {
        try (DoorUnderTest small = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_MAX_STREAMS", "1"));
                RawConnection first = small.connect().send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
            first.readUntil("retry: 1000");

            DoorUnderTest.Reply refused = small.get("/api/events");

            assertThat(refused.status() + " " + refused.problem()).isEqualTo("503 overloaded");
            assertThat(refused.header("Retry-After")).isNotBlank();
            assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
        }
    }
}
