package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.ToolCall;
import dev.parley.topologies.assembly.Generation.Step;
import dev.parley.topologies.state.v1.GenerationHeader;
import dev.parley.topologies.state.v1.TextSegment;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random logs of one generation (retries, zombies, repeats, gaps, wrong checksums, cancels), read by a processor that is
 * killed at random points and goes on from its last commit with whatever its stores and reports had come to by then. Held
 * against the same log read once, by the pure core, without a crash and without a clock.
 */
class AssembleGenerationsSimulationTest {

    private static final int LOGS_PER_SEED = 500;
    private static final String KEY = "default/c1";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20260102, 77, 123456789})
    void crashesChangeNothingThatTheLogDecides(long seed) {
        Random random = new Random(seed);
        for (int number = 0; number < LOGS_PER_SEED; number++) {
            long logSeed = random.nextLong();
            Scenario scenario = Scenario.of(new Random(logSeed));
            Run run = new Run(scenario.log(), new Random(logSeed + 1));
            run.toTheEnd();
            check(scenario, run, "seed " + seed + ", log " + number);
        }
    }

    private static void check(Scenario scenario, Run run, String name) {
        List<GenerationReport> reference = scenario.reference();
        Map<String, Object> outcomes = outcomes(reference);
        Map<String, Object> seen = outcomes(run.reports);

        for (GenerationReport report : run.reports) {
            if (report.getBody() instanceof GenerationCompleted completed) {
                assertThat(completed.getContent())
                        .as("%s: %s is the text of one attempt", name, report.getReportId())
                        .isEqualTo(scenario.texts().get(completed.getAttempt().getAttemptId()));
                assertThat(completed.getToolCalls())
                        .as("%s: %s has the calls of one attempt", name, report.getReportId())
                        .isEqualTo(scenario.calls().get(completed.getAttempt().getAttemptId()));
            }
        }
        assertThat(corrupt(reference))
                .as("%s: no crash makes chunks look corrupt", name)
                .containsAll(corrupt(run.reports));
        if (scenario.cancelled()) {
            assertThat(seen).as("%s: a cancelled generation ends", name).isNotEmpty();
            assertThat(run.closed()).as("%s: closed", name).isTrue();
        } else {
            assertThat(seen).as("%s: ends as the log says", name).isEqualTo(outcomes);
            Map<String, Object> bodies = new HashMap<>();
            for (GenerationReport report : run.reports) {
                Object first = bodies.putIfAbsent(report.getReportId(), fact(report));
                assertThat(first == null ? fact(report) : first)
                        .as("%s: a repeated report says the same: %s", name, report.getReportId())
                        .isEqualTo(fact(report));
            }
        }
    }

    /** What a report says, but for its time; an attempt is lost once, for whichever reason showed first. */
    private static Object fact(GenerationReport report) {
        return report.getBody() instanceof AttemptLost lost ? lost.getAttempt() : report.getBody();
    }

    private static Map<String, Object> outcomes(List<GenerationReport> reports) {
        return reports.stream()
                .filter(report -> switch (report.getBody()) {
                    case GenerationCompleted completed -> true;
                    case GenerationCancelled cancelled -> true;
                    case GenerationFailed failed -> !failed.getRetryable();
                    default -> false;
                })
                .collect(Collectors.toMap(GenerationReport::getReportId, GenerationReport::getBody, (a, b) -> a));
    }

    private static List<String> corrupt(List<GenerationReport> reports) {
        return reports.stream()
                .filter(report -> report.getBody() instanceof AttemptLost lost
                        && lost.getReason().equals("chunks_corrupt"))
                .map(GenerationReport::getReportId)
                .distinct()
                .toList();
    }

    /** A log, and the whole text and the calls that each of its attempts sent. */
    private record Scenario(
            List<SpecificRecord> log, Map<String, String> texts, Map<String, List<ToolCall>> calls, boolean cancelled) {

        static Scenario of(RandomGenerator random) {
            List<List<SpecificRecord>> attempts = new ArrayList<>();
            Map<String, String> texts = new HashMap<>();
            Map<String, List<ToolCall>> calls = new HashMap<>();
            int count = 1 + random.nextInt(4);
            for (int number = 1; number <= count; number++) {
                attempts.add(attempt("a" + number, number, texts, calls, random));
            }
            List<SpecificRecord> log = interleaved(attempts, random);
            boolean cancelled = random.nextInt(4) == 0;
            if (cancelled) {
                log.add(random.nextInt(log.size() + 1), Attempts.cancel());
            }
            return new Scenario(log, texts, calls, cancelled);
        }

        private static List<SpecificRecord> attempt(
                String id,
                int number,
                Map<String, String> texts,
                Map<String, List<ToolCall>> allCalls,
                RandomGenerator random) {
            List<SpecificRecord> chunks = new ArrayList<>();
            chunks.add(Attempts.started(id, number));
            StringBuilder text = new StringBuilder();
            List<ToolCall> calls = new ArrayList<>();
            int deltas = random.nextInt(12);
            for (int seq = 0; seq < deltas; seq++) {
                // Some deltas fill a segment, so that texts span several.
                String delta = (id + "." + seq + " ").repeat(random.nextInt(3) == 0 ? 900 : 1);
                if (random.nextInt(6) == 0) {
                    chunks.add(Attempts.reasoning(id, seq, delta));
                } else if (random.nextInt(8) == 0) {
                    chunks.add(Attempts.arguments(id, seq));
                } else if (random.nextInt(6) == 0) {
                    calls.add(Attempts.call(id, seq));
                    chunks.add(Attempts.called(id, seq));
                } else {
                    text.append(delta);
                    chunks.add(Attempts.text(id, seq, delta));
                }
                if (random.nextInt(8) == 0) {
                    chunks.add(Attempts.heartbeat(id));
                }
            }
            texts.put(id, text.toString());
            allCalls.put(id, calls);
            switch (random.nextInt(7)) {
                case 0, 1, 2 -> chunks.add(Attempts.finished(id, deltas, text.toString()));
                case 3 -> chunks.add(Attempts.finished(id, deltas, "not the text"));
                case 4 -> chunks.add(Attempts.failed(id, deltas, text.toString(), random.nextBoolean()));
                case 5 -> chunks.add(Attempts.cancelled(id, deltas, text.toString()));
                default -> {
                    // Its worker died.
                }
            }
            if (random.nextInt(10) == 0 && chunks.size() > 2) {
                chunks.remove(1 + random.nextInt(chunks.size() - 2));
            }
            for (int repeat = random.nextInt(3); repeat > 0; repeat--) {
                int at = random.nextInt(chunks.size());
                chunks.add(at + 1 + random.nextInt(chunks.size() - at), chunks.get(at));
            }
            return chunks;
        }

        private static List<SpecificRecord> interleaved(List<List<SpecificRecord>> attempts, RandomGenerator random) {
            List<SpecificRecord> log = new ArrayList<>();
            int[] next = new int[attempts.size()];
            int open = 1;
            while (true) {
                List<Integer> candidates = new ArrayList<>();
                for (int i = 0; i < open; i++) {
                    if (next[i] < attempts.get(i).size()) {
                        candidates.add(i);
                    }
                }
                if (open < attempts.size() && (candidates.isEmpty() || random.nextInt(8) == 0)) {
                    open++;
                } else if (candidates.isEmpty()) {
                    return log;
                } else {
                    int chosen = candidates.get(random.nextInt(candidates.size()));
                    log.add(attempts.get(chosen).get(next[chosen]++));
                }
            }
        }

        List<GenerationReport> reference() {
            Generation generation = Generation.unknown(Attempts.GENERATION);
            List<GenerationReport> reports = new ArrayList<>();
            for (SpecificRecord record : log) {
                Step step = switch (record) {
                    case GenerationChunk chunk ->
                        generation.accept(chunk.getAttemptId(), Signal.of(chunk), Attempts.NOW);
                    default -> generation.cancel();
                };
                generation = step.next();
                reports.addAll(step.reports());
            }
            return reports;
        }
    }

    /** One reading of a log, with commits, crashes and the passing of time. */
    private static final class Run {

        private static final AssemblySettings SETTINGS = AssemblySettings.defaults();

        private final List<SpecificRecord> log;
        private final RandomGenerator random;
        private final CrashingStore<GenerationHeader> headers = new CrashingStore<>(GenerationStores.GENERATIONS);
        private final CrashingStore<TextSegment> texts = new CrashingStore<>(GenerationStores.TEXTS);
        private final List<GenerationReport> reports = new ArrayList<>();
        private MockProcessorContext<String, GenerationReport> context = new MockProcessorContext<>();
        private AssembleGenerations processor;
        private long nanos;
        private int position;
        private int committedPosition;
        private int committedReports;

        Run(List<SpecificRecord> log, RandomGenerator random) {
            this.log = log;
            this.random = random;
            this.processor = start();
        }

        void toTheEnd() {
            int crashesLeft = 5;
            while (position < log.size()) {
                switch (random.nextInt(12)) {
                    case 0 -> commit();
                    case 1 -> pass(Duration.ofMillis(random.nextInt(1500)));
                    case 2 -> {
                        if (random.nextInt(6) == 0) {
                            pass(SETTINGS.work().model().lease().plusSeconds(1));
                        }
                    }
                    case 3 -> {
                        if (crashesLeft > 0 && random.nextInt(2) == 0) {
                            crashesLeft--;
                            crash();
                        }
                    }
                    default -> processOne();
                }
            }
            commit();
            pass(SETTINGS.cancelGrace().plusSeconds(1));
            commit();
        }

        boolean closed() {
            GenerationStores.Stored stored =
                    new GenerationStores(context).load(GenerationStores.storeKey(KEY, Attempts.GENERATION));
            return stored != null && stored.generation() instanceof Generation.Closed;
        }

        private AssembleGenerations start() {
            context = new MockProcessorContext<>();
            context.addStateStore(headers);
            context.addStateStore(texts);
            AssembleGenerations started = new AssembleGenerations(
                    SETTINGS,
                    InstantSource.fixed(Attempts.NOW),
                    () -> nanos,
                    new AssemblyMetrics(new SimpleMeterRegistry()));
            started.init(context);
            return started;
        }

        private void processOne() {
            processor.process(new Record<>(KEY, log.get(position++), Attempts.NOW.toEpochMilli()));
            collect();
        }

        private void pass(Duration time) {
            Duration period = SETTINGS.checkPeriod();
            for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(period)) {
                nanos += period.toNanos();
                context.scheduledPunctuators().getFirst().getPunctuator().punctuate(0);
                collect();
            }
        }

        private void collect() {
            context.forwarded().forEach(forward -> reports.add(forward.record().value()));
            context.resetForwards();
        }

        private void commit() {
            headers.commit();
            texts.commit();
            committedPosition = position;
            committedReports = reports.size();
        }

        /** Everything since the last commit may have happened or not, each thing for itself. */
        private void crash() {
            headers.crash(random);
            texts.crash(random);
            List<GenerationReport> uncommitted = reports.subList(committedReports, reports.size());
            uncommitted.removeIf(report -> random.nextBoolean());
            committedReports = reports.size();
            position = committedPosition;
            processor = start();
        }
    }
}
