package dev.parley.launcher.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a turn costs in a conversation that grows, and what a list costs among conversations that grow in number. The model
 * answers at once, so that all of a turn's time is Parley's.
 */
public final class GrowthBenchmark {

    /**
     * How much.
     *
     * @param messages lengths of the conversation to measure at, ascending
     * @param stored numbers of conversations to measure at, ascending
     */
    public record Plan(List<Integer> messages, List<Integer> stored, int samples, int warmUp) {}

    private static final int MAKING = 16;

    private final Api api;
    private final Plan plan;
    private final Consumer<String> progress;
    private long turns;
    private int conversations;

    public GrowthBenchmark(Api api, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.plan = plan;
        this.progress = progress;
    }

    public Report run() throws IOException, InterruptedException {
        progress.accept("warming up");
        String warm = api.conversation();
        for (int i = 0; i < plan.warmUp(); i++) {
            turn(warm);
            api.get("/api/conversations/" + warm);
        }
        Report report = new Report("growth").with("samples", plan.samples()).with("warm-up", plan.warmUp());
        conversations = 1;
        messages(report);
        stored(report);
        return report.counted("turns, each with its whole answer", turns)
                .counted("conversations stored at the end", conversations);
    }

    private void messages(Report report) throws IOException, InterruptedException {
        String conversation = api.conversation();
        conversations++;
        int length = 0;
        List<Double> medians = new ArrayList<>();
        for (int wanted : plan.messages()) {
            progress.accept("a conversation of " + wanted + " messages");
            for (; length < wanted; length += 2) {
                turn(conversation);
            }
            List<Double> turn = new ArrayList<>();
            List<Double> snapshot = new ArrayList<>();
            for (int i = 0; i < plan.samples(); i++) {
                turn.add(turn(conversation));
                length += 2;
                snapshot.add(millis(() -> api.get("/api/conversations/" + conversation)));
            }
            medians.add(Quantiles.median(turn));
            report.add(Figure.of("turn, conversation of " + wanted + " messages", "ms", Quantiles.median(turn)), turn)
                    .add(
                            Figure.of(
                                    "snapshot, conversation of " + wanted + " messages",
                                    "ms",
                                    Quantiles.median(snapshot)),
                            snapshot);
        }
        long stored =
                api.get("/api/conversations/" + conversation).path("messages").size();
        report.counted("messages in the longest conversation's snapshot, of " + length, stored);
        report.add(Figure.of(
                "turn in the longest against the shortest conversation",
                "ratio",
                medians.getLast() / medians.getFirst()));
    }

    private void stored(Report report) throws IOException, InterruptedException {
        for (int wanted : plan.stored()) {
            progress.accept(wanted + " stored conversations");
            int missing = Math.max(0, wanted - conversations);
            Together.run(MAKING, missing, index -> api.conversation());
            conversations += missing;
            List<Double> first = new ArrayList<>();
            for (int i = 0; i < plan.samples(); i++) {
                first.add(millis(() -> api.get("/api/conversations?limit=50")));
            }
            report.add(
                    Figure.of("list of the newest 50, of " + wanted + " conversations", "ms", Quantiles.median(first)),
                    first);
        }
    }

    private double turn(String conversation) throws IOException, InterruptedException {
        turns++;
        Api.Answer answer = api.converse(conversation, Optional.empty(), "Go.", Map.of());
        return answer.wholeMillis();
    }

    private static double millis(Together.Step step) throws IOException, InterruptedException {
        long started = System.nanoTime();
        step.run();
        return (System.nanoTime() - started) / 1e6;
    }
}
