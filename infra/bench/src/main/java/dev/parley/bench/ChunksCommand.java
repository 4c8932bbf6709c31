package dev.parley.bench;

import dev.parley.bench.Rounds.Sample;
import dev.parley.bench.Rounds.Stopwatch;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TextDelta;
import dev.parley.llm.work.AnswerLog;
import dev.parley.schemas.TextChecksum;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.EmbeddedKafka;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Chunks a second from a worker into the log, against a raw producer that sends the very same records, encoded before.
 *
 * <p>The worker's way begins with an engine's pieces, each of which becomes a chunk: joining pieces that come within a few
 * milliseconds is off, for it would make fewer records of them. Both ways are over when everything is acknowledged.
 */
@Command(
        name = "chunks",
        description = "Chunks a second, worker to chat.chunks, against a raw producer of the same records.",
        mixinStandardHelpOptions = true)
final class ChunksCommand extends Measurement {

    private static final double REACH = 0.4;
    private static final String WORKER = "worker";
    private static final String RAW = "raw producer";
    private static final String RAW_AGAIN = "raw producer again";
    private static final int MAX_ANSWER_BYTES = 4 * 1024 * 1024;
    private static final int PARTITIONS = 6;
    private static final long STEP_NANOS = Duration.ofSeconds(1).toNanos();

    @Option(names = "--rounds", defaultValue = "7", description = "Interleaved rounds. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--warm-up", defaultValue = "3", description = "Rounds before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--answers", defaultValue = "64", description = "At the same time. Default: ${DEFAULT-VALUE}.")
    private int answers;

    @Option(
            names = "--batches",
            defaultValue = "4",
            description = "Of answers, in one round: it has to be long enough to be steady. Default: ${DEFAULT-VALUE}.")
    private int batches;

