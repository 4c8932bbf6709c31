package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.topologies.preparing.Choice.Chosen;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChoiceTest {

    private static final RouteConfiguration[] ROUTES = {
        BuiltInConfiguration.route("chat"),
        Configured.route("command", route -> route.setPrefixes(List.of("run ", "!"))),
        Configured.route("tests", route -> route.setPrefixes(List.of("Run tests"))),
    };

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static Configuration by(ClassifierKind kind) {
        return Configured.by(kind, 0.5, ROUTES);
    }

    private static Optional<Guess> notAsked() {
        throw new AssertionError("nobody was to ask");
    }

    private static Supplier<Optional<Guess>> finding(String intent, double confidence) {
        return () -> Optional.of(new Guess(intent, confidence));
    }

    private static TurnRequest said(String question, String intent, double confidence) {
        return Turns.asking(
                question, turn -> turn.setClassification(new Classification(intent, confidence, "fast: " + intent)));
    }

    @Test
    void whatTheCallerNamedGoesFirst() {
        TurnRequest turn = Turns.asking("run it", builder -> builder.setIntent("tests"));

        assertThat(Choice.of(turn, by(ClassifierKind.EXAMPLES), ChoiceTest::notAsked))
                .isEqualTo(new Chosen("tests", 1.0, "explicit"));
    }

    @Test
    void anIntentThatNobodyKnowsKeepsItsName() {
        TurnRequest turn = Turns.asking("?", builder -> builder.setIntent("unheard-of"));

        assertThat(Choice.of(turn, by(ClassifierKind.EXAMPLES), ChoiceTest::notAsked))
                .isEqualTo(new Chosen("unheard-of", 1.0, "explicit"));
    }

    @Test
    void theLongestPrefixCountsWhateverItsCase() {
        Configuration configuration = by(ClassifierKind.MODEL);

        assertThat(Choice.of(Turns.asking("RUN ls"), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("command", 1.0, "prefix"));
        assertThat(Choice.of(Turns.asking("  run Tests, please"), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("tests", 1.0, "prefix"));
        assertThat(Choice.of(said("!ls", "chat", 1), configuration, ChoiceTest::notAsked))
                .as("also before what a model said")
                .isEqualTo(new Chosen("command", 1.0, "prefix"));
        assertThat(Choice.of(Turns.asking("running late"), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Choice.AskModel());
    }

    @Test
    void whatAModelSaidCountsOnce() {
        Configuration configuration = by(ClassifierKind.MODEL);

        assertThat(Choice.of(said("?", "command", 0.9), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("command", 0.9, "model"));
        assertThat(Choice.of(said("?", "command", 0.4), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 0.4, "below_threshold"));
        assertThat(Choice.of(said("?", "", 0), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 0.0, "classifier_failed"));
        assertThat(Choice.of(said("?", "unheard-of", 1), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 0.0, "classifier_failed"));
    }

    @Test
    void whatAModelSaidIsReadForTheIntentThatItNames() {
        Configuration configuration = by(ClassifierKind.MODEL);

        assertThat(Choice.of(said("?", "**Command**\nsince it wants one", 1), configuration, ChoiceTest::notAsked))
                .isEqualTo(new Chosen("command", 1.0, "model"));
        assertThat(Choice.of(
                        said("?", "{\"intent\": \"command\", \"confidence\": 0.7}", 1),
                        configuration,
                        ChoiceTest::notAsked))
                .isEqualTo(new Chosen("command", 0.7, "model"));
    }

    @Test
    void whoWouldNotHearOfItGetsTheDefaultRouteAndNoModelIsAsked() {
        TurnRequest former = Turns.asking("?", turn -> turn.setClassifyAttempt(0));

        assertThat(Choice.of(former, by(ClassifierKind.MODEL), ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 0.0, "classifier_failed"));
    }

    @Test
    void examplesCountFromTheThresholdOn() {
        Configuration configuration = by(ClassifierKind.EXAMPLES);
        TurnRequest turn = Turns.asking("?");

        assertThat(Choice.of(turn, configuration, finding("tests", 0.5)))
                .isEqualTo(new Chosen("tests", 0.5, "examples"));
        assertThat(Choice.of(turn, configuration, finding("tests", 0.49)))
                .isEqualTo(new Chosen("chat", 0.49, "below_threshold"));
        assertThat(Choice.of(turn, configuration, Optional::empty))
                .isEqualTo(new Chosen("chat", 0.0, "classifier_failed"));
    }

    @Test
    void whoBringsAPromptIsNotClassified() {
        TurnRequest turn = Turns.asking(
                "run this",
                builder -> builder.setPrompt(new CallerPrompt(
                        Role.USER,
                        null,
                        List.of(),
                        GenerationOptions.newBuilder().build())));

        assertThat(Choice.of(turn, by(ClassifierKind.EXAMPLES), ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 1.0, "default"));
    }

    @Test
    void withoutAClassifierThereIsTheDefault() {
        assertThat(Choice.of(Turns.asking("?"), BuiltInConfiguration.get(), ChoiceTest::notAsked))
                .isEqualTo(new Chosen("chat", 1.0, "default"));
    }
}
