package dev.parley.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long {@code ./parley up} takes until it is ready, as its user waits for it: the script as a process of its own, with
 * nothing there yet but what the build made. The first run, which is not counted, finds files in the system's cache and a
 * class archive; each run proves with an answer that it was ready.
 */
@Command(
        name = "startup",
        description = "How long './parley up' takes until it is ready, when it is built.",
        mixinStandardHelpOptions = true)
final class StartupCommand extends Measurement {

    private static final Pattern ADDRESS = Pattern.compile("Web page and API\\s+(http://\\S+)");
    private static final int LAST_LINES = 20;

    @Option(names = "--runs", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int runs;

    private record Run(double readySeconds, double answeredSeconds, double residentMebibytes) {}

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        Path script = Path.of(System.getProperty("parley.home", ".")).resolve("parley");
        if (!Files.isExecutable(script)) {
            throw new CannotMeasureException("there is no " + script + " to start");
        }
        progress.accept("starting once, uncounted");
        once(script);
        List<Double> ready = new ArrayList<>();
        List<Double> answered = new ArrayList<>();
        List<Double> memory = new ArrayList<>();
        for (int i = 1; i <= runs; i++) {
            Run run = once(script);
            ready.add(run.readySeconds());
            answered.add(run.answeredSeconds());
            memory.add(run.residentMebibytes());
            progress.accept("run " + i + " of " + runs + ": " + Report.number(run.readySeconds()) + " s");
        }
        return new Report("startup")
                .with("runs", runs)
                .add(Figure.of("./parley up to ready", "s", ready).atMost(20), ready)
                .add(Figure.of("./parley up to a first answer read", "s", answered), answered)
                .add(Figure.of("resident memory then, without Postgres and registry", "MiB", memory), memory)
                .counted("starts, each with an answer", ready.size());
    }

    private static Run once(Path script) throws IOException, InterruptedException {
        long started = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(
                        script.toString(),
                        "up",
                        "--ephemeral",
                        "--http-port",
                        "0",
                        "--kafka-port",
                        "0",
                        "--postgres-port",
                        "0",
                        "--registry-port",
                        "0")
                .redirectErrorStream(true);
        builder.environment()
                .keySet()
                .removeIf(name ->
                        (name.startsWith("PARLEY_") && !name.equals("PARLEY_JAVA_OPTS")) || name.startsWith("KAFKA_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        Thread hook = new Thread(process::destroyForcibly, "bench-startup-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            URI url = awaitReady(output);
            double ready = (System.nanoTime() - started) / 1e9;
            Thread drain = Thread.ofVirtual().start(() -> drain(output));
            Api api = new Api(url);
            Api.Answer answer = api.converse(api.conversation(), "Who is there?");
            double answered = (answer.deltaNanos().getFirst() - started) / 1e9;
            double memory = ProcessCost.residentBytes(process.pid()) / (double) (1 << 20);
            process.destroy();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("./parley up does not stop");
            }
            drain.join();
            return new Run(ready, answered, memory);
        } finally {
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    /** Reads on, so that the process is never kept waiting by what it prints. */
    private static void drain(BufferedReader output) {
        try {
            while (output.readLine() != null) {
                // Nobody wants to know.
            }
        } catch (IOException e) {
            // It has ended.
        }
    }

    private static URI awaitReady(BufferedReader output) throws IOException {
        Deque<String> last = new ArrayDeque<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher address = ADDRESS.matcher(line);
            if (address.find()) {
                return URI.create(address.group(1));
            }
            last.addLast(line);
            if (last.size() > LAST_LINES) {
                last.removeFirst();
            }
        }
        throw new IllegalStateException("./parley up ended: " + String.join(System.lineSeparator(), last));
    }
}
