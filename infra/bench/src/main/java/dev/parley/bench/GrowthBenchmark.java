package dev.parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * What a turn costs in a conversation that grows, and what a turn and a list cost among conversations that grow in number.
 * The model answers at once, so that all of a turn's time is Parley's.
 *
 * <p>Nothing may grow faster than its work. A turn's work is bounded, since the history that a model is given is: it may take
 * half as long again in the longest conversation, or among the most. A snapshot's work is its messages: none may take longer
 * than in the shortest. A list of the newest 50 is the same work among any number: twice the time is allowed.
 */
final class GrowthBenchmark {

    /**
     * How much.
     *
     * @param messages lengths of the conversation to measure at, ascending
     * @param stored numbers of conversations to measure at, ascending
     */
    record Plan(List<Integer> messages, List<Integer> stored, int samples, int warmUp, long seed) {}

    /** How much longer a turn may take where there is more of everything but its own work. */
    private static final double TURN = 1.5;

    private static final double LIST = 2;
    private static final int RATE_WORTH_TELLING = 5_000;

    private final Api api;
    private final StoredConversations conversations;
    private final Plan plan;
    private final Random order;
    private final Consumer<String> progress;
    private long turns;

    /** Times in milliseconds of one size. */
    private record Times(List<Double> turn, List<Double> read) {
        Times() {
            this(new ArrayList<>(), new ArrayList<>());
        }
    }

    GrowthBenchmark(Api api, StoredConversations conversations, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.conversations = conversations;
        this.plan = plan;
        this.order = new Random(plan.seed());
        this.progress = progress;
    }

    /** Measures, and adds what it finds to {@code report}. */
    void run(Report report) throws IOException, InterruptedException {
        report.with("samples", plan.samples()).with("warm-up", plan.warmUp()).with("seed", plan.seed());
        progress.accept("warming up");
        String warm = api.conversation();
        for (int i = 0; i < plan.warmUp(); i++) {
            turn(warm);
            api.get("/api/conversations/" + warm);
        }
        messages(report);
        stored(report);
        report.counted("turns, each with its whole answer", turns);
    }

    private void messages(Report report) throws IOException, InterruptedException {
        Map<Integer, String> made = new HashMap<>();
        Map<Integer, Times> times = new LinkedHashMap<>();
        for (int length : plan.messages()) {
            progress.accept("making a conversation of " + length + " messages");
            made.put(length, conversation(length));
            times.put(length, new Times());
        }
        progress.accept("a turn in each, " + plan.samples() + " times");
        for (int i = 0; i < plan.samples(); i++) {
            List<Integer> lengths = new ArrayList<>(plan.messages());
            Collections.shuffle(lengths, order);
            for (int length : lengths) {
                // What is short does not stay so: each time another.
                String conversation =
                        length < 4 * plan.samples() ? conversation(length) : made.getOrDefault(length, "");
                Times of = times.getOrDefault(length, new Times());
                of.turn().add(turn(conversation));
                of.read().add(millis(() -> api.get("/api/conversations/" + conversation)));
            }
        }
        times.forEach((length, of) -> report.add(
                        Figure.of("turn, conversation of " + length + " messages", "ms", of.turn()), of.turn())
                .add(Figure.of("snapshot, conversation of " + length + " messages", "ms", of.read()), of.read()));
        int shortest = plan.messages().getFirst();
        int longest = plan.messages().getLast();
        Times few = times.getOrDefault(shortest, new Times());
        Times many = times.getOrDefault(longest, new Times());
        long kept = api.get("/api/conversations/" + made.getOrDefault(longest, ""))
                .path("messages")
                .size();
        report.add(Figure.of("turn, longest against shortest conversation", "ratio", ratio(many.turn(), few.turn()))
                        .atMost(TURN))
                .add(Figure.of(
                                "snapshot by message, longest against shortest",
                                "ratio",
                                ratio(many.read(), few.read()) * shortest / longest)
                        .atMost(1))
                .counted("messages in the longest conversation's snapshot", kept);
    }

    private String conversation(int messages) throws IOException, InterruptedException {
        String conversation = api.conversation();
        for (int i = 0; i < messages; i += 2) {
            turn(conversation);
        }
        return conversation;
    }

    private void stored(Report report) throws IOException, InterruptedException {
        Map<Integer, Times> times = new LinkedHashMap<>();
        long heapBefore = 0;
        long countBefore = 0;
        for (int wanted : plan.stored()) {
            progress.accept(wanted + " stored conversations");
            int missing = (int) Math.max(0, wanted - conversations.count());
            long began = System.nanoTime();
            conversations.make(missing, progress);
            double seconds = (System.nanoTime() - began) / 1e9;
            if (missing >= RATE_WORTH_TELLING) {
                report.add(
                        Figure.of("conversations from command to read model, to " + wanted, "/s", missing / seconds));
            }
            if (times.isEmpty()) {
                heapBefore = ProcessCost.liveHeapBytes();
                countBefore = conversations.count();
            }
            times.put(wanted, among());
        }
        long count = conversations.count();
        if (count > countBefore) {
            report.add(Figure.of(
                    "heap a stored conversation, of every role",
                    "bytes",
                    (double) (ProcessCost.liveHeapBytes() - heapBefore) / (count - countBefore)));
        }
        times.forEach((wanted, of) -> report.add(
                        Figure.of("turn, among " + wanted + " conversations", "ms", of.turn()), of.turn())
                .add(Figure.of("list of the newest 50, of " + wanted + " conversations", "ms", of.read()), of.read()));
        Times few = times.getOrDefault(plan.stored().getFirst(), new Times());
        Times many = times.getOrDefault(plan.stored().getLast(), new Times());
        report.add(Figure.of("turn, among most against fewest", "ratio", ratio(many.turn(), few.turn()))
                        .atMost(TURN))
                .add(Figure.of("list, of most against fewest", "ratio", ratio(many.read(), few.read()))
                        .atMost(LIST))
                .counted("conversations in the read model at the end", count);
    }

    private Times among() throws IOException, InterruptedException {
        Times times = new Times();
        for (int i = 0; i < plan.samples(); i++) {
            times.turn().add(turn(api.conversation()));
            times.read().add(millis(() -> api.get("/api/conversations?limit=50")));
        }
        return times;
    }

    private static double ratio(List<Double> one, List<Double> other) {
        return Quantiles.median(one) / Quantiles.median(other);
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
