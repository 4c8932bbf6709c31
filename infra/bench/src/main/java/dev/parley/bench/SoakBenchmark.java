package dev.parley.bench;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Steady load for a while: what is held must stay flat. The first half, in which caches fill and connections are made,
 * counts for nothing; over the other half the trend of each series, not its single samples, may rise by no more than a
 * bound. Heap is counted after garbage was collected.
 */
final class SoakBenchmark {

    /**
     * How much.
     *
     * @param streams conversations at the same time, each an answer after the other
     */
    record Plan(Duration time, Duration every, int streams) {}

    /** By how much of itself a series may rise in what is left of the time after the warm-up. */
    private static final double GROWTH = 0.05;

    private static final int WARM_UP_PART = 2;

    private static final double MEBIBYTE = 1 << 20;

    private final Api api;
    private final Plan plan;
    private final Consumer<String> progress;
    private final AtomicLong answers = new AtomicLong();
    private final AtomicLong cutShort = new AtomicLong();

    SoakBenchmark(Api api, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.plan = plan;
        this.progress = progress;
    }

    Report run() throws InterruptedException {
        long pid = ProcessHandle.current().pid();
        Map<String, LongSupplier> held = new TreeMap<>(Map.of(
                "heap after collection, bytes", ProcessCost::liveHeapBytes,
                "threads of the system", () -> ProcessCost.threads(pid),
                "memory outside the heap (buffers), bytes", SoakBenchmark::bufferBytes,
                "open files", () -> ProcessCost.openFiles(pid),
                "open sockets", () -> ProcessCost.openSockets(pid)));
        Map<String, List<Double>> samples = new TreeMap<>();
        AtomicBoolean over = new AtomicBoolean();
        Thread load = Thread.ofPlatform().name("bench-soak").unstarted(() -> load(over));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        load.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
        load.start();
        long end = System.nanoTime() + plan.time().toNanos();
        while (System.nanoTime() < end && failure.get() == null) {
            Thread.sleep(plan.every());
            held.forEach((what, count) ->
                    samples.computeIfAbsent(what, name -> new ArrayList<>()).add((double) count.getAsLong()));
            progress.accept(answers.get() + " answers; " + latest(samples));
        }
        over.set(true);
        load.join();
        if (failure.get() != null) {
            throw new IllegalStateException("an answer failed", failure.get());
        }
        Report report = new Report("soak")
                .with("minutes", plan.time().toSeconds() / 60.0)
                .with("streams", plan.streams());
        samples.forEach((what, values) -> {
            List<Double> counted = values.subList(values.size() / WARM_UP_PART, values.size());
            report.add(Figure.of(what + ": trend, of itself", "ratio", Trend.growth(counted))
                            .atMost(GROWTH))
                    .add(Figure.of(what, "", counted), values);
        });
        return report.add(Figure.of(
                        "peak resident memory, broker and client with it",
                        "MiB",
                        ProcessCost.peakResidentBytes() / MEBIBYTE))
                .add(Api.Answer.lost(cutShort.get()))
                .counted("answers, each whole", answers.get());
    }

    private static long bufferBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    private static String latest(Map<String, List<Double>> samples) {
        StringBuilder text = new StringBuilder();
        samples.forEach((what, values) -> text.append(text.isEmpty() ? "" : ", ")
                .append(what)
                .append(' ')
                .append(Report.number(values.getLast())));
        return text.toString();
    }

    private void load(AtomicBoolean over) {
        try {
            Together.run(plan.streams(), plan.streams(), index -> {
                while (!over.get()) {
                    Api.Answer answer = api.converse(api.conversation(), "Go.");
                    answers.incrementAndGet();
                    if (answer.cutShort()) {
                        cutShort.incrementAndGet();
                    }
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
