package dev.parley.bench;

import dev.parley.faults.EventStream;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * How soon a cancelled answer stops costing: from sending the cancel, at a random token of a running answer, to the model
 * server seeing its client close the connection. Client and model server are on one monotonic clock.
 */
final class CancelBenchmark {

    record Plan(int cancels, int streams, int warmUp, long seed) {}

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Api api;
    private final ScriptedModelServer model;
    private final Plan plan;
    private final Consumer<String> progress;
    private final List<Double> closedMillis = Collections.synchronizedList(new ArrayList<>());
    private final List<Double> toldMillis = Collections.synchronizedList(new ArrayList<>());

    CancelBenchmark(Api api, ScriptedModelServer model, Plan plan, Consumer<String> progress) {
        this.api = api;
        this.model = model;
        this.plan = plan;
        this.progress = progress;
    }

    Report run() throws InterruptedException {
        Random random = new Random(plan.seed());
        progress.accept("warming up");
        cancels("warm-up", plan.warmUp(), random);
        closedMillis.clear();
        toldMillis.clear();
        progress.accept("cancelling");
        cancels("cancel", plan.cancels(), random);
        return new Report("cancel")
                .with("seed", plan.seed())
                .with("cancels", plan.cancels())
                .with("streams", plan.streams())
                .add(Figure.of(
                        "cancel to the model server's connection closed, p50", "ms", Quantiles.median(closedMillis)))
                .add(Figure.of(
                                "cancel to the model server's connection closed, p99",
                                "ms",
                                Quantiles.of(closedMillis, 0.99))
                        .atMost(1000))
                .add(Figure.of("cancel to turn.cancelled at the client, p50", "ms", Quantiles.median(toldMillis)))
                .add(Figure.of("cancel to turn.cancelled at the client, p99", "ms", Quantiles.of(toldMillis, 0.99)))
                .counted("cancels, each with one turn.cancelled and a closed connection", closedMillis.size());
    }

    private void cancels(String kind, int count, Random random) throws InterruptedException {
        int[] tokens = random.ints(count, 1, 20).toArray();
        Together.run(plan.streams(), count, index -> cancel(kind + "-" + index + ".", tokens[index]));
    }

    private void cancel(String question, int tokens) throws IOException, InterruptedException {
        String conversation = api.conversation();
        try (EventStream stream = api.events(conversation, Optional.of("0"))) {
            Api.Reply asked = api.ask(conversation, question, Map.of());
            if (!asked.isAccepted()) {
                throw new IllegalStateException("not accepted: " + asked);
            }
            Api.Transcript transcript = new Api.Transcript();
            while (transcript.times().size() < tokens) {
                transcript.readOne(stream);
            }
            long sent = System.nanoTime();
            Thread cancelling = Thread.ofVirtual().start(() -> {
                try {
                    api.post("/api/conversations/" + conversation + "/cancel", "{}");
                } catch (IOException | InterruptedException e) {
                    // Then no turn.cancelled comes, and reading fails.
                }
            });
            String type = "";
            while (!type.equals("turn.cancelled")) {
                EventStream.Frame frame = stream.next();
                if (frame == null) {
                    throw new IOException("the stream ended before the cancel was told");
                }
                type = Api.MAPPER.readTree(frame.data()).path("type").asText();
                if (type.equals("message.completed") || type.equals("turn.failed")) {
                    throw new IllegalStateException("the turn ended before its cancel: " + type);
                }
            }
            toldMillis.add((System.nanoTime() - sent) / 1e6);
            cancelling.join();
            ModelExchange exchange = model.exchanges().reversed().stream()
                    .filter(candidate -> candidate.request().lastUserText().equals(question))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the model server was not asked " + question));
            if (!exchange.awaitClosedByClient(PATIENCE)) {
                throw new IllegalStateException("the model server's connection stayed open after the cancel");
            }
            closedMillis.add((exchange.endedNanos() - sent) / 1e6);
        }
    }
}
