package dev.parley.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A question and what answers it.
 *
 * @param number from 1, in the order of the file
 * @param keys any one of them answers; none where the question is about something else
 */
record LabelledQuestion(int number, String text, Set<String> keys) {

    private static final String FILE = "/bench/kafka-questions.tsv";

    boolean isOffTopic() {
        return keys.isEmpty();
    }

    /** Whether settings may be chosen by it; the others are held out. */
    boolean isDev() {
        return number % 2 == 1;
    }

    /**
     * The questions that come with the project.
     *
     * @param known the keys that there are
     * @throws IllegalStateException where one names another, as when a version of Kafka has renamed it
     */
    static List<LabelledQuestion> all(Set<String> known) throws IOException {
        List<LabelledQuestion> questions = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(LabelledQuestion.class.getResourceAsStream(FILE)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("#")) {
                    continue;
                }
                String[] fields = line.split("\t", -1);
                Set<String> keys = fields[1].isEmpty() ? Set.of() : Set.of(fields[1].split(",", -1));
                if (!known.containsAll(keys)) {
                    throw new IllegalStateException("'" + fields[0] + "' names a key that there is not: " + keys);
                }
                questions.add(new LabelledQuestion(questions.size() + 1, fields[0], keys));
            }
        }
        return questions;
    }
}
