package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Many open event streams and many answers at the same time, then more messages at once than are let in. The clients are a
 * process of their own; the server, with the broker and the model server, is this one.
 */
final class LoadBenchmark {

    /**
     * How much.
     *
     * @param burst messages that are sent without a pause; 0 for no overload
     * @param callers who send them
     */
    record Plan(int streams, int generations, int burst, int callers) {}

    /** Answers whose time is compared before and after the overload. */
    private static final int FEW = 50;

    /** What is refused is refused early. */
    private static final double REFUSED_MILLIS = 1_000;

    /** By how much an answer may be slower after the overload than before. */
    private static final double RECOVERED = 1.5;

    private static final double MEBIBYTE = 1 << 20;

    private final URI server;
    private final Plan plan;
    private final Consumer<String> progress;

    LoadBenchmark(URI server, Plan plan, Consumer<String> progress) {
        this.server = server;
        this.plan = plan;
        this.progress = progress;
    }

    Report run() throws IOException, InterruptedException {
        Report report = new Report("load")
                .with("streams", plan.streams())
                .with("generations", plan.generations())
                .with("burst", plan.burst())
                .with("callers", plan.callers());
        long pid = ProcessHandle.current().pid();
        try (Child child = new Child(server)) {
            progress.accept("warming up");
            child.order("open " + plan.generations());
            child.order("ask " + Math.min(100, plan.generations()));
            long heapBefore = ProcessCost.liveHeapBytes();
            long residentBefore = ProcessCost.residentBytes(pid);
            long opening = Math.max(0, plan.streams() - plan.generations());
            progress.accept("opening " + opening + " more streams");
            JsonNode opened = child.order("open " + opening);
            long heapOpen = ProcessCost.liveHeapBytes();
            long residentOpen = ProcessCost.residentBytes(pid);
            report.add(Figure.of("open event streams", "", opened.path("open").asDouble())
                            .atLeast(plan.streams()))
                    .add(Figure.of(
                            "conversations made and streams opened a second",
                            "/s",
                            opening / Math.max(1e-3, opened.path("seconds").asDouble())));
            if (opening > 0) {
                report.add(Figure.of(
                                        "heap an idle stream, its conversation with it",
                                        "KB",
                                        (heapOpen - heapBefore) / 1000.0 / opening)
                                .atMost(40))
                        .add(Figure.of(
                                "resident memory an idle stream",
                                "KB",
                                (residentOpen - residentBefore) / 1000.0 / opening));
            }
            progress.accept(plan.generations() + " answers at the same time");
            long cpuBefore = ProcessCost.cpuNanos();
            JsonNode asked;
            try (Peak heap = Peak.watch()) {
                asked = child.order("ask " + plan.generations());
                report.add(Figure.of("heap in use at most, garbage with it", "MiB", heap.bytes() / MEBIBYTE));
            }
            long words = asked.path("words").asLong();
            report.add(Figure.of(
                                    "answers, whole and alike",
                                    "",
                                    asked.path("answered").asDouble())
                            .atLeast(plan.generations()))
                    .add(Figure.of(
                                    "different texts among them",
                                    "",
                                    asked.path("texts").asDouble())
                            .atMost(1))
                    .add(Figure.of(
                            "first token, p50", "ms", asked.path("firstP50").asDouble()))
                    .add(Figure.of(
                            "first token, p99", "ms", asked.path("firstP99").asDouble()))
                    .add(Figure.of(
                            "tokens a second, all streams",
                            "/s",
                            words / Math.max(1e-3, asked.path("seconds").asDouble())))
                    .add(Figure.of(
                            "CPU time of a token, broker and model server with it",
                            "µs",
                            (ProcessCost.cpuNanos() - cpuBefore) / 1000.0 / Math.max(1, words)));
            double errors = asked.path("errors").asDouble();
            report.add(Figure.of("errors and lost streams", "", errors).atMost(0));
            report.add(Api.Answer.lost(asked.path("cutShort").asLong()));
            note(report, asked);
            if (plan.burst() > 0) {
                overload(child, report);
            }
            JsonNode state = child.order("state");
            report.add(Figure.of(
                            "peak resident memory, broker and model server with it",
                            "MiB",
                            ProcessCost.peakResidentBytes() / MEBIBYTE))
                    .counted("streams open at the end", state.path("open").asLong())
                    .counted("tokens, each as it was scripted", words);
        }
        return report;
    }

