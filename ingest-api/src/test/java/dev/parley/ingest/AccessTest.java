package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.config.InvalidSettingsException;
import dev.parley.schemas.config.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may call, from where, and as which tenant. */
class AccessTest {

    private static final String KEYS = "key-of-default,acme=key-of-acme,other=key-of-other";

    private static DoorUnderTest withKeys() {
        return new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", KEYS));
    }

    private static IngestSettings settings(Map<String, String> values) {
        Settings settings = Settings.of(values);
        IngestSettings ingest = IngestSettings.from(settings);
        settings.check();
        return ingest;
    }

    @Test
    void withKeysEveryCallNeedsOne() {
        try (DoorUnderTest door = withKeys()) {
            for (Reply refused : new Reply[] {
                door.get("/api/conversations"),
                door.get("/api/conversations", "Authorization", "Bearer key-of-nobody"),
                door.get("/api/conversations", "Authorization", "Basic key-of-acme"),
                door.get("/api/conversations", "Authorization", "Bearer "),
                door.get("/api/events"),
                door.get("/api/conversations/c/events"),
                door.post("/api/conversations", "{ nonsense"),
            }) {
                assertThat(refused.status() + " " + refused.problem()).isEqualTo("401 unauthorized");
                assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer");
            }
            assertThat(door.get("/api/conversations", "Authorization", "bearer key-of-acme")
                            .status())
                    .isEqualTo(200);
            assertThat(door.get("/api/conversations", "x-api-key", "key-of-default")
                            .status())
                    .isEqualTo(200);
            assertThat(door.get("/health/live").status()).isEqualTo(200);
            assertThat(door.get("/").status()).isEqualTo(200);
        }
    }

    @Test
    void anotherTenantsConversationIsNotFound() {
        try (DoorUnderTest door = withKeys()) {
            door.post("/api/conversations", Map.of("id", "c"), "x-api-key", "key-of-acme");

            assertThat(door.world.conversations()).containsExactly(new ConversationKey("acme", "c"));
            assertThat(door.get("/api/conversations/c", "x-api-key", "key-of-acme")
                            .status())
                    .isEqualTo(200);
            for (String path : new String[] {"", "/messages", "/export", "/events"}) {
                Reply foreign = door.get("/api/conversations/c" + path, "x-api-key", "key-of-other");
                assertThat(foreign.status() + " " + foreign.problem()).isEqualTo("404 conversation_not_found");
            }
            assertThat(door.get("/api/conversations", "x-api-key", "key-of-other")
                            .json()
                            .path("conversations"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 200",
        "LOCALHOST:8080, 200",
        "127.0.0.1, 200",
        "127.1.2.3:99, 200",
        "[::1]:8080, 200",
        "evil.example, 403",
        "localhost.evil.example, 403",
        "127.0.0.1.evil.example, 403",
        "10.0.0.1, 403",
        "[::2], 403"
    })
    void withoutKeysOnlyNamesOfLoopbackAreAnswered(String host, int status) {
        try (DoorUnderTest door = DoorUnderTest.start();
                RawConnection connection = door.connect()) {
            String answer = connection
                    .send("GET /api/conversations HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                    .readAll();

            assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        }
    }

    @Test
    void withKeysEveryNameIsAnswered() {
        try (DoorUnderTest door = withKeys();
                RawConnection connection = door.connect()) {
            String answer = connection
                    .send("GET /health/live HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n")
                    .readAll();

            assertThat(answer).startsWith("HTTP/1.1 200 ");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:3000, 202",
        "http://127.0.0.1:8080, 202",
        "https://[::1], 202",
        "https://evil.example, 403",
        "http://localhost.evil.example, 403",
        "null, 403"
    })
    void withoutKeysPagesOfOtherSitesChangeNothing(String origin, int status) {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.world.conversation("c");

            assertThat(door.send("POST", "/api/conversations/c/cancel", null, "Origin", origin)
                            .status())
                    .isEqualTo(status);
            assertThat(door.get("/health/live", "Origin", origin).status()).isEqualTo(200);
        }
    }

    @Test
    void noOtherSiteIsToldThatItMayRead() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.get("/api/conversations", "Origin", "https://evil.example");

            assertThat(reply.header("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    // Settings

    @Test
    void withoutKeysNoAddressButLoopbackIsTaken() {
        assertThat(settings(Map.of()).host()).isEqualTo("127.0.0.1");
        assertThat(settings(Map.of("PARLEY_HTTP_HOST", "::1")).host()).isEqualTo("::1");
        assertThatThrownBy(() -> settings(Map.of("PARLEY_HTTP_HOST", "0.0.0.0")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_HTTP_HOST")
                .hasMessageContaining("set PARLEY_API_KEYS");
        assertThat(settings(Map.of("PARLEY_HTTP_HOST", "0.0.0.0", "PARLEY_API_KEYS", "a-long-key"))
                        .host())
                .isEqualTo("0.0.0.0");
    }

    @ParameterizedTest
    @CsvSource({
        "'short', less than 8",
        "'acme=short', less than 8",
        "'a b=long-enough', names a tenant",
        "'one=the-same-key,two=the-same-key', one key to two tenants"
    })
    void keysThatDoNotDoAreRefusedWithoutBeingShown(String keys, String why) {
        assertThatThrownBy(() -> settings(Map.of("PARLEY_API_KEYS", keys)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_API_KEYS")
                .hasMessageContaining(why)
                .hasMessageNotContaining("the-same-key")
                .hasMessageNotContaining("short");
    }

    @Test
    void keysDoNotShowInSettings() {
        assertThat(settings(Map.of("PARLEY_API_KEYS", KEYS)).toString()).doesNotContain("key-of");
    }
}
