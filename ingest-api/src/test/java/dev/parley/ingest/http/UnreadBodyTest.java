package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.FakeWorld;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Callers who send all of their body before they read an answer, which does not want it. */
class UnreadBodyTest {

    private static final int MEGABYTE = 1024 * 1024;
    private static final int LARGE_MEGABYTES = 50;
    private static final String FILL = "x".repeat(MEGABYTE);

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest open;

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest closed;

    @BeforeAll
    static void start() {
        open = DoorUnderTest.start();
        open.world.conversation("c");
        closed = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "key-of-somebody"));
    }

    @AfterAll
    static void stop() {
        open.close();
        closed.close();
    }

    private static String head(String route, String... headers) {
        StringBuilder head = new StringBuilder(route + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    private static String json(String route, long bytes) {
        return head(route, "Content-Type: application/json", "Content-Length: " + bytes);
    }

    private static String status(String answer) {
        return answer.split(" ", 3)[1];
    }

    @ParameterizedTest
    @CsvSource({
        "POST /v1/chat/completions, 413",
        "POST /v1/audio/transcriptions, 404",
        "POST /nowhere, 404",
        "PUT /api/conversations/c/messages, 405",
        "PUT /api/workspaces/w/documents/large.txt, 413",
        "POST /api/conversations?sort=title, 400"
    })
    void theAnswerIsThereForWhoeverSentAll(String route, String status) {
        try (RawConnection connection = open.connect()) {
            connection.send(json(route, (long) LARGE_MEGABYTES * MEGABYTE));
            for (int i = 0; i < LARGE_MEGABYTES; i++) {
                connection.send(FILL);
            }

            assertThat(status(connection.readUntil("\r\n\r\n"))).isEqualTo(status);
        }
    }

    @Test
    void oneWhoIsNotKnownIsToldSo() {
        try (RawConnection connection = closed.connect()) {
            connection.send(json("POST /v1/chat/completions", (long) LARGE_MEGABYTES * MEGABYTE));
            for (int i = 0; i < LARGE_MEGABYTES; i++) {
                connection.send(FILL);
            }

            assertThat(status(connection.readUntil("\r\n\r\n"))).isEqualTo("401");
        }
    }

    @Test
    void aBodyOfUnknownLengthIsPassedOverAsWell() {
        try (RawConnection connection = open.connect()) {
            connection.send(head("POST /v1/chat/completions", "Transfer-Encoding: chunked"));
            for (int i = 0; i < LARGE_MEGABYTES; i++) {
                connection.send(Integer.toHexString(MEGABYTE) + "\r\n" + FILL + "\r\n");
            }
            connection.send("0\r\n\r\n");

            String answer = connection.readAll();

            assertThat(status(answer)).isEqualTo("413");
            assertThat(answer).contains("payload_too_large");
        }
    }

    @Test
    void aSmallOneLeavesTheConnectionToTheNextRequest() {
        try (RawConnection connection = open.connect()) {
            connection.send(json("POST /nowhere", MEGABYTE)).send(FILL);
            assertThat(status(connection.readUntil("\r\n\r\n"))).isEqualTo("404");
            connection.readUntil("}");

            connection.send(head("GET /health/live"));
            assertThat(status(connection.readUntil("\r\n\r\n"))).isEqualTo("200");
        }
    }

    @Test
    void oneWhoWaitsToBeAskedForABodyIsAnsweredInstead() {
        try (RawConnection connection = open.connect()) {
            connection.send(head(
                    "POST /nowhere",
                    "Content-Type: application/json",
                    "Content-Length: 52428800",
                    "Expect: 100-continue"));

            assertThat(status(connection.readUntil("\r\n\r\n"))).isEqualTo("404");
        }
    }

    @Test
    void theRefusalIsWholeAndTheConnectionEnds() {
        try (RawConnection connection = open.connect()) {
            connection.send(json("POST /nowhere", (long) LARGE_MEGABYTES * MEGABYTE));
            for (int i = 0; i < LARGE_MEGABYTES; i++) {
                connection.send(FILL);
            }

            String answer = connection.readAll();

            assertThat(answer).containsIgnoringCase("connection: close").endsWith("}");
            assertThat(answer.split("not_found", -1)).hasSize(2);
        }
    }
}
