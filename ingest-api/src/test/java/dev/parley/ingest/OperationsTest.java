package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.http.RawConnection;
import dev.parley.schemas.Role;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What those ask who look after a process. */
class OperationsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest door;

    @BeforeAll
    static void start() {
        door = DoorUnderTest.start();
    }

    @AfterAll
    static void stop() {
        door.close();
    }

    @Test
    void readinessIsThatOfEveryRole() {
        assertThat(door.get("/health/ready").json().path("ready").asBoolean()).isTrue();
        try (DoorUnderTest waiting = new DoorUnderTest(new FakeWorld(), Map.of(), new WaitingRole())) {
            Reply reply = waiting.get("/health/ready");
            assertThat(reply.status()).isEqualTo(503);
            assertThat(reply.json().path("roles").path(0).path("role").asText()).isEqualTo("waiting-role");
            assertThat(reply.json().path("roles").path(0).path("detail").asText())
                    .isEqualTo("for something");
            assertThat(waiting.get("/health/live").status()).isEqualTo(200);
        }
    }

    @Test
    void aProcessLivesUntilARoleCanNeverWorkAgain() {
        try (DoorUnderTest dead = new DoorUnderTest(new FakeWorld(), Map.of(), new DeadRole())) {
            Reply reply = dead.get("/health/live");
            assertThat(reply.status()).isEqualTo(503);
            assertThat(reply.json().path("live").asBoolean(true)).isFalse();
            assertThat(reply.json().path("dead").path(0).asText()).isEqualTo("dead-role");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /health/live HTTP/1.1\r\nHost: 10.1.2.3:8080\r\n",
                "GET /health/ready HTTP/1.1\r\nHost: [fd00::7]:8080\r\n",
                "GET /health/ready HTTP/1.1\r\nHost: parley.default.svc\r\n",
                "GET /health/live HTTP/1.0\r\n"
            })
    void probesNeedNoNameThatIsKnown(String request) {
        try (RawConnection connection = door.connect()) {
            assertThat(connection.send(request + "Connection: close\r\n\r\n").readAll())
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void metricsAreForThoseWhoKnowTheName() {
        try (RawConnection connection = door.connect()) {
            assertThat(connection
                            .send("GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                            .readAll())
                    .startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void probesNeedNoKey() {
        try (DoorUnderTest keyed = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "ann=key-of-ann"))) {
            assertThat(keyed.get("/health/ready").status()).isEqualTo(200);
            assertThat(keyed.get("/health/live").status()).isEqualTo(200);
        }
    }

    private static final class DeadRole implements Role {
        @Override
        public String name() {
            return "dead-role";
        }

        @Override
        public Health health() {
            return new Health(false, "an error ended it");
        }

        @Override
        public boolean hasDied() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static final class WaitingRole implements Role {
        @Override
        public String name() {
            return "waiting-role";
        }

        @Override
        public Health health() {
            return new Health(false, "for something");
        }

        @Override
        public void close() {}
    }

    @Test
    void requestsAreMeasuredByRouteAndNotByWhatWasAsked() {
        door.get("/api/conversations/secret-name?limit=secret-value");

        await().atMost(PATIENCE).untilAsserted(() -> {
            Reply metrics = door.get("/metrics");
            assertThat(metrics.header("Content-Type")).startsWith("text/plain");
            assertThat(metrics.text())
                    .contains("route=\"/api/conversations/{id}\"")
                    .contains("parley_sse_connections")
                    .contains("parley_ingest_waiting")
                    .doesNotContain("secret");
        });
    }
}
