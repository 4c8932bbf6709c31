package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * What Parley adds to a model server's time to first token and to the gaps between tokens: the same scripted answers,
 * asked of the model server directly and through the whole pipeline, by one client on one monotonic clock.
 *
 * <p>Rounds interleave direct, direct again (A/A) and through Parley in shuffled order; a figure is the median over rounds
 * of the round's difference. Every answer's tokens are counted and compared; one missing or repeated fails the run.
 */
final class LatencyBenchmark {

    /** Where to measure: a running Parley whose engine is the scripted model server at {@code modelServer}. */
    record Target(URI parley, URI modelServer, String model, KafkaSettings kafka, Topics topics) {}

    /**
     * How much to measure.
     *
     * @param streams how many answers run at the same time
     */
    record Plan(int rounds, int answersPerRound, int streams, int warmUpAnswers, long seed) {}

    /** More at once than are measured: what counts is how often code ran, not how fast. */
    private static final int WARM_UP_STREAMS = 24;

    /** Smaller times than this are not told apart: 5 % of it is 0.25 ms. */
    private static final double SMALLEST_MILLIS = 5;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Target target;
    private final Plan plan;
    private final Consumer<String> progress;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Api api;
    private final Hops hops;

    /** The times of some answers, in milliseconds. */
    private record Sample(
            List<Double> firstTokenMillis,
            List<Double> gapMillis,
            int tokens,
            double wallMillis,
            long cpuNanos,
            long cutShort) {
        double tokensPerSecond() {
            return tokens / (wallMillis / 1000);
        }

        double cpuMicrosPerToken() {
            return cpuNanos / 1000.0 / tokens;
        }
    }

    private record Timeline(long askedNanos, List<Long> tokenNanos, String text, boolean cutShort) {}

    private enum Way {
        DIRECT,
        DIRECT_AGAIN,
        PARLEY
    }

    LatencyBenchmark(Target target, Plan plan, Consumer<String> progress) {
        this.target = target;
        this.plan = plan;
        this.progress = progress;
        this.api = new Api(target.parley());
        this.hops = new Hops(target.kafka(), target.topics());
    }

    /** Runs all rounds; the report has every figure with its spread, the rounds' raw figures and the counts. */
    Report run() throws InterruptedException {
        Random random = new Random(plan.seed());
        progress.accept("warming up");
        sample(Way.DIRECT, plan.warmUpAnswers(), WARM_UP_STREAMS, false);
        sample(Way.PARLEY, plan.warmUpAnswers(), WARM_UP_STREAMS, false);
        List<Map<Way, Sample>> rounds = new ArrayList<>();
        for (int round = 1; round <= plan.rounds(); round++) {
            List<Way> order = new ArrayList<>(List.of(Way.values()));
            Collections.shuffle(order, random);
            Map<Way, Sample> samples = new EnumMap<>(Way.class);
            for (Way way : order) {
                samples.put(way, sample(way, plan.answersPerRound(), plan.streams(), true));
            }
            rounds.add(samples);
            progress.accept("round " + round + " of " + plan.rounds());
        }
        return report(rounds);
    }

    private Report report(List<Map<Way, Sample>> rounds) {
        Report report = new Report("latency")
                .with("seed", plan.seed())
                .with("rounds", plan.rounds())
                .with("answers a round", plan.answersPerRound())
                .with("streams", plan.streams())
                .with("warm-up", plan.warmUpAnswers())
                .with("model", target.model());
        List<Double> firstP50 = differences(rounds, Way.PARLEY, s -> Quantiles.of(s.firstTokenMillis(), 0.5));
        List<Double> firstP99 = differences(rounds, Way.PARLEY, s -> Quantiles.of(s.firstTokenMillis(), 0.99));
        List<Double> gapP50 = differences(rounds, Way.PARLEY, s -> Quantiles.of(s.gapMillis(), 0.5));
        List<Double> gapP99 = differences(rounds, Way.PARLEY, s -> Quantiles.of(s.gapMillis(), 0.99));
        List<Double> again = differences(rounds, Way.DIRECT_AGAIN, s -> Quantiles.median(s.firstTokenMillis()));
        List<Double> throughput = rounds.stream()
                .map(round -> sampleOf(round, Way.PARLEY).tokensPerSecond()
                        / sampleOf(round, Way.DIRECT).tokensPerSecond())
                .toList();
        double direct = Quantiles.median(rounds.stream()
                .map(round -> Quantiles.median(sampleOf(round, Way.DIRECT).firstTokenMillis()))
                .toList());
        report.add(Figure.of("added time to first token, p50", "ms", firstP50).atMost(40), firstP50)
                .add(Figure.of("added time to first token, p99", "ms", firstP99).atMost(120), firstP99)
                .add(Figure.of("added gap between tokens, p50", "ms", gapP50).atMost(1), gapP50)
                .add(Figure.of("added gap between tokens, p99", "ms", gapP99).atMost(10), gapP99)
                .add(
                        Figure.of("tokens a second, against direct", "ratio", throughput)
                                .atLeast(0.90),
                        throughput)
                .add(Figure.of("direct against direct again (A/A), first token", "ms", again), again)
                .add(Figure.of("direct call's first token, p50", "ms", direct));
        int tokens = rounds.stream()
                .flatMap(round -> round.values().stream())
                .mapToInt(Sample::tokens)
                .sum();
        report.agreed(Agreement.ofDifferences("a direct call's first token", again, Math.max(SMALLEST_MILLIS, direct)))
                .agreed(Agreement.ofRatios(
                        "direct calls' tokens a second",
                        rounds.stream()
                                .map(round -> sampleOf(round, Way.DIRECT_AGAIN).tokensPerSecond()
                                        / sampleOf(round, Way.DIRECT).tokensPerSecond())
                                .toList()));
        List<Double> cpu = rounds.stream()
                .map(round -> sampleOf(round, Way.PARLEY).cpuMicrosPerToken()
                        - sampleOf(round, Way.DIRECT).cpuMicrosPerToken())
                .toList();
        report.add(Figure.of("CPU time of a token, above the direct call's", "µs", cpu), cpu)
                .add(Figure.of(
                        "peak resident memory, broker and client with it",
                        "MiB",
                        ProcessCost.peakResidentBytes() / (double) (1 << 20)));
        report.add(Api.Answer.lost(rounds.stream()
                .flatMap(round -> round.values().stream())
                .mapToLong(Sample::cutShort)
                .sum()));
        hops.report(report);
        return report.note("One process holds the roles, the broker, the model server and the client: one replica.")
                .counted("tokens, each as it was scripted", tokens);
    }

