package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.topologies.preparing.LabelledQuestions.Figures;
import dev.parley.topologies.preparing.LabelledQuestions.Labelled;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class IntentAccuracyTest {

    private static final double NEAR_DUPLICATE = 0.8;

    /** A little below what was measured; {@code docs/routing.md} has the figures. */
    @Test
    void questionsFindTheirIntents() {
        Figures figures = LabelledQuestions.measured(new BgeSmallEmbedder(), LabelledQuestions.THRESHOLD)
                .figures();

        assertThat(figures.nearest()).isGreaterThan(0.85);
        assertThat(figures.accuracy()).isGreaterThan(0.75);
        assertThat(figures.macroF1()).isGreaterThan(0.75);
        assertThat(figures.outOfScope()).isGreaterThan(0.92);
        assertThat(figures.wrongRoute()).isLessThan(0.1);
    }

    @Test
    void theSetIsLargeEnoughForItsFigures() {
        Map<String, Long> examples = counts("examples");
        Map<String, Long> test = counts("test");

        assertThat(examples).hasSizeGreaterThanOrEqualTo(8);
        assertThat(examples.keySet()).isEqualTo(test.keySet());
        assertThat(examples.values()).allMatch(count -> count >= 12);
        assertThat(test.values()).allMatch(count -> count >= 25);
        assertThat(LabelledQuestions.read("out-of-scope")).hasSizeGreaterThanOrEqualTo(40);
    }

    @Test
    void whatIsLearntFromIsNeverWhatIsMeasuredBy() {
        List<String> learnt = new ArrayList<>(PreparedConfigurations.otherQuestions());
        LabelledQuestions.read("examples").forEach(example -> learnt.add(example.text()));
        List<String> measured = new ArrayList<>();
        LabelledQuestions.read("test").forEach(sentence -> measured.add(sentence.text()));
        LabelledQuestions.read("out-of-scope").forEach(sentence -> measured.add(sentence.text()));

        for (String sentence : measured) {
            assertThat(learnt)
                    .noneSatisfy(other -> assertThat(overlap(sentence, other))
                            .as("%s / %s", sentence, other)
                            .isGreaterThanOrEqualTo(NEAR_DUPLICATE));
        }
        assertThat(measured).doesNotHaveDuplicates();
        assertThat(learnt).doesNotHaveDuplicates();
    }

    private static Map<String, Long> counts(String part) {
        return LabelledQuestions.read(part).stream()
                .collect(Collectors.groupingBy(Labelled::intent, Collectors.counting()));
    }

    /** Jaccard's index of two sentences' words. */
    private static double overlap(String one, String other) {
        Set<String> words = words(one);
        Set<String> both = new HashSet<>(words);
        both.retainAll(words(other));
        words.addAll(words(other));
        return (double) both.size() / words.size();
    }

    private static Set<String> words(String text) {
        return Arrays.stream(text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", -1))
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toCollection(HashSet::new));
    }
}
