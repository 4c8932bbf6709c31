package dev.parley.topologies.preparing;

import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.topologies.preparing.Choice.Chosen;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** How well questions find their intents by examples, on the project's labelled set. The same every time: nothing is random. */
final class LabelledQuestions {

    /** What {@code parley.yaml} begins with, and what the confidence is calibrated for. */
    static final double THRESHOLD = 0.5;

    static final String DEFAULT_INTENT = "chat";

    /** A sentence and what it wants. */
    record Labelled(String intent, String text) {}

    /** One sentence's way: what was nearest, and where it went. */
    private record Outcome(Labelled sentence, Guess guess, Chosen chosen) {

        boolean right() {
            return chosen.intent().equals(sentence.intent);
        }
    }

    /** All from 0 to 1. {@code nearest} is the accuracy where there is no threshold. */
    record Figures(double accuracy, double macroF1, double nearest, double outOfScope, double wrongRoute) {}

    private final List<Outcome> inScope;
    private final List<Outcome> outOfScope;

    private LabelledQuestions(List<Outcome> inScope, List<Outcome> outOfScope) {
        this.inScope = inScope;
        this.outOfScope = outOfScope;
    }

    /** Measures all test sentences by the examples, the way turns go. */
    static LabelledQuestions measured(Embedder embedder, double threshold) {
        TrustedRecords.trust();
        Configuration configuration = configuration(threshold);
        PreparedConfigurations configurations = new PreparedConfigurations(embedder);
        configurations.prepare(configuration);
        IntentClassifier classifier =
                configurations.examplesOf(configuration).orElseThrow(() -> new IllegalStateException("no embeddings"));
        return new LabelledQuestions(
                outcomes(read("test"), classifier, embedder, configuration),
                outcomes(read("out-of-scope"), classifier, embedder, configuration));
    }

    private static List<Outcome> outcomes(
            List<Labelled> sentences, IntentClassifier classifier, Embedder embedder, Configuration configuration) {
        List<Outcome> outcomes = new ArrayList<>(sentences.size());
        for (Labelled sentence : sentences) {
            float[] vector = QuestionEmbeddings.unit(embedder.embedQuestion(sentence.text));
            Guess guess = classifier.classify(Objects.requireNonNull(vector)).orElseThrow();
            TurnRequest turn = Turns.asking(sentence.text);
            outcomes.add(
                    new Outcome(sentence, guess, (Chosen) Choice.of(turn, configuration, () -> Optional.of(guess))));
        }
        return outcomes;
    }

    static Configuration configuration(double threshold) {
        Map<String, List<String>> examples = read("examples").stream()
                .collect(Collectors.groupingBy(
                        Labelled::intent, TreeMap::new, Collectors.mapping(Labelled::text, Collectors.toList())));
        return Configured.by(
                ClassifierKind.EXAMPLES,
                threshold,
                examples.entrySet().stream()
                        .map(intent -> Configured.route(intent.getKey(), route -> route.setExamples(intent.getValue())))
                        .toArray(RouteConfiguration[]::new));
    }

    /** The sentences of one part of the set: {@code examples}, {@code test} or {@code out-of-scope}. */
    static List<Labelled> read(String part) {
        try (InputStream file = Objects.requireNonNull(
                LabelledQuestions.class.getResourceAsStream("/intents/" + part + ".tsv"), part)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split("\t", -1))
                    .map(columns -> new Labelled(columns[0], columns[1]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Figures figures() {
        return new Figures(
                part(inScope, Outcome::right),
                intents().stream().mapToDouble(this::f1).average().orElse(0),
                part(inScope, outcome -> outcome.guess.intent().equals(outcome.sentence.intent)),
                part(outOfScope, outcome -> outcome.chosen.intent().equals(DEFAULT_INTENT)),
                part(
                        inScope,
                        outcome -> !outcome.right() && !outcome.chosen.intent().equals(DEFAULT_INTENT)));
    }

    private static double part(List<Outcome> outcomes, Predicate<Outcome> counted) {
        return (double) outcomes.stream().filter(counted).count() / outcomes.size();
    }

    private List<String> intents() {
        return inScope.stream()
                .map(outcome -> outcome.sentence.intent)
                .distinct()
                .sorted()
                .toList();
    }

    private double precision(String intent) {
        List<Outcome> routed = inScope.stream()
                .filter(outcome -> outcome.chosen.intent().equals(intent))
                .toList();
        return routed.isEmpty() ? 0 : part(routed, Outcome::right);
    }

    private double recall(String intent) {
        return part(
                inScope.stream()
                        .filter(outcome -> outcome.sentence.intent.equals(intent))
                        .toList(),
                Outcome::right);
    }

    private double f1(String intent) {
        double precision = precision(intent);
        double recall = recall(intent);
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    String table() {
        StringBuilder table = new StringBuilder("| intent | precision | recall | F1 |\n|---|---|---|---|\n");
        for (String intent : intents()) {
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %.2f |%n",
                    intent,
                    precision(intent),
                    recall(intent),
                    f1(intent)));
        }
        return table.toString();
    }

    /** How often a guess of some confidence is right, over all sentences; what is out of scope has no right guess. */
    String calibration() {
        StringBuilder table = new StringBuilder("| confidence | sentences | right |\n|---|---|---|\n");
        List<Outcome> all = new ArrayList<>(inScope);
        all.addAll(outOfScope);
        for (int fifth = 0; fifth < 5; fifth++) {
            double from = fifth / 5.0;
            List<Outcome> within = all.stream()
                    .filter(outcome -> outcome.guess.confidence() >= from && outcome.guess.confidence() < from + 0.2)
                    .toList();
            table.append(String.format(
                    Locale.ROOT,
                    "| %.1f to %.1f | %d | %.2f |%n",
                    from,
                    from + 0.2,
                    within.size(),
                    within.isEmpty()
                            ? 0
                            : part(within, outcome -> outcome.guess.intent().equals(outcome.sentence.intent))));
        }
        return table.toString();
    }
}
