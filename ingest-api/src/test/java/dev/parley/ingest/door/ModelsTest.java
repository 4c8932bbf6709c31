package dev.parley.ingest.door;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.door.Models.Choice;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ModelsTest {

    private static final Map<String, ?> HI = Map.of("role", "user", "content", "Hi");

    @Test
    void withoutAModelServerThereAreTheRouteAndTheQuotingEngine() {
        Models models = Models.of(Optional.empty());

        assertThat(models.byName())
                .isEqualTo(Map.of("default", Choice.OPEN, "extractive", Choice.ofEngine("extractive")));
    }

    @Test
    void aModelServersModelGoesUnderItsOwnName() {
        Models models = Models.of(Optional.of("org/a-model"));

        assertThat(models.choice("org/a-model")).isEqualTo(Choice.ofEngine("openai"));
        assertThat(models.choice("default")).isEqualTo(Choice.OPEN);
        assertThat(models.choice("extractive")).isEqualTo(Choice.ofEngine("extractive"));
    }

    @Test
    void whatThereIsNotIsRefusedWithWhatThereIs() {
        Models models = Models.of(Optional.of("a-model"));

        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> models.choice("A-Model"));

        assertThat(problem.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(problem.field()).contains("model");
        assertThat(problem.detail()).contains("'A-Model'").endsWith("a-model, default, extractive");
    }

    @Test
    void enginesAndRoutesOfTheConfigurationGoByTheirNames() {
        Models models = Models.of(Optional.of("both"))
                .with(configuration(List.of("chat", "sql", "both", "twin"), List.of("local", "default", "twin")));

        assertThat(models.byName())
                .isEqualTo(Map.of(
                        "default", Choice.OPEN,
                        "extractive", Choice.ofEngine("extractive"),
                        "both", Choice.ofEngine("openai"),
                        "local", Choice.ofEngine("local"),
                        "twin", Choice.ofEngine("twin"),
                        "chat", Choice.ofIntent("chat"),
                        "sql", Choice.ofIntent("sql")));
    }

    @Test
    void aConfigurationInForceIsThereForTheNextRequest() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest door = DoorUnderTest.over(world)) {
            assertThat(listed(door)).containsExactly("chat", "default", "extractive");
            assertThat(complete(door, "sql").problemCode()).isEqualTo("model_not_found");

            world.configure(configuration(List.of("chat", "sql"), List.of("org/local")));

            assertThat(listed(door)).containsExactly("chat", "default", "extractive", "org/local", "sql");
            assertThat(door.get("/v1/models/org/local").status()).isEqualTo(200);
            assertThat(complete(door, "sql").reply().status()).isEqualTo(200);
            assertThat(lastSubmitted(world).getIntent()).isEqualTo("sql");
            assertThat(lastSubmitted(world).getEngine()).isNull();
            assertThat(complete(door, "org/local").reply().status()).isEqualTo(200);
            assertThat(lastSubmitted(world).getIntent()).isNull();
            assertThat(lastSubmitted(world).getEngine()).isEqualTo("org/local");
            assertThat(door.post("/v1/responses", Map.of("model", "sql", "input", "Hi"))
                            .status())
                    .isEqualTo(200);
            assertThat(lastSubmitted(world).getIntent()).isEqualTo("sql");
        }
    }

    private record Completed(Reply reply) {
        String problemCode() {
            return reply.json().path("error").path("code").asText();
        }
    }

    private static Completed complete(DoorUnderTest door, String model) {
        return new Completed(door.post("/v1/chat/completions", Map.of("model", model, "messages", List.of(HI))));
    }

    private static List<String> listed(DoorUnderTest door) {
        List<String> names = new ArrayList<>();
        door.get("/v1/models")
                .json()
                .path("data")
                .forEach(model -> names.add(model.path("id").asText()));
        return names;
    }

    private static SubmitMessage lastSubmitted(FakeWorld world) {
        return world.commands().stream()
                .map(FakeWorld.Appended::body)
                .flatMap(body -> body instanceof SubmitMessage submit ? Stream.of(submit) : Stream.empty())
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    private static Configuration configuration(List<String> intents, List<String> engines) {
        List<RouteConfiguration> routes =
                intents.stream().map(BuiltInConfiguration::route).toList();
        return Versions.stamped(Configuration.newBuilder(BuiltInConfiguration.get())
                .setRoutes(routes)
                .setEngines(engines.stream()
                        .map(name -> EngineConfiguration.newBuilder()
                                .setName(name)
                                .setKind(EngineKind.EXTRACTIVE)
                                .build())
                        .toList())
                .build());
    }
}
