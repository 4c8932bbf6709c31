package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What clients send and this server has no use for: taken and named, or refused. */
class UnusedFieldsTest {

    private static final String COMPLETIONS = "/v1/chat/completions";

    private static Map<String, Object> asking(Object... messages) {
        return Map.of("model", "default", "messages", List.of(messages));
    }

    @Test
    void whatWasNotUsedIsNamedOnceWhereverItStands() {
        Map<String, Object> named = Map.of("role", "user", "content", "Hi", "name", "ann");
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.post(
                    COMPLETIONS,
                    asking(named, Map.of("role", "assistant", "content", "Well.", "reasoning", "Hm."), named));

            assertThat(reply.status()).as(reply.text()).isEqualTo(200);
            assertThat(reply.header(Unused.HEADER)).isEqualTo("messages[].name, messages[].reasoning");
            assertThat(door.post(COMPLETIONS, asking(Map.of("role", "user", "content", "Hi")))
                            .response()
                            .headers()
                            .firstValue(Unused.HEADER))
                    .isEmpty();
        }
    }

    @Test
    void aStreamNamesItAsWell() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.post(
                    "/v1/responses",
                    Map.of("stream", true, "input", List.of(Map.of("role", "user", "content", "Hi", "name", "ann"))));

            assertThat(reply.header("Content-Type")).startsWith("text/event-stream");
            assertThat(reply.header(Unused.HEADER)).isEqualTo("input[].name");
        }
    }

    @Test
    void namesThatNoHeaderHoldsAreNotRepeated() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Map<String, Object> odd = Map.of("role", "user", "content", "Hi", "\r\nSet-Cookie: x", 1);
            assertThat(door.post(COMPLETIONS, asking(odd)).header(Unused.HEADER))
                    .isEqualTo("...");

            Object[] many = IntStream.range(0, 100)
                    .mapToObj(i -> Map.of("role", "user", "content", "Hi", "member" + i, 1))
                    .toArray();
            assertThat(door.post(COMPLETIONS, asking(many))
                            .header(Unused.HEADER)
                            .split(", "))
                    .hasSize(33)
                    .contains("...");
        }
    }

    @Test
    void aStrictServerRefusesItInEveryProtocol() {
        try (DoorUnderTest door = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_STRICT_REQUESTS", "true"))) {
            Reply completion = door.post(COMPLETIONS, asking(Map.of("role", "user", "content", "Hi", "name", "ann")));
            assertThat(completion.status()).isEqualTo(400);
            assertThat(completion.json().at("/error/param").asText()).isEqualTo("messages[0].name");

            Reply chat = door.post(
                    "/api/chat",
                    Map.of(
                            "id",
                            "c",
                            "config",
                            Map.of("apiKey", "k"),
                            "messages",
                            List.of(Map.of("role", "user", "parts", List.of(Map.of("type", "text", "text", "Hi"))))));
            assertThat(chat.problem()).isEqualTo("invalid_request:config");
            assertThat(door.world.commands()).isEmpty();
        }
    }
}
