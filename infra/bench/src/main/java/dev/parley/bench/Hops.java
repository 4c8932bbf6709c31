package dev.parley.bench;

import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Where the time of a turn goes: the moments that the writers of its records gave them, read from the topics afterwards.
 * Records of one turn are known by the trace that they carry. The moments are wall-clock times of one machine.
 */
final class Hops {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CALL = Duration.ofSeconds(30);

    /** What happens to a turn, in this order. */
    private enum Step {
        ASKED("client asks", ""),
        COMMAND("command", "SubmitMessage"),
        STARTED("turn.started", "TurnStarted"),
        TURN("turn request", "TurnRequest"),
        GENERATION("generation request", "GenerationRequest"),
        CLAIM("worker's claim", "AttemptStarted"),
        DELTA("first delta", "TextDelta"),
        SEEN("client sees it", "");

        private final String words;
        private final String type;

        Step(String words, String type) {
            this.words = words;
            this.type = type;
        }
    }

    private final KafkaSettings kafka;
    private final Topics topics;
    private final Map<String, EnumMap<Step, Instant>> turns = new HashMap<>();

    Hops(KafkaSettings kafka, Topics topics) {
        this.kafka = kafka;
        this.topics = topics;
    }

    /** Has a turn count whose records carry {@code trace}, of 32 hexadecimal digits. */
    synchronized void expect(String trace, Instant asked, Instant seen) {
        EnumMap<Step, Instant> moments = new EnumMap<>(Step.class);
        moments.put(Step.ASKED, asked);
        moments.put(Step.SEEN, seen);
        turns.put(trace, moments);
    }

    /** Reads the topics to their ends, and adds the median of each hop; turns with a hop missing are counted. */
    synchronized void report(Report report) {
        read();
        List<EnumMap<Step, Instant>> whole = turns.values().stream()
                .filter(moments -> moments.size() == Step.values().length)
                .toList();
        report.counted("turns with every hop in the log", whole.size());
        if (whole.size() < turns.size()) {
            report.note((turns.size() - whole.size()) + " of " + turns.size()
                    + " turns lack a hop in the log, and are in no figure of a hop.");
        }
        if (whole.isEmpty()) {
            return;
        }
        Step[] steps = Step.values();
        for (int i = 1; i < steps.length; i++) {
            Step from = steps[i - 1];
            Step to = steps[i];
            List<Double> millis = whole.stream()
                    .map(moments -> ChronoUnit.MICROS.between(moments.get(from), moments.get(to)) / 1000.0)
                    .toList();
            report.add(Figure.of("hop: " + from.words + " to " + to.words + ", p50", "ms", Quantiles.median(millis)))
                    .add(Figure.of(
                            "hop: " + from.words + " to " + to.words + ", p99", "ms", Quantiles.of(millis, 0.99)));
        }
    }

    private void read() {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                kafka.client("parley-bench-hops", Map.of("enable.auto.commit", false)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = Stream.of(
                            topics.commands().name(),
                            topics.events().name(),
                            topics.turns().name(),
                            topics.generationRequests().name(),
                            topics.chunks().name())
                    .flatMap(name -> consumer.partitionsFor(name, CALL).stream())
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, CALL);
            Set<Map.Entry<TopicPartition, Long>> open = new HashSet<>(ends.entrySet());
            long deadline = System.nanoTime() + CALL.toNanos();
            while (!open.isEmpty() && System.nanoTime() < deadline) {
                consumer.poll(POLL).forEach(this::take);
                open.removeIf(end -> consumer.position(end.getKey(), CALL) >= end.getValue());
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        String traceparent = CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT);
        String type = CloudEventHeaders.text(record.headers(), CloudEventHeaders.TYPE);
        String time = CloudEventHeaders.text(record.headers(), CloudEventHeaders.TIME);
        if (traceparent == null || type == null || time == null || traceparent.length() < 35) {
            return;
        }
        EnumMap<Step, Instant> moments = turns.get(traceparent.substring(3, 35));
        if (moments != null) {
            step(type).ifPresent(step -> moments.putIfAbsent(step, Instant.parse(time)));
        }
    }

    private static Optional<Step> step(String type) {
        String name = type.substring(type.lastIndexOf('.') + 1);
        for (Step step : Step.values()) {
            if (step.type.equals(name)) {
                return Optional.of(step);
            }
        }
        return Optional.empty();
    }

    /** A trace to ask a turn with. */
    static String trace(Random random) {
        return "%016x%016x".formatted(random.nextLong() | 1, random.nextLong());
    }
}
