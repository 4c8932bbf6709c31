package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.search.FakeSearches;
import dev.parley.schemas.keys.WorkspaceKey;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SearchCallsTest {

    private static final String SEARCH = "/api/workspaces/w/search";

    private final DoorUnderTest door = DoorUnderTest.start();

    @AfterEach
    void stop() {
        door.close();
    }

    @Test
    void whatIsFoundIsSaidInItsOrder() {
        door.searches.finds(List.of(
                new Passage(new Source("b.md#0", "B › Bees", "https://example.com/b", 1.0), "Bees are yellow."),
                new Passage(new Source("c.md#3", "C", null, 0.5), "Bees sting.")));

        Reply reply = door.post(SEARCH, Map.of("query", "What colour are bees?", "k", 7));

        assertThat(reply.status()).isEqualTo(200);
        JsonNode results = reply.json().path("results");
        assertThat(results.path(0).toString())
                .isEqualTo("{\"sourceId\":\"b.md#0\",\"title\":\"B › Bees\",\"uri\":\"https://example.com/b\","
                        + "\"score\":1.0,\"text\":\"Bees are yellow.\"}");
        assertThat(results.path(1).toString())
                .isEqualTo("{\"sourceId\":\"c.md#3\",\"title\":\"C\",\"score\":0.5,\"text\":\"Bees sting.\"}");
        assertThat(door.searches.asked())
                .containsExactly(new FakeSearches.Asked(new WorkspaceKey("default", "w"), "What colour are bees?", 7));
    }

    @Test
    void fiveAreUsual() {
        assertThat(door.post(SEARCH, Map.of("query", "x".repeat(SearchCalls.MAX_QUERY_CHARS)))
                        .status())
                .isEqualTo(200);

        assertThat(door.searches.asked()).extracting(FakeSearches.Asked::limit).containsExactly(5);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of(Map.of(), "invalid_request:query"),
                Arguments.of(Map.of("query", ""), "invalid_request:query"),
                Arguments.of(Map.of("query", 5), "invalid_request:query"),
                Arguments.of(Map.of("query", "x".repeat(SearchCalls.MAX_QUERY_CHARS + 1)), "invalid_request:query"),
                Arguments.of(Map.of("query", "x", "k", 0), "invalid_request:k"),
                Arguments.of(Map.of("query", "x", "k", 51), "invalid_request:k"),
                Arguments.of(Map.of("query", "x", "k", "5"), "invalid_request:k"),
                Arguments.of(Map.of("query", "x", "limit", 5), "invalid_request:limit"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void whatIsNoSearchIsRefusedByTheNameOfItsField(Map<String, Object> body, String problem) {
        Reply reply = door.post(SEARCH, body);

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.problem()).isEqualTo(problem);
        assertThat(door.searches.asked()).isEmpty();
    }

    @Test
    void anIndexThatDoesNotAnswerIsToBeAskedAgain() {
        door.searches.away();

        Reply reply = door.post(SEARCH, Map.of("query", "bees"));

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.problem()).isEqualTo("unavailable");
        assertThat(reply.header("Retry-After")).isEqualTo("1");
    }
}
