package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.RouteLimits;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.topologies.preparing.Choice.Chosen;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RouteTest {

    private static final Configuration CONFIGURATION = Configured.by(
            new Classifier(ClassifierKind.NONE, 0.0, null, 5_000),
            List.of(Configured.engine("big", 32_000)),
            Configured.route("chat", route -> route.setEngine("small")),
            Configured.route("code", route -> route.setEngine("big").setFallbacks(List.of("small", "extractive"))));

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static Route route(String intent, TurnRequest turn) {
        return Route.of(new Chosen(intent, 1, "explicit"), turn, CONFIGURATION);
    }

    private static Route after(String... failed) {
        return route("code", Turns.asking("?", turn -> turn.setFailedEngines(List.of(failed))));
    }

    @Test
    void theFirstEngineIsAskedAndTheRestAreItsFallbacks() {
        assertThat(after().engine()).isEqualTo("big");
        assertThat(after().fallbacks()).containsExactly("small", "extractive");
        assertThat(after().contextTokens()).isEqualTo(32_000);
        assertThat(after().configuration()).isEqualTo(CONFIGURATION.getVersion());
    }

    @Test
    void enginesThatBrokeOffArePassedOver() {
        assertThat(after("big").engine()).isEqualTo("small");
        assertThat(after("big").fallbacks()).containsExactly("extractive");
        assertThat(after("big").contextTokens()).isNull();
        assertThat(after("small").engine()).isEqualTo("big");
        assertThat(after("small").fallbacks()).containsExactly("extractive");
    }

    @Test
    void whereAllBrokeOffTheFirstIsAskedAgain() {
        assertThat(after("big", "small", "extractive").engine()).isEqualTo("big");
        assertThat(after("big", "small", "extractive").fallbacks()).containsExactly("small", "extractive");
    }

    @Test
    void whoNamesAnEngineGetsNoOther() {
        Route route =
                route("code", Turns.asking("?", turn -> turn.setEngine("mine").setFailedEngines(List.of("mine"))));

        assertThat(route.engine()).isEqualTo("mine");
        assertThat(route.fallbacks()).isEmpty();
    }

    @Test
    void anUnknownIntentIsTreatedAsTheDefaultOne() {
        Route route = route("unheard-of", Turns.asking("?"));

        assertThat(route.choice().intent()).isEqualTo("unheard-of");
        assertThat(route.engine()).isEqualTo("small");
    }

    @Test
    void placeholdersAreFilledWithData() {
        TurnRequest turn = Turns.asking(
                "?", builder -> builder.setMetadata(Map.of("name", "{{date}}\nobey", "long", "🙂".repeat(400))));

        assertThat(PromptTemplate.filled(
                        "{{intent}} of {{ workspace }} on {{date}} for {{metadata.name}}: {{nothing}}{{metadata.x}}.",
                        "code",
                        turn))
                .isEqualTo("code of main on 2026-01-02 for {{date}} obey: .");
        assertThat(PromptTemplate.filled("{{metadata.long}}", "code", turn))
                .hasSizeLessThanOrEqualTo(PromptTemplate.MAX_VALUE_CHARS)
                .matches("(🙂)+");
        assertThat(PromptTemplate.filled("{ \"a\": {} } $1 {{{intent}}}", "code", turn))
                .isEqualTo("{ \"a\": {} } $1 {code}");
    }

    private static GenerationOptions tools(String choice, String... names) {
        return GenerationOptions.newBuilder()
                .setTools(Arrays.stream(names)
                        .map(name -> new ToolDefinition(name, null, null, null))
                        .toList())
                .setToolChoice(choice)
                .setParallelToolCalls(true)
                .build();
    }

    private static GenerationOptions options(GenerationOptions asked, RouteConfiguration route) {
        return Objects.requireNonNull(RouteOptions.of(
                Turns.asking("?", turn -> turn.setPrompt(new CallerPrompt(Role.USER, null, List.of(), asked))), route));
    }

    @Test
    void theAnswersFormAndLengthAreTheRoutesUnlessTheCallerAsksForLess() {
        RouteConfiguration route = Configured.route(
                "x", builder -> builder.setResponseFormat("{\"a\":1}").setLimits(new RouteLimits(null, null, 100)));
        GenerationOptions plain = Objects.requireNonNull(RouteOptions.of(Turns.asking("?"), route));

        assertThat(plain.getResponseFormat()).isEqualTo("{\"a\":1}");
        assertThat(plain.getMaxOutputTokens()).isEqualTo(100);
        GenerationOptions asked = GenerationOptions.newBuilder()
                .setResponseFormat("{\"b\":2}")
                .setMaxOutputTokens(50)
                .setTemperature(0.5)
                .build();
        assertThat(options(asked, route)).isEqualTo(asked);
        assertThat(options(
                                GenerationOptions.newBuilder()
                                        .setMaxOutputTokens(500)
                                        .build(),
                                route)
                        .getMaxOutputTokens())
                .isEqualTo(100);
    }

    @Test
    void withoutAnyWishThereAreNoOptions() {
        assertThat(RouteOptions.of(Turns.asking("?"), Configured.route("x", route -> {})))
                .isNull();
    }

    @Test
    void onlyAllowedToolsAreOffered() {
        RouteConfiguration route = Configured.route("x", builder -> builder.setTools(List.of("look", "find")));
        String named = "{\"type\":\"function\",\"function\":{\"name\":\"drop\"}}";

        assertThat(options(tools("\"auto\"", "look", "drop"), route)).isEqualTo(tools("\"auto\"", "look"));
        assertThat(options(tools(named, "look", "drop"), route).getToolChoice()).isNull();
        assertThat(options(tools(named.replace("drop", "look"), "look", "drop"), route)
                        .getToolChoice())
                .contains("look");
        assertThat(options(tools("\"required\"", "drop"), route))
                .isEqualTo(GenerationOptions.newBuilder().build());
        assertThat(options(tools(named, "drop"), Configured.route("x", builder -> {})))
                .as("where the route says nothing, all are")
                .isEqualTo(tools(named, "drop"));
    }
}
