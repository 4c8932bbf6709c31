package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TitlesTest {

    @Test
    void aShortQuestionIsItsOwnTitle() {
        assertThat(Titles.of("How do I connect vLLM?")).contains("How do I connect vLLM?");
    }

    @Test
    void marksAndEmptyLinesAreNoTitle() {
        assertThat(Titles.of("\n\n ## **Plans**  for\tMay\n\nMore")).contains("Plans** for May");
        assertThat(Titles.of(" \n---\n…")).isEmpty();
    }

    @Test
    void aLongOneIsCutBetweenWords() {
        String title = Titles.of("one two three four five six seven eight nine ten eleven twelve thirteen fourteen")
                .orElseThrow();

        assertThat(title).hasSizeLessThanOrEqualTo(Titles.MAX_CHARS + 1).endsWith("eleven…");
    }

    @Test
    void noCharacterIsCutInTwo() {
        String title = Titles.of("a" + "\uD83D\uDE00".repeat(80)).orElseThrow();

        assertThat(title.substring(1, title.length() - 1).codePoints()).allMatch(codePoint -> codePoint == 0x1F600);
    }
}
