package dev.parley.faults;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What came of one trial; flat where it is kept as JSON. */
record TrialResult(
        @JsonUnwrapped Draw draw,
        @JsonUnwrapped Circumstances circumstances,
        @JsonUnwrapped Outcome outcome) {

    /** What was played; {@code brief}: with short waits. */
    record Draw(String scenario, long seed, boolean brief) {}

    /** When it began, how long it took, of which commit, and where. */
    record Circumstances(String time, long millis, String commit, String machine) {}

    /**
     * What it found.
     *
     * @param counts of what was done, and of what it met
     * @param worst the largest of values that were measured
     * @param skipped why it was not played; empty where it was
     */
    record Outcome(
            List<String> violations,
            List<String> notes,
            Map<String, Long> counts,
            Map<String, Long> worst,
            String skipped) {
        Outcome {
            violations = List.copyOf(violations);
            notes = List.copyOf(notes);
            counts = new TreeMap<>(counts);
            worst = new TreeMap<>(worst);
        }

        static Outcome of(List<Violation> violations, Trial trial) {
            return new Outcome(
                    violations.stream().map(Violation::toString).toList(),
                    trial.notes(),
                    trial.counts(),
                    trial.worst(),
                    "");
        }

        static Outcome notPlayed(SkippedException why) {
            return new Outcome(List.of(), List.of(), Map.of(), Map.of(), String.valueOf(why.getMessage()));
        }

        /** It could not be played to its end. */
        static Outcome broken(RuntimeException by) {
            Violation violation = new Violation("trial", by.toString());
            return new Outcome(List.of(violation.toString()), List.of(), Map.of(), Map.of(), "");
        }

        boolean holds() {
            return violations.isEmpty() && skipped.isEmpty();
        }

        boolean broke() {
            return !violations.isEmpty();
        }
    }
}
