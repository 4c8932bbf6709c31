package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.faults.Cluster;
import dev.parley.faults.EventStream;
import dev.parley.stack.scripted.Script;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How soon an answer goes on elsewhere when its worker is killed: from the kill to the client's first token of the new
 * attempt, against the lease, after which a silent worker counts as lost, and the model's own time to its first token.
 */
@Command(
        name = "takeover",
        description = "How soon an answer starts again on another worker when its worker is killed.",
        mixinStandardHelpOptions = true)
final class TakeoverCommand extends Measurement {

    /** What the model needs for its first token, as models do. */
    private static final Duration FIRST_TOKEN = Duration.ofMillis(200);

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration PACE = Duration.ofMillis(20);
    private static final Duration SILENCE = Duration.ofSeconds(60);

    @Option(names = "--rounds", defaultValue = "3", description = "Workers to kill. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "At which token the worker is killed. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        Random random = new Random(seed);
        List<Double> millis = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> directMillis = new ArrayList<>();
        try (Cluster cluster = Cluster.start(new Cluster.Size(1, 1, 2, 1), Map.of(), progress)) {
            cluster.model().answerWith(Script.numbered(3_000, PACE).firstTokenAfter(FIRST_TOKEN));
            progress.accept("warming up");
            for (int i = 0; i < 5; i++) {
                direct(cluster);
                untilToken(cluster, 20);
            }
            for (int round = 1; round <= rounds; round++) {
                double direct = direct(cluster);
                double taken = takeover(cluster, random.nextInt(2, 60));
                directMillis.add(direct);
                millis.add(taken);
                ratios.add(taken / (cluster.lease().toMillis() + direct));
                progress.accept("round " + round + " of " + rounds + ": " + Math.round(taken) + " ms");
            }
            return new Report("takeover")
                    .with("rounds", rounds)
                    .with("seed", seed)
                    .with("lease", cluster.lease().toMillis() + " ms")
                    .add(
                            Figure.of("kill to the new attempt's first token, against lease + direct", "ratio", ratios)
                                    .atMost(1.3),
                            ratios)
                    .add(Figure.of("kill to the new attempt's first token", "ms", millis), millis)
                    .add(Figure.of("direct call's first token", "ms", Quantiles.median(directMillis)))
                    .counted("kills, each followed by a message.reset and a new attempt", millis.size());
        }
    }

    private static URI front(Cluster cluster) {
        return cluster.role("ingest").getFirst().url();
    }

    private static EventStream stream(Cluster cluster, String conversation) throws IOException {
        return EventStream.open(
                front(cluster), "/api/conversations/" + conversation + "/events", Optional.of("0"), "", SILENCE);
    }

    private static double takeover(Cluster cluster, int tokens) throws IOException, InterruptedException {
        Api api = new Api(front(cluster));
        String conversation = api.conversation();
        try (EventStream stream = stream(cluster, conversation)) {
            api.post("/api/conversations/" + conversation + "/messages", "{\"content\":\"Go.\"}");
            awaitTokens(stream, tokens);
            Cluster.Node worker = running(cluster);
            long killed = System.nanoTime();
            worker.process().kill();
            awaitType(stream, "message.reset");
            awaitType(stream, "message.delta");
            double millis = (System.nanoTime() - killed) / 1e6;
            api.post("/api/conversations/" + conversation + "/cancel", "{}");
            awaitType(stream, "turn.cancelled");
            cluster.heal();
            return millis;
        }
    }

    private static void untilToken(Cluster cluster, int tokens) throws IOException, InterruptedException {
        Api api = new Api(front(cluster));
        String conversation = api.conversation();
        try (EventStream stream = stream(cluster, conversation)) {
            api.post("/api/conversations/" + conversation + "/messages", "{\"content\":\"Go.\"}");
            awaitTokens(stream, tokens);
            api.post("/api/conversations/" + conversation + "/cancel", "{}");
            awaitType(stream, "turn.cancelled");
        }
    }

    private static Cluster.Node running(Cluster cluster) {
        return cluster.role("llm").stream()
                .filter(node -> cluster.metric(node, "parley_llm_running") > 0)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no worker says that it answers"));
    }

    private static void awaitTokens(EventStream stream, int tokens) throws IOException {
        for (int seen = 0; seen < tokens; seen++) {
            awaitType(stream, "message.delta");
        }
    }

    private static void awaitType(EventStream stream, String type) throws IOException {
        for (EventStream.Frame frame = stream.next(); frame != null; frame = stream.next()) {
            JsonNode event = MAPPER.readTree(frame.data());
            String seen = event.path("type").asText();
            if (seen.equals(type)) {
                return;
            }
            if (seen.equals("turn.failed") || seen.equals("message.completed")) {
                throw new IllegalStateException("instead of " + type + ": " + frame.data());
            }
        }
        throw new IOException("the stream ended before " + type);
    }

    /** The model's own time to its first token, in milliseconds. */
    private static double direct(Cluster cluster) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(cluster.model().baseUrl() + "/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(
                        HttpRequest.BodyPublishers.ofString(
                                "{\"model\":\"scripted\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Go.\"}]}"))
                .build();
        long asked = System.nanoTime();
        try (HttpClient http = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                var lines =
                        http.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
            if (lines.noneMatch(line -> line.contains("\"content\""))) {
                throw new IllegalStateException("the model server says nothing");
            }
            double millis = (System.nanoTime() - asked) / 1e6;
            http.shutdownNow();
            return millis;
        }
    }
}
