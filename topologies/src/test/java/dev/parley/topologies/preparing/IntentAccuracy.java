package dev.parley.topologies.preparing;

import dev.parley.topologies.preparing.LabelledQuestions.Figures;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Prints the tables of {@code docs/routing.md}, which says how to run it; it is not among the tests. */
class IntentAccuracy {

    @Test
    void print() {
        Embedder embedder = new BgeSmallEmbedder();
        StringBuilder thresholds = new StringBuilder(
                "| threshold | accuracy | macro-F1 | wrong route | out of scope to the default route |\n|---|---|---|---|---|\n");
        for (double threshold : new double[] {0, 0.3, 0.4, 0.5, 0.6, 0.7}) {
            Figures figures = LabelledQuestions.measured(embedder, threshold).figures();
            thresholds.append(String.format(
                    Locale.ROOT,
                    "| %.1f | %.3f | %.3f | %.3f | %.3f |%n",
                    threshold,
                    figures.accuracy(),
                    figures.macroF1(),
                    figures.wrongRoute(),
                    figures.outOfScope()));
        }
        LabelledQuestions shipped = LabelledQuestions.measured(embedder, LabelledQuestions.THRESHOLD);
        System.out.println(thresholds + "\nAt " + LabelledQuestions.THRESHOLD + ":\n\n" + shipped.table() + "\n"
                + shipped.calibration());
    }
}
