package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import java.util.List;
import org.junit.jupiter.api.Test;

class PassageSectionTest {

    private static Passage passage(String text) {
        return new Passage(new Source("id", "Title", null, 1.0), text);
    }

    @Test
    void thereIsNoSectionWithoutPassages() {
        assertThat(PassageSection.of(List.of())).isEmpty();
    }

    @Test
    void whatDoesNotFitLeavesItsPlaceToSmallerOnes() {
        Passage first = passage("x".repeat(300));
        Passage tooLong = passage("y".repeat(300));
        Passage last = passage("z".repeat(50));

        assertThat(PassageSection.fitting(List.of(first, tooLong, last), 100)).containsExactly(first, last);
        assertThat(PassageSection.fitting(List.of(first, tooLong, last), 1_000)).hasSize(3);
    }

    @Test
    void theBestIsCutRatherThanLeftOut() {
        List<Passage> fitting = PassageSection.fitting(List.of(passage("word ".repeat(500)), passage("small")), 100);

        assertThat(fitting).hasSize(1);
        assertThat(fitting.getFirst().getText()).hasSizeLessThan(400).endsWith("word…");
        assertThat(PassageSection.fitting(List.of(passage("😀".repeat(500))), 100)
                        .getFirst()
                        .getText())
                .matches("(😀)+…");
        assertThat(PassageSection.fitting(List.of(passage("word ".repeat(500))), 10))
                .isEmpty();
    }
}
