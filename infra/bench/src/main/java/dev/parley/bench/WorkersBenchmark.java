package dev.parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * How answers a second grow with worker processes, each of which runs a few at a time, and what an answer costs then. Twice
 * the workers must do nearly twice the work, at about the same processor time an answer.
 */
final class WorkersBenchmark {

    /**
     * How much.
     *
     * @param workers numbers of processes, ascending
     * @param concurrency answers that one of them runs at the same time
     * @param waves answers of each of these places that are measured
     */
    record Plan(List<Integer> workers, int concurrency, int waves) {}

    /** Worker processes that come and stay until the benchmark is over. */
    interface Workers {
        /** Starts more until there are so many, and waits until they are ready. */
        void growTo(int count) throws IOException, InterruptedException;

        /** Processor time of all of them so far, those of the other roles with them. */
        long cpuNanos();
    }

    private static final double SPEED_UP = 0.75;
    private static final double COST = 1.5;

    private final Api api;
    private final Workers workers;
    private final Plan plan;
    private final Consumer<String> progress;

    WorkersBenchmark(Api api, Workers workers, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.workers = workers;
        this.plan = plan;
        this.progress = progress;
    }

    private record Measured(double perSecond, double cpuMillis) {}

    /** Measures, and adds what it finds to {@code report}. */
    void run(Report report) throws IOException, InterruptedException {
        AtomicLong answers = new AtomicLong();
        Map<Integer, Measured> found = new LinkedHashMap<>();
        for (int count : plan.workers()) {
            workers.growTo(count);
            int places = count * plan.concurrency();
            progress.accept(count + " worker processes: warming up");
            answer(places, places, answers);
            progress.accept(count + " worker processes: " + places + " answers at the same time");
            long cpuBefore = workers.cpuNanos();
            long began = System.nanoTime();
            int wanted = places * plan.waves();
            answer(places, wanted, answers);
            double seconds = (System.nanoTime() - began) / 1e9;
            found.put(count, new Measured(wanted / seconds, (workers.cpuNanos() - cpuBefore) / 1e6 / wanted));
        }
        report.with("answers at the same time a worker", plan.concurrency());
        found.forEach((count, measured) -> report.add(
                        Figure.of("answers a second, " + count + " worker processes", "/s", measured.perSecond()))
                .add(Figure.of(
                        "processor time of an answer, " + count + " worker processes", "ms", measured.cpuMillis())));
        List<Integer> counts = new ArrayList<>(found.keySet());
        List<Measured> all = new ArrayList<>(found.values());
        double times = (double) counts.getLast() / counts.getFirst();
        report.add(Figure.of(
                                "answers a second a worker, most against fewest",
                                "ratio",
                                all.getLast().perSecond() / all.getFirst().perSecond() / times)
                        .atLeast(SPEED_UP))
                .add(Figure.of(
                                "processor time of an answer, most workers against fewest",
                                "ratio",
                                all.getLast().cpuMillis() / all.getFirst().cpuMillis())
                        .atMost(COST))
                .counted("answers by worker processes, each whole", answers.get());
    }

    private void answer(int atATime, int count, AtomicLong answers) throws InterruptedException {
        Together.run(atATime, count, index -> {
            api.converse(api.conversation(), "Go.");
            answers.incrementAndGet();
        });
    }
}
