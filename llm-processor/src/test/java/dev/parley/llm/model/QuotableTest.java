package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QuotableTest {

    private static List<String> markdown(String text) {
        return Quotable.of(text).stream().map(Quotable::markdown).toList();
    }

    @Test
    void proseIsCutIntoSentences() {
        assertThat(markdown("One is here. Two is\nthere, too!\n\nThree."))
                .containsExactly("One is here.", "Two is there, too!", "Three.");
    }

    @Test
    void aFullStopWithinAPathEndsNoSentence() {
        assertThat(markdown("Run ./parley up and wait. Then read parley.yaml v1.2."))
                .containsExactly("Run ./parley up and wait.", "Then read parley.yaml v1.2.");
    }

    @Test
    void aBlockOfCodeStaysWholeAndKnowsWhatLedToIt() {
        List<Quotable> pieces = Quotable.of("# Start\n\nLike this:\n\n```bash\na. b\nc\n```\nAfter.");

        assertThat(pieces).extracting(Quotable::markdown).containsExactly("Like this:", "```\na. b\nc\n```", "After.");
        assertThat(pieces.get(1).context()).contains("Start").contains("Like this:");
        assertThat(pieces.get(1).words()).isEqualTo("a. b\nc");
    }

    @Test
    void aBlockThatIsNeverClosedEndsWithTheText() {
        assertThat(markdown("```\ncode")).containsExactly("```\ncode\n```");
    }

    @Test
    void eachRowOfATableIsQuotedUnderItsHead() {
        assertThat(markdown("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"))
                .containsExactly("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 3 | 4 |");
    }

    @Test
    void itemsOfAListStandAlone() {
        assertThat(markdown("Here:\n- one thing\n  goes on\n- another\n1. first\n"))
                .containsExactly("Here:", "one thing goes on", "another", "first");
    }

    @Test
    void headingsAreContextOnly() {
        assertThat(Quotable.of("## How to stop\nSay so."))
                .containsExactly(new Quotable("Say so.", "Say so.", "How to stop"));
    }

    @Test
    void anyTextIsReadToItsEnd() {
        Random random = new Random(7);
        String alphabet = "ab .|`~#-\n\t1!";
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(80); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(Quotable.of(text.toString()))
                    .allSatisfy(piece -> assertThat(piece.markdown()).isNotBlank());
        }
    }
}