    @Option(names = "--tokens", defaultValue = "800", description = "Of one answer. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0)) {
            KafkaSettings kafka = KafkaSettings.of(broker.bootstrapServers());
            Topics topics = Topics.of(new TopicSettings("", PARTITIONS, (short) 1), InMemoryRegistry.serdes());
            new Provisioner(kafka, new InMemoryRegistry())
                    .createTopics(List.of(topics.chunks().spec()));
            try (AnswerLog worker = new AnswerLog(kafka, topics);
                    Producer<byte[], byte[]> raw = AnswerLog.producer(kafka, "raw")) {
                return measure(progress, kafka, topics, worker, raw);
            }
        }
    }

    private Report measure(
            Consumer<String> progress,
            KafkaSettings kafka,
            Topics topics,
            AnswerLog worker,
            Producer<byte[], byte[]> raw)
            throws IOException, InterruptedException {
        AtomicInteger answer = new AtomicInteger();
        Sample first = throughWorker(worker, answer);
        List<ConsumerRecord<byte[], byte[]>> log = read(kafka, topics);
        long correct = check(topics, log);
        List<ProducerRecord<byte[], byte[]>> prebuilt = log.stream()
                .map(record -> new ProducerRecord<>(
                        record.topic(), null, record.timestamp(), record.key(), record.value(), record.headers()))
                .toList();
        AtomicLong acknowledged = new AtomicLong();
        Rounds run = new Rounds(rounds, warmUp, seed)
                .way(WORKER, round -> batches(() -> throughWorker(worker, answer)))
                .way(RAW, round -> batches(() -> prebuilt(raw, prebuilt, acknowledged)))
                .way(RAW_AGAIN, round -> batches(() -> prebuilt(raw, prebuilt, acknowledged)))
                .run(progress);
        Report report = run.report("chunks", "chunks", WORKER, RAW, RAW_AGAIN, REACH)
                .with("answers at the same time", answers)
                .with("chunks an answer", tokens + 1)
                .with("batches a round", batches)
                .with("partitions", PARTITIONS);
        long sentByEach = (warmUp + rounds) * (long) batches * first.items();
        long sent = 3 * sentByEach + first.items();
        long logged = end(kafka, topics);
        if (logged != sent || acknowledged.get() != 2 * sentByEach) {
            throw new IllegalStateException("the log has " + logged + " records where " + sent + " were sent");
        }
        return report.add(Figure.of(
                        "record, key, value and headers",
                        "bytes",
                        (double) log.stream().mapToLong(ChunksCommand::size).sum() / log.size()))
                .counted("records in the log, as many as were sent", logged)
                .counted("answers whose chunks add up to the text and its checksum", correct)
                .note("One worker, one broker with one copy of each record, all in this process.");
    }

    /** One after the other. */
    private Sample batches(Callable<Sample> batch) throws Exception {
        long items = 0;
        Stopwatch watch = new Stopwatch();
        for (int i = 0; i < batches; i++) {
            items += batch.call().items();
        }
        return watch.stop(items);
    }

    private static long size(ConsumerRecord<byte[], byte[]> record) {
        long headers = 0;
        for (var header : record.headers()) {
            headers += header.key().length() + (header.value() == null ? 0 : header.value().length);
        }
        return record.key().length + record.value().length + headers;
    }

    /** Time runs for the writer, by more than it would wait: each piece is a chunk. */
    private static LongSupplier hurrying() {
        AtomicLong nanos = new AtomicLong();
        return () -> nanos.addAndGet(STEP_NANOS);
    }

    private Sample throughWorker(AnswerLog log, AtomicInteger number) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(answers);
        AtomicInteger failed = new AtomicInteger();
        Stopwatch watch = new Stopwatch();
        for (int i = 0; i < answers; i++) {
            GenerationRequest request = request(number.incrementAndGet());
            Thread.ofVirtual().start(() -> {
                try {
                    AnswerLog.Answer answer = log.answer(request, MAX_ANSWER_BYTES, hurrying());
                    for (int token = 0; token < tokens; token++) {
                        answer.text(token(token));
                    }
                    answer.finish();
                } catch (RuntimeException e) {
                    failed.incrementAndGet();
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        log.flush();
        if (failed.get() > 0) {
            throw new IllegalStateException(failed + " answers could not be written");
        }
        return watch.stop((long) answers * (tokens + 1));
    }

    private static String token(int index) {
        return "token" + index % 100 + " ";
    }

    private static GenerationRequest request(int number) {
        return GenerationRequest.newBuilder()
                .setTenantId("default")
                .setConversationId("conversation-" + String.format("%08d", number))
                .setTurnId("turn_" + String.format("%024d", number))
                .setGenerationId("turn_" + String.format("%024d", number) + ".1")
                .setAssistantMessageId("msg_" + String.format("%024d", number))
                .setAttempt(1)
                .setCause("first")
                .setTime(Instant.now())
                .setEngine("default")
                .setMessages(List.of(PromptMessage.newBuilder()
                        .setRole(Role.USER)
                        .setContent("Go.")
                        .build()))
                .build();
    }

    private static Sample prebuilt(
            Producer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records, AtomicLong acknowledged) {
        Stopwatch watch = new Stopwatch();
        for (ProducerRecord<byte[], byte[]> record : records) {
            // A producer freezes a record's headers; what it is given is made of prebuilt parts alone.
            var _ = producer.send(
                    new ProducerRecord<>(
                            record.topic(), null, record.timestamp(), record.key(), record.value(), record.headers()),
                    (metadata, failure) -> {
                        if (failure == null) {
                            acknowledged.incrementAndGet();
                        }
                    });
        }
        producer.flush();
        return watch.stop(records.size());
    }

    private static List<TopicPartition> partitions(Topics topics) {
        return IntStream.range(0, PARTITIONS)
                .mapToObj(partition -> new TopicPartition(topics.chunks().name(), partition))
                .toList();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(KafkaSettings kafka) {
        return new KafkaConsumer<>(
                kafka.client("parley-bench", Map.of("auto.offset.reset", "earliest")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private static long end(KafkaSettings kafka, Topics topics) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(kafka)) {
            return consumer.endOffsets(partitions(topics)).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(KafkaSettings kafka, Topics topics) {
        long count = end(kafka, topics);
        List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(kafka)) {
            consumer.assign(partitions(topics));
            while (log.size() < count) {
                consumer.poll(Duration.ofSeconds(1)).forEach(log::add);
            }
        }
        return log;
    }

    /** How many attempts have their deltas in order, without a hole, and the text that was said. */
    private long check(Topics topics, List<ConsumerRecord<byte[], byte[]>> log) {
        Map<String, TextChecksum> texts = new HashMap<>();
        Map<String, Integer> next = new HashMap<>();
        long ended = 0;
        for (ConsumerRecord<byte[], byte[]> record : log) {
            GenerationChunk chunk = topics.chunks().values().deserializer().deserialize(record.topic(), record.value());
            String attempt = chunk.getAttemptId();
            switch (chunk.getBody()) {
                case TextDelta delta -> {
                    int expected = next.merge(attempt, 1, Integer::sum) - 1;
                    if (delta.getSeq() != expected || !delta.getText().equals(token(expected))) {
                        throw new IllegalStateException("a delta is lost, doubled or out of order");
                    }
                    texts.computeIfAbsent(attempt, any -> new TextChecksum()).add(delta.getText());
                }
                case AttemptFinished finished -> {
                    TextChecksum text = texts.getOrDefault(attempt, new TextChecksum());
                    if (finished.getTally().getSeq() != tokens
                            || finished.getTally().getTextCrc32c() != text.crc32c()) {
                        throw new IllegalStateException("an answer does not add up");
                    }
                    ended++;
                }
                default -> throw new IllegalStateException("not expected: " + chunk.getBody());
            }
        }
        if (ended != answers) {
            throw new IllegalStateException(ended + " of " + answers + " answers ended");
        }
        return ended;
    }
}
