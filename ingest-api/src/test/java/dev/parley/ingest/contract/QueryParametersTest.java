package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the parameters of URLs that the server takes against those that the OpenAPI document names. */
class QueryParametersTest {

    private static final String UNHEARD_OF = "unheard_of";
    private static final String KEY = "key-of-the-tests";

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest server;

    @BeforeAll
    static void start() {
        server = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", KEY));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** An operation of a protocol, and the parameters that it is documented to have. */
    record Operation(String id, String method, String path, Set<String> parameters) {
        @Override
        public String toString() {
            return id;
        }
    }

    static Stream<Operation> operations() {
        return openApi.routes().entrySet().stream()
                .filter(entry ->
                        entry.getValue().contains(" /api/") || entry.getValue().contains(" /v1/"))
                .map(entry -> {
                    String[] route = entry.getValue().split(" ", 2);
                    JsonNode operation =
                            openApi.at("/paths").path(route[1]).path(route[0].toLowerCase(java.util.Locale.ROOT));
                    Set<String> parameters = new TreeSet<>();
                    operation.path("parameters").forEach(parameter -> {
                        JsonNode whole = parameter.has("$ref")
                                ? openApi.at(parameter.path("$ref").asText().substring(1))
                                : parameter;
                        if (whole.path("in").asText().equals("query")) {
                            parameters.add(whole.path("name").asText());
                        }
                    });
                    return new Operation(entry.getKey(), route[0], route[1].replaceAll("\\{\\w+}", "x"), parameters);
                });
    }

    /** What is refused as no parameter of the call; empty where that is nothing. A stream would have no end: it lacks the key. */
    private static String refused(Operation operation, String parameter) {
        String key = operation.path().endsWith("/events") ? "another-key" : KEY;
        Reply reply = server.json(
                operation.method(), operation.path() + "?" + parameter + "=1", "{}", "Authorization", "Bearer " + key);
        if (!reply.text().contains("is not a parameter of this call")) {
            return "";
        }
        JsonNode json = reply.json();
        return json.path("field").asText() + json.at("/error/param").asText();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void aParameterIsTakenWhereTheDocumentHasIt(Operation operation) {
        assertThat(refused(operation, UNHEARD_OF)).isEqualTo(UNHEARD_OF);
        for (String parameter : operation.parameters()) {
            assertThat(refused(operation, parameter)).as(parameter).isEmpty();
        }
    }
}
