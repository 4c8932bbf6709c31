package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** From a document to the answer that quotes it, without a model; the topologies run in two processes of their own. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KnowledgeIT {

    private static final String DRAWER = "/api/workspaces/house/documents/drawer.md";
    private static final String INDEXED = "parley_retrieval_indexed_passages";

    @TempDir
    private static Path folder;

    private static ParleyUnderTest parley;
    private static RoleProcess one;
    private static RoleProcess two;

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.startWithoutModelAnd(EnumSet.of(RoleName.TOPOLOGIES));
        one = topologies("one");
        two = topologies("two");
        patiently().until(() -> one.isReady() && two.isReady());
    }

    @AfterAll
    static void stop() throws InterruptedException {
        one.close();
        two.close();
        parley.close();
    }

    private static RoleProcess topologies(String name) {
        return RoleProcess.start(
                parley,
                "topologies",
                folder.resolve(name + ".log"),
                Map.of("PARLEY_STATE_DIR", folder.resolve(name).toString()));
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(500));
    }

    private static String conversation(String workspace) {
        ApiClient.Answer created = parley.api().post("/api/conversations", Map.of("workspaceId", workspace));
        assertThat(created.status()).isEqualTo(201);
        return created.body().path("id").asText();
    }

    /** Asks in a conversation of its own; the answer as its event tells it. */
    private static JsonNode answer(String workspace, String question) {
        return answerIn(conversation(workspace), question);
    }

    private static JsonNode answerIn(String conversation, String question) {
        ApiClient api = parley.api();
        JsonNode accepted = api.ask(conversation, Map.of("content", question));
        return api.events(
                        accepted.path("events").asText(),
                        null,
                        event -> event.type().equals("message.completed"))
                .getLast()
                .data();
    }

    private static void put(String text) {
        assertThat(parley.api()
                        .put(DRAWER, "text/markdown", text.getBytes(StandardCharsets.UTF_8))
                        .status())
                .isIn(200, 201);
    }

    private static List<String> sources(JsonNode answer) {
        return answer.path("sources").findValuesAsText("sourceId");
    }

    @Test
    @Order(1)
    void theNewcomersQuestionIsAnsweredFromParleysOwnDocumentation() throws IOException {
        assertThat(OwnDocuments.put(
                        new DocumentClient(URI.create(parley.url()), OwnDocuments.WORKSPACE, Optional.empty()),
                        OwnDocuments.read()))
                .isPositive();

        patiently().untilAsserted(() -> {
            JsonNode answer = answer(OwnDocuments.WORKSPACE, "how do I connect vLLM?");
            assertThat(answer.path("content").asText())
                    .contains("--llm-base-url")
                    .contains("vLLM")
                    .contains("[1]");
            assertThat(sources(answer)).isNotEmpty().allMatch(id -> id.matches("(README|docs/.+)[.]md#\\d+"));
        });
    }

    @Test
    @Order(2)
    void whatIsReplacedOrDeletedIsNotQuotedAnyMore() {
        put("# Drawer\n\nThe spare key lies in the blue drawer.");
        patiently()
                .untilAsserted(() -> assertThat(answer("house", "Where is the spare key?")
                                .path("content")
                                .asText())
                        .contains("the blue drawer"));

        put("# Drawer\n\nThe spare key hangs behind the door.");
        patiently()
                .untilAsserted(() -> assertThat(answer("house", "Where is the spare key?")
                                .path("content")
                                .asText())
                        .contains("behind the door")
                        .doesNotContain("blue drawer"));

        assertThat(parley.api().delete(DRAWER).status()).isEqualTo(204);
        patiently().untilAsserted(() -> {
            JsonNode answer = answer("house", "Where is the spare key?");
            assertThat(sources(answer)).isEmpty();
            assertThat(answer.path("content").asText()).contains("no document here says anything about it");
        });
    }

    @Test
    @Order(3)
    void whereTheOwnerOfAWorkspaceIsKilledAnotherAnswersFromTheRestoredIndex() throws InterruptedException {
        put("The spare key lies under the mat.");
        patiently()
                .untilAsserted(() -> assertThat(answer("house", "Where is the spare key?")
                                .path("content")
                                .asText())
                        .contains("under the mat"));
        double all = indexed(one) + indexed(two);
        RoleProcess owner = indexed(one) > indexed(two) ? one : two;
        RoleProcess heir = owner == one ? two : one;

        // Begun before, since nobody decides what becomes of them until the owner is missed.
        String newcomer = conversation(OwnDocuments.WORKSPACE);
        String house = conversation("house");

        owner.kill();

        JsonNode answer = answerIn(newcomer, "how do I connect vLLM?");
        assertThat(answer.path("content").asText()).contains("--llm-base-url");
        assertThat(sources(answer)).isNotEmpty();
        assertThat(answerIn(house, "Where is the spare key?").path("content").asText())
                .contains("under the mat");
        patiently().until(() -> indexed(heir) >= all);
    }

    private static double indexed(RoleProcess process) {
        OptionalDouble passages = process.metric(INDEXED);
        return passages.orElse(0);
    }
}
