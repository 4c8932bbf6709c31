package dev.parley.bench;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.topologies.indexing.Indexing;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.LocalPassages;
import dev.parley.topologies.retrieval.Question;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import dev.parley.topologies.retrieval.RetrievalMetrics;
import dev.parley.topologies.retrieval.SearchMode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * How well passages are found: by words alone, by meaning alone, and by both, as turns get them. What is looked through is
 * what Kafka says about its own configuration, a document a key; the questions are the project's own, in the words of
 * somebody who does not know the keys.
 *
 * <p>Nothing here is random. Questions with odd numbers are there to choose settings by (dev), those with even numbers are
 * held out, and theirs are the figures that count.
 */
final class RetrievalBenchmark {

    private static final WorkspaceKey WORKSPACE = new WorkspaceKey("bench", "kafka");

    /** As many passages as the reciprocal rank looks at. */
    private static final int DEPTH = 10;

    private static final int RECALL_DEPTH = 5;

    private final Embedder embedder;
    private final double minSimilarity;
    private final Consumer<String> progress;

    /**
     * A benchmark of what is served with these.
     *
     * @param minSimilarity as {@code RoutingSettings} has it
     */
    RetrievalBenchmark(Embedder embedder, double minSimilarity, Consumer<String> progress) {
        this.embedder = embedder;
        this.minSimilarity = minSimilarity;
        this.progress = progress;
    }

    /** What one question got, by one mode. */
    private record Outcome(LabelledQuestion question, List<String> keys, double millis) {

        /** The rank, from 1, of the first passage that answers; 0 where none does. */
        int rank() {
            for (int i = 0; i < keys.size(); i++) {
                if (question.keys().contains(keys.get(i))) {
                    return i + 1;
                }
            }
            return 0;
        }
    }

    /** Indexes the corpus in {@code folder}, which is left to its owner, and asks every question in every mode. */
    Report run(Path folder) throws IOException {
        List<Document> documents = KafkaConfiguration.documents(WORKSPACE, Instant.EPOCH);
        List<LabelledQuestion> questions =
                LabelledQuestion.all(documents.stream().map(Document::getTitle).collect(Collectors.toSet()));
        try (LocalPassages index = LocalPassages.in(folder)) {
            long started = System.nanoTime();
            for (Document document : documents) {
                index.put(Indexing.passages(document, embedder));
                if (index.passages() % 100 == 0) {
                    progress.accept(
                            "embedding: " + index.passages() + " passages of " + documents.size() + " documents");
                }
            }
            double passagesPerSecond = index.passages() / ((System.nanoTime() - started) / 1e9);
            List<Double> embedMillis = new ArrayList<>();
            List<Question> asked = embedded(questions, embedMillis);
            Map<SearchMode, List<Outcome>> outcomes = new LinkedHashMap<>();
            for (SearchMode mode : SearchMode.values()) {
                ask(index, questions, asked, mode); // To warm up.
                outcomes.put(mode, ask(index, questions, asked, mode));
            }
            Report report = new Report("retrieval")
                    .with("corpus", "configuration of Kafka " + AppInfoParser.getVersion())
                    .with("documents", documents.size())
                    .with("passages", index.passages())
                    .with("embedding model", embedder.model())
                    .with("least similarity", minSimilarity);
            outcomes.forEach((mode, all) -> {
                String name = mode.name().toLowerCase(Locale.ROOT);
                figures(report, name + ", held out", all, false);
                figures(report, name + ", dev", all, true);
                List<Double> millis = all.stream().map(Outcome::millis).toList();
                report.add(Figure.of(name + ", time of a search, p50", "ms", Quantiles.of(millis, 0.5)))
                        .add(Figure.of(name + ", time of a search, p99", "ms", Quantiles.of(millis, 0.99)))
                        .add(Figure.of(name + ", questions off topic that found something", "", (double) all.stream()
                                .filter(outcome -> outcome.question().isOffTopic()
                                        && !outcome.keys().isEmpty())
                                .count()));
            });
            report.add(Figure.of("embedding of a question, p50", "ms", Quantiles.of(embedMillis, 0.5)))
                    .add(Figure.of("embedding of a question, p99", "ms", Quantiles.of(embedMillis, 0.99)))
                    .add(Figure.of("passages cut, embedded and indexed", "/s", passagesPerSecond))
                    .counted("questions", answerable(questions).size())
                    .counted(
                            "questions off topic",
                            questions.size() - answerable(questions).size());
            missed(outcomes).forEach(progress);
            return report;
        }
    }

    private static List<LabelledQuestion> answerable(List<LabelledQuestion> questions) {
        return questions.stream().filter(question -> !question.isOffTopic()).toList();
    }

    private List<Question> embedded(List<LabelledQuestion> questions, List<Double> millis) {
        QuestionEmbeddings embeddings =
                new QuestionEmbeddings(embedder, new RetrievalMetrics(new SimpleMeterRegistry()));
        List<Question> asked = new ArrayList<>();
        for (LabelledQuestion question : questions) {
            long started = System.nanoTime();
            asked.add(embeddings.question(question.text()));
            millis.add((System.nanoTime() - started) / 1e6);
        }
        return asked;
    }

    private List<Outcome> ask(
            LocalPassages index, List<LabelledQuestion> questions, List<Question> asked, SearchMode mode)
            throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < questions.size(); i++) {
            long started = System.nanoTime();
            List<Passage> found = index.find(WORKSPACE, asked.get(i), mode, DEPTH, minSimilarity);
            double millis = (System.nanoTime() - started) / 1e6;
            outcomes.add(new Outcome(
                    questions.get(i),
                    found.stream()
                            .map(passage -> KafkaConfiguration.key(passage.getSource()))
                            .toList(),
                    millis));
        }
        return outcomes;
    }

    private static void figures(Report report, String name, List<Outcome> all, boolean dev) {
        List<Outcome> outcomes = all.stream()
                .filter(outcome ->
                        !outcome.question().isOffTopic() && outcome.question().isDev() == dev)
                .toList();
        double found = outcomes.stream()
                .filter(outcome -> outcome.rank() > 0 && outcome.rank() <= RECALL_DEPTH)
                .count();
        report.add(Figure.of(name + ", recall@5", "", found / outcomes.size()))
                .add(Figure.of(
                        name + ", MRR@10",
                        "",
                        outcomes.stream()
                                .mapToDouble(outcome -> outcome.rank() == 0 ? 0 : 1.0 / outcome.rank())
                                .average()
                                .orElse(0)));
    }

    /** What hybrid search does not have among the first five, for those who would make it better: dev questions only. */
    private static List<String> missed(Map<SearchMode, List<Outcome>> outcomes) {
        return outcomes.getOrDefault(SearchMode.HYBRID, List.of()).stream()
                .filter(outcome -> outcome.question().isDev()
                        && !outcome.question().isOffTopic()
                        && (outcome.rank() == 0 || outcome.rank() > RECALL_DEPTH))
                .map(outcome -> "missed: " + outcome.question().text() + " → " + outcome.keys())
                .toList();
    }
}