    private void overload(Child child, Report report) throws IOException, InterruptedException {
        progress.accept("an answer's time before the overload");
        int few = Math.min(FEW, plan.generations());
        JsonNode before = child.order("ask " + few);
        progress.accept(plan.burst() + " messages by " + plan.callers() + " callers");
        JsonNode burst = child.order("burst " + plan.burst() + " " + plan.callers());
        report.add(Figure.of(
                                "overload: neither accepted nor refused with Retry-After",
                                "",
                                burst.path("errors").asDouble()
                                        - before.path("errors").asDouble())
                        .atMost(0))
                .add(Figure.of(
                                "overload: accepted, but not answered",
                                "",
                                burst.path("accepted").asDouble()
                                        - burst.path("answered").asDouble())
                        .atMost(0))
                .add(Figure.of(
                                "overload: messages refused with 429 or 503 and Retry-After",
                                "",
                                burst.path("later").asDouble())
                        .atLeast(1))
                .add(Figure.of(
                                "overload: refused after, p99",
                                "ms",
                                burst.path("refusedP99").asDouble())
                        .atMost(REFUSED_MILLIS))
                .counted(
                        "messages accepted of the burst, each answered",
                        burst.path("answered").asLong());
        progress.accept("whether it recovered");
        JsonNode after = child.order("ask " + few);
        report.add(Figure.of(
                                "after overload: answers, whole and alike",
                                "",
                                after.path("answered").asDouble())
                        .atLeast(few))
                .add(Figure.of(
                                "after overload: first token against before, p50",
                                "ratio",
                                after.path("firstP50").asDouble()
                                        / Math.max(1, before.path("firstP50").asDouble()))
                        .atMost(RECOVERED))
                .add(Figure.of(
                        "after overload: first token, p50",
                        "ms",
                        after.path("firstP50").asDouble()))
                .add(Figure.of(
                                "after overload: errors",
                                "",
                                after.path("errors").asDouble()
                                        - burst.path("errors").asDouble())
                        .atMost(0));
        note(report, after);
    }

    private static void note(Report report, JsonNode answer) {
        if (answer.has("firstError")) {
            report.note("First error: " + answer.path("firstError").asText());
        }
    }

    /** Samples this process's heap. */
    private static final class Peak implements AutoCloseable {

        private final AtomicLong most = new AtomicLong();
        private final AtomicBoolean over = new AtomicBoolean();

        static Peak watch() {
            Peak peak = new Peak();
            Thread.ofPlatform().daemon().name("bench-heap").start(peak::sample);
            return peak;
        }

        private void sample() {
            Runtime runtime = Runtime.getRuntime();
            while (!over.get()) {
                most.accumulateAndGet(runtime.totalMemory() - runtime.freeMemory(), Math::max);
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        long bytes() {
            return most.get();
        }

        @Override
        public void close() {
            over.set(true);
        }
    }

    /** The clients' process. It ends when its standard input does. */
    private static final class Child implements AutoCloseable {

        private final Process process;
        private final BufferedWriter orders;
        private final BufferedReader answers;

        Child(URI server) throws IOException {
            process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx2g",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            LoadClient.class.getName(),
                            server.toString()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            orders = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
            answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }

        JsonNode order(String order) throws IOException {
            orders.write(order + "\n");
            orders.flush();
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.startsWith("{")) {
                    return Api.MAPPER.readTree(line);
                }
            }
            throw new IOException("the clients' process ended during '" + order + "'");
        }

        @Override
        public void close() throws InterruptedException {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }
}
