package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.IngestSettings;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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

    // Web sockets

    private static String upgrade(DoorUnderTest door, String path, String... headers) {
        try (RawConnection connection = door.connect()) {
            String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            return connection
                    .send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                            + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more + "\r\n")
                    .readUntil("\r\n\r\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:3000, 101",
        "https://[::1]:5173, 101",
        "https://friend.example, 101",
        "https://evil.example, 403",
        "https://friend.example.evil.example, 403",
        "null, 403"
    })
    void withoutKeysPagesOfOtherSitesOpenNoSockets(String origin, int status) {
        try (DoorUnderTest door =
                new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_CORS_ORIGINS", "https://friend.example"))) {
            assertThat(upgrade(door, "/ws", "Origin: " + origin)).startsWith("HTTP/1.1 " + status + " ");
        }
    }

    @Test
    void withoutAnOriginItIsNoBrowser() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            assertThat(upgrade(door, "/ws")).startsWith("HTTP/1.1 101 ");
        }
    }

    @Test
    void withKeysASocketNeedsAKeyOrATicketAndNoParticularOrigin() {
        try (DoorUnderTest door = withKeys()) {
            String anywhere = "Origin: https://anywhere.example";
            assertThat(upgrade(door, "/ws", anywhere)).startsWith("HTTP/1.1 401 ");
            assertThat(upgrade(door, "/ws?ticket=none", anywhere)).startsWith("HTTP/1.1 401 ");
            assertThat(upgrade(door, "/ws", anywhere, "Authorization: Bearer key-of-acme"))
                    .startsWith("HTTP/1.1 101 ");
            String ticket = ticket(door, "key-of-acme");
            assertThat(upgrade(door, "/ws?ticket=" + ticket, anywhere)).startsWith("HTTP/1.1 101 ");
            assertThat(upgrade(door, "/ws?ticket=" + ticket, anywhere)).startsWith("HTTP/1.1 401 ");
        }
    }

    // Tickets

    private static String ticket(DoorUnderTest door, String key) {
        Reply reply = door.send("POST", "/api/tickets", null, "x-api-key", key);
        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
        assertThat(Instant.parse(reply.json().path("expiresAt").asText())).isNotNull();
        return reply.json().path("ticket").asText();
    }

    @Test
    void aTicketOpensOneStreamOfItsTenant() {
        try (DoorUnderTest door = withKeys()) {
            door.post("/api/conversations", Map.of("id", "c"), "x-api-key", "key-of-acme");
            for (String path : new String[] {"/api/conversations/c/events", "/api/events"}) {
                String ticket = ticket(door, "key-of-acme");
                try (RawConnection stream = door.connect()) {
                    stream.send("GET " + path + "?ticket=" + ticket + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
                    assertThat(stream.readUntil("retry: 1000")).startsWith("HTTP/1.1 200 ");
                }
                Reply again = door.get(path + "?ticket=" + ticket);
                assertThat(again.status() + " " + again.problem()).isEqualTo("401 unauthorized:ticket");
            }
            Reply foreign = door.get("/api/conversations/c/events?ticket=" + ticket(door, "key-of-other"));
            assertThat(foreign.status() + " " + foreign.problem()).isEqualTo("404 conversation_not_found");
        }
    }

    @Test
    void aTicketIsForStreamsAlone() {
        try (DoorUnderTest door = withKeys()) {
            String ticket = ticket(door, "key-of-acme");

            for (String path : new String[] {"/api/conversations", "/v1/models", "/v1/responses/x?stream=true&a=b"}) {
                assertThat(door.get(path + (path.contains("?") ? "&" : "?") + "ticket=" + ticket)
                                .status())
                        .as(path)
                        .isEqualTo(401);
            }
            assertThat(door.send("POST", "/api/tickets?ticket=" + ticket, null).status())
                    .isEqualTo(401);
        }
    }

    @Test
    void aTicketThatIsNoneIsRefusedEvenBesideAKey() {
        try (DoorUnderTest door = withKeys()) {
            assertThat(door.get("/api/events?ticket=x", "x-api-key", "key-of-acme")
                            .problem())
                    .isEqualTo("unauthorized:ticket");
        }
    }

    // Web pages of other sites

    private static Map<String, List<String>> accessControl(Reply reply) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        reply.response().headers().map().forEach((name, values) -> {
            if (name.toLowerCase(Locale.ROOT).startsWith("access-control-")) {
                headers.put(name, values);
            }
        });
        return headers;
    }

    private static Reply preflight(DoorUnderTest door, String path, String origin) {
        return door.send(
                "OPTIONS",
                path,
                null,
                "Origin",
                origin,
                "Access-Control-Request-Method",
                "POST",
                "Access-Control-Request-Headers",
                "authorization,content-type,idempotency-key");
    }

    @Test
    void unlessSaidOtherwiseNoOtherSiteIsLetIn() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            for (String origin : new String[] {"https://evil.example", "http://localhost:3000", "null"}) {
                assertThat(accessControl(door.get("/api/conversations", "Origin", origin)))
                        .isEmpty();
                assertThat(accessControl(preflight(door, "/v1/chat/completions", origin)))
                        .isEmpty();
            }
        }
    }

    @Test
    void aSiteThatIsNamedMayCallAndReadAndNoOther() {
        try (DoorUnderTest door = new DoorUnderTest(
                new FakeWorld(), Map.of("PARLEY_CORS_ORIGINS", "https://friend.example,http://friend.example:8081"))) {
            door.world.conversation("c");
            for (String origin : new String[] {"https://friend.example", "http://friend.example:8081"}) {
                Reply allowed = preflight(door, "/v1/chat/completions", origin);
                assertThat(allowed.status()).isEqualTo(204);
                assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo(origin);
                assertThat(allowed.header("Access-Control-Allow-Methods")).contains("POST");
                assertThat(allowed.header("Access-Control-Allow-Headers").toLowerCase(Locale.ROOT))
                        .contains("authorization", "content-type", "idempotency-key");
                assertThat(allowed.header("Access-Control-Max-Age")).isEqualTo("600");

                Reply read = door.get("/api/conversations", "Origin", origin);
                assertThat(read.status()).isEqualTo(200);
                assertThat(read.header("Access-Control-Allow-Origin")).isEqualTo(origin);
                assertThat(read.header("Access-Control-Expose-Headers").toLowerCase(Locale.ROOT))
                        .contains(
                                "x-request-id",
                                "location",
                                "retry-after",
                                "preference-applied",
                                "x-parley-attempts",
                                "x-parley-left-out",
                                "retry-after-ms");
                assertThat(read.header("Vary")).containsIgnoringCase("Origin");
                assertThat(door.send("POST", "/api/conversations/c/cancel", null, "Origin", origin)
                                .status())
                        .isEqualTo(202);
                Reply problem = door.get("/v1/models/none", "Origin", origin);
                assertThat(problem.status()).isEqualTo(404);
                assertThat(problem.header("Access-Control-Allow-Origin")).isEqualTo(origin);
            }
            for (String origin : new String[] {
                "https://evil.example",
                "http://friend.example",
                "https://friend.example:444",
                "https://friend.example.evil.example",
                "https://sub.friend.example",
                "null"
            }) {
                assertThat(preflight(door, "/v1/chat/completions", origin).header("Access-Control-Allow-Origin"))
                        .as(origin)
                        .isEmpty();
                Reply read = door.get("/health/live", "Origin", origin);
                assertThat(accessControl(read)).as(origin).isEmpty();
                assertThat(door.send("POST", "/api/conversations/c/cancel", null, "Origin", origin)
                                .status())
                        .as(origin)
                        .isEqualTo(403);
            }
        }
    }

    @Test
    void withKeysAnySiteMayBeLetIn() {
        try (DoorUnderTest door =
                new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", KEYS, "PARLEY_CORS_ORIGINS", "*"))) {
            assertThat(preflight(door, "/api/chat", "https://any.example").header("Access-Control-Allow-Origin"))
                    .isIn("*", "https://any.example");
            Reply refused = door.get("/api/conversations", "Origin", "https://any.example");
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.header("Access-Control-Allow-Origin")).isIn("*", "https://any.example");
            assertThat(refused.header("Access-Control-Allow-Credentials")).isEmpty();
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
    void originsAreReadAsTheyAreGiven() {
        assertThat(settings(Map.of()).corsOrigins()).isEmpty();
        assertThat(settings(Map.of("PARLEY_CORS_ORIGINS", "https://a.example, http://b.example:81"))
                        .corsOrigins())
                .containsExactly("https://a.example", "http://b.example:81");
        assertThat(settings(Map.of("PARLEY_CORS_ORIGINS", "*", "PARLEY_API_KEYS", "a-long-key"))
                        .corsOrigins())
                .containsExactly("*");
    }

    @ParameterizedTest
    @CsvSource({
        "'*', would let any web page in",
        "a.example, is not like https://app.example.com",
        "https://a.example/, is not like",
        "https://a.example/path, is not like",
        "ftp://a.example, is not like",
        "https://*.example, is not like",
        "https://a.example:port, is not like",
        "null, is not like",
        "'https://a.example,b', holds 'b'"
    })
    void originsThatDoNotDoAreRefused(String origins, String why) {
        assertThatThrownBy(() -> settings(Map.of("PARLEY_CORS_ORIGINS", origins)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_CORS_ORIGINS")
                .hasMessageContaining(why);
    }

    @Test
    void keysDoNotShowInSettings() {
        assertThat(settings(Map.of("PARLEY_API_KEYS", KEYS)).toString()).doesNotContain("key-of");
    }
}
