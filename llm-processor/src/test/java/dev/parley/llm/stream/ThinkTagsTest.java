package dev.parley.llm.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThinkTagsTest {

    /** What a text says, in whatever pieces: reasoning and text, each joined. */
    private static List<String> said(String text, boolean opened) {
        List<String> whole = said(List.of(text), opened);
        for (int cut = 1; cut < text.length(); cut++) {
            assertThat(said(List.of(text.substring(0, cut), text.substring(cut)), opened))
                    .as("cut at " + cut)
                    .isEqualTo(whole);
        }
        assertThat(said(text.chars().mapToObj(Character::toString).toList(), opened))
                .isEqualTo(whole);
        return whole;
    }

    private static List<String> said(List<String> pieces, boolean opened) {
        ThinkTags tags = new ThinkTags(opened);
        List<ModelEvent> events = new ArrayList<>();
        pieces.forEach(piece -> events.addAll(tags.take(piece)));
        events.addAll(tags.rest());
        StringBuilder reasoning = new StringBuilder();
        StringBuilder text = new StringBuilder();
        for (ModelEvent event : events) {
            if (event instanceof ModelEvent.Reasoning(String piece)) {
                reasoning.append(piece);
            } else if (event instanceof ModelEvent.Text(String piece)) {
                text.append(piece);
            }
        }
        return List.of(reasoning.toString(), text.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            quoteCharacter = '"',
            value = {
                "<think>Hm.</think>Yes.|Hm.|Yes.",
                " <think>Hm.</think>  Yes. |Hm.|Yes. ",
                "<think></think>Yes.|\"\"|Yes.",
                "Yes.|\"\"|Yes.",
                " Yes|\"\"| Yes",
                "<thin|\"\"|<thin",
                "<thinking>|\"\"|<thinking>",
                "<think>a </thin b|a </thin b|\"\"",
                "<think>a</think>b<think>c</think>|a|b<think>c</think>",
                "Say <think>a</think>|\"\"|Say <think>a</think>",
                "<think>a</think>|a|\"\""
            })
    void whatStandsBetweenTheTagsAtTheBeginningIsReasoning(String said, String reasoning, String text) {
        assertThat(said(said, false)).containsExactly(reasoning, text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "Hm.</think>Yes.|Hm.|Yes.",
                "Hm.|Hm.|\"\"",
                "</think>Yes.|\"\"|Yes.",
                "a</think>b</think>|a|b</think>"
            })
    void anAnswerMayBeginInside(String said, String reasoning, String text) {
        assertThat(said(said, true)).containsExactly(reasoning, text);
    }
}