    private static Sample sampleOf(Map<Way, Sample> round, Way way) {
        Sample sample = round.get(way);
        if (sample == null) {
            throw new IllegalStateException("no sample of " + way);
        }
        return sample;
    }

    /** By round, how much a figure of {@code way} is above the direct call's. */
    private static List<Double> differences(List<Map<Way, Sample>> rounds, Way way, ToDoubleFunction<Sample> figure) {
        return rounds.stream()
                .map(round ->
                        figure.applyAsDouble(sampleOf(round, way)) - figure.applyAsDouble(sampleOf(round, Way.DIRECT)))
                .toList();
    }

    private Sample sample(Way way, int answers, int streams, boolean measured) throws InterruptedException {
        List<Timeline> timelines = Collections.synchronizedList(new ArrayList<>());
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(streams);
        long started = System.nanoTime();
        long cpuBefore = ProcessCost.cpuNanos();
        for (int stream = 0; stream < streams; stream++) {
            int share = answers / streams + (stream < answers % streams ? 1 : 0);
            Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < share; i++) {
                        timelines.add(way == Way.PARLEY ? throughParley(measured) : direct());
                    }
                } catch (IOException | InterruptedException | RuntimeException e) {
                    failures.add(e);
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        double wallMillis = (System.nanoTime() - started) / 1e6;
        long cpuNanos = ProcessCost.cpuNanos() - cpuBefore;
        if (!failures.isEmpty()) {
            throw new IllegalStateException(way + " failed", failures.getFirst());
        }
        List<Double> first = new ArrayList<>();
        List<Double> gaps = new ArrayList<>();
        int tokens = 0;
        for (Timeline timeline : timelines) {
            List<Long> times = timeline.tokenNanos();
            first.add((times.getFirst() - timeline.askedNanos()) / 1e6);
            for (int i = 1; i < times.size(); i++) {
                gaps.add((times.get(i) - times.get(i - 1)) / 1e6);
            }
            tokens += timeline.text().split(" ").length;
            if (!timeline.text().equals(timelines.getFirst().text())) {
                throw new IllegalStateException("an answer differs from the others: a token was lost or doubled");
            }
        }
        return new Sample(
                first,
                gaps,
                tokens,
                wallMillis,
                cpuNanos,
                timelines.stream().filter(Timeline::cutShort).count());
    }

    private Timeline direct() throws IOException, InterruptedException {
        String body = MAPPER.createObjectNode()
                .put("model", target.model())
                .put("stream", true)
                .set(
                        "messages",
                        MAPPER.createArrayNode()
                                .add(MAPPER.createObjectNode()
                                        .put("role", "user")
                                        .put("content", "Go.")))
                .toString();
        HttpRequest request = HttpRequest.newBuilder(URI.create(target.modelServer() + "/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        long asked = System.nanoTime();
        StringBuilder text = new StringBuilder();
        List<Long> times = new ArrayList<>();
        try (BufferedReader lines = lines(request)) {
            // To the end of the body: a connection that is left before it cannot be used again.
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("data: ") && !line.equals("data: [DONE]")) {
                    JsonNode piece = MAPPER.readTree(line.substring(6)).at("/choices/0/delta/content");
                    if (!piece.asText("").isEmpty()) {
                        times.add(System.nanoTime());
                        text.append(piece.asText());
                    }
                }
            }
        }
        return new Timeline(asked, times, text.toString(), false);
    }

    private Timeline throughParley(boolean measured) throws IOException, InterruptedException {
        String conversation = api.conversation();
        String trace = Hops.trace(ThreadLocalRandom.current());
        Instant askedAt = Instant.now();
        long asked = System.nanoTime();
        Api.Answer answer = api.converse(
                conversation, Optional.of("0"), "Go.", Map.of("traceparent", "00-" + trace + "-00f067aa0ba902b7-01"));
        if (measured) {
            // The stream was opened before the message was sent, which is where time begins.
            Instant sent = askedAt.plusNanos(answer.askedNanos() - asked);
            hops.expect(trace, sent, askedAt.plusNanos(answer.deltaNanos().getFirst() - asked));
        }
        return new Timeline(answer.askedNanos(), answer.deltaNanos(), answer.text(), answer.cutShort());
    }

    private BufferedReader lines(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(request.uri() + " answered " + response.statusCode());
        }
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }
}
