package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Classification;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedIntentTest {

    private static final List<String> INTENTS = List.of("chat", "run-report", "Search");

    private static Optional<Guess> read(String answer) {
        return NamedIntent.of(new Classification(answer, 1.0, "engine 'cheap' says so"), INTENTS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run-report",
                "  Run-Report.\n",
                "\"run-report\"",
                "**run-report**",
                "intent: run-report",
                "Intent = `run-report`",
                "\n\nrun-report\nbecause it says so",
                "{\"intent\": \"run-report\"}",
                "```json\n{\"intent\": \"RUN-REPORT\", \"confidence\": 1}\n```"
            })
    void aNamedIntentIsFoundWhateverIsAroundIt(String answer) {
        assertThat(read(answer)).contains(new Guess("run-report", 1.0));
    }

    @Test
    void aStatedConfidenceCountsWithinItsBounds() {
        assertThat(read("{\"intent\": \"search\", \"confidence\": 0.4}")).contains(new Guess("Search", 0.4));
        assertThat(read("{\"intent\": \"search\", \"confidence\": 40}")).contains(new Guess("Search", 1.0));
        assertThat(read("{\"intent\": \"search\"}")).contains(new Guess("Search", 1.0));
    }

    @Test
    void aNameAloneIsAsSureAsWhoPassesItOn() {
        assertThat(NamedIntent.of(new Classification("search", 0.3, ""), INTENTS))
                .contains(new Guess("Search", 0.3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "weather", "run", "I think run-report", "{\"intent\": 3}", "{\"intent\": \"x\"}"})
    void whatNamesNoneOfThemIsNone(String answer) {
        assertThat(read(answer)).isEmpty();
    }
}
