package dev.parley.llm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntentTest {

    private static final List<String> INTENTS = List.of("chat", "run-report", "Search");

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
        assertThat(Intent.of(answer, INTENTS, "cheap")).satisfies(found -> {
            assertThat(found.getIntent()).isEqualTo("run-report");
            assertThat(found.getConfidence()).isEqualTo(1.0);
            assertThat(found.getReason()).contains("cheap");
        });
    }

    @Test
    void aStatedConfidenceCountsWithinItsBounds() {
        assertThat(Intent.of("{\"intent\": \"search\", \"confidence\": 0.4}", INTENTS, "e")
                        .getConfidence())
                .isEqualTo(0.4);
        assertThat(Intent.of("{\"intent\": \"search\", \"confidence\": 40}", INTENTS, "e")
                        .getConfidence())
                .isEqualTo(1.0);
        assertThat(Intent.of("{\"intent\": \"search\"}", INTENTS, "e").getIntent())
                .isEqualTo("Search");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "weather", "run", "I think run-report", "{\"intent\": 3}", "{\"intent\": \"x\"}"})
    void whatNamesNoneOfThemIsNone(String answer) {
        assertThat(Intent.of(answer, INTENTS, "e")).satisfies(found -> {
            assertThat(found.getIntent()).isEmpty();
            assertThat(found.getReason()).contains("named no intent");
        });
    }
}
