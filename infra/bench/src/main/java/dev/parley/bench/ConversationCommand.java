package dev.parley.bench;

import dev.parley.bench.Rounds.Sample;
import dev.parley.bench.Rounds.Stopwatch;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.EmbeddedKafka;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.topologies.Topologies;
import dev.parley.topologies.TopologySettings;
import dev.parley.topologies.conversation.ConversationTopology;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Option;

/**
 * Commands a second through the conversation topology, exactly once, against the same topology at least once, which then
 * commits as seldom as Kafka does by itself, and so at its own best.
 *
 * <p>Each way is an application of its own on topics of its own. A round's commands are appended while the application is
 * paused; the round is over when a reader of committed events has seen all that the commands lead to.
 */
@picocli.CommandLine.Command(
        name = "conversation",
        description = "Commands a second through the conversation topology, exactly once against at least once.",
        mixinStandardHelpOptions = true)
final class ConversationCommand extends Measurement {

    private static final double REACH = 0.5;
    private static final String EXACTLY_ONCE = "exactly once";
    private static final String AT_LEAST_ONCE = "at least once";
    private static final String AT_LEAST_ONCE_AGAIN = "at least once again";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DEFAULT_COMMIT_MILLIS = 30_000;

    /** Of one conversation: created, renamed, asked; the first question starts a turn, the others wait behind it. */
    private static final int QUESTIONS = 4;

    private static final int COMMANDS = 2 + QUESTIONS;
    private static final int EVENTS = COMMANDS + 1;

    @Option(names = "--rounds", defaultValue = "7", description = "Interleaved rounds. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--warm-up", defaultValue = "4", description = "Rounds before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--conversations", defaultValue = "3000", description = "A round. Default: ${DEFAULT-VALUE}.")
    private int conversations;

    @Option(names = "--partitions", defaultValue = "6", description = "Of each topic. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    /** One application on topics of its own, with a producer of commands and a reader of events. */
    private final class Application implements AutoCloseable {
        private final Topics topics;
        private final KafkaStreams streams;
        private final Producer<byte[], byte[]> commands;
        private final KafkaConsumer<byte[], byte[]> events;
        private final Map<String, Long> sequences = new HashMap<>();
        private long counted;

        Application(String prefix, Map<String, Object> own, KafkaSettings kafka, Path folder)
                throws InterruptedException {
            TopicSettings topicSettings = new TopicSettings(prefix, partitions, (short) 1);
            this.topics = Topics.of(topicSettings, InMemoryRegistry.serdes());
            new Provisioner(kafka, new InMemoryRegistry())
                    .createTopics(List.<TopicSpec>of(
                            topics.commands().spec(),
                            topics.generationResults().spec(),
                            topics.events().spec(),
                            topics.turns().spec(),
                            topics.controls().spec(),
                            topics.deadLetters().spec()));
            TopologySettings settings = TopologySettings.from(Settings.of(Map.of(
                    "PARLEY_STATE_DIR",
                    folder.resolve(prefix + "state").toString(),
                    "PARLEY_UNCLAIMED_TIMEOUT",
                    "1h")));
            Map<String, Object> all = new HashMap<>(ConversationTopology.streamsConfig());
            all.putAll(own);
            Properties config = Topologies.streamsConfig("conversation", settings, kafka, topicSettings, all);
            this.streams = new KafkaStreams(
                    ConversationTopology.build(topics, settings.conversation(), new SimpleMeterRegistry()), config);
            this.commands = new KafkaProducer<>(
                    kafka.client("parley-bench-commands", Map.of("acks", "all", "linger.ms", 5)),
                    new ByteArraySerializer(),
                    new ByteArraySerializer());
            this.events = new KafkaConsumer<>(
                    kafka.client(
                            "parley-bench-events",
                            Map.of("isolation.level", "read_committed", "auto.offset.reset", "earliest")),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
            events.assign(IntStream.range(0, partitions)
                    .mapToObj(partition -> new TopicPartition(topics.events().name(), partition))
                    .toList());
            streams.start();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (streams.state() != KafkaStreams.State.RUNNING) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("the topology does not run");
                }
                Thread.sleep(20);
            }
            streams.pause();
        }

        Sample round(int round) {
            for (Command asked : commandsOf(round)) {
                String key = new ConversationKey(asked.getTenantId(), asked.getConversationId()).toString();
                var _ = commands.send(new ProducerRecord<>(
                        topics.commands().name(),
                        key.getBytes(StandardCharsets.UTF_8),
                        topics.commands()
                                .values()
                                .serializer()
                                .serialize(topics.commands().name(), asked)));
            }
            commands.flush();
            int wanted = conversations * EVENTS;
            List<ConsumerRecord<byte[], byte[]>> seen = new ArrayList<>(wanted);
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            Stopwatch watch = new Stopwatch();
            streams.resume();
            while (seen.size() < wanted && System.nanoTime() < deadline) {
                events.poll(Duration.ofMillis(50)).forEach(seen::add);
            }
            Sample sample = watch.stop((long) conversations * COMMANDS);
            streams.pause();
            check(seen, wanted);
            return sample;
        }

        /** Every conversation's events, once each and in order. */
        private void check(List<ConsumerRecord<byte[], byte[]>> seen, int wanted) {
            if (seen.size() != wanted) {
                throw new IllegalStateException("saw " + seen.size() + " events where " + wanted + " belong");
            }
            for (ConsumerRecord<byte[], byte[]> record : seen) {
                ConversationEvent event =
                        topics.events().values().deserializer().deserialize(record.topic(), record.value());
                long before = sequences.getOrDefault(event.getConversationId(), 0L);
                if (event.getSequence() != before + 1) {
                    throw new IllegalStateException("an event is lost, doubled or out of order: "
                            + event.getConversationId() + " " + event.getSequence() + " after " + before);
                }
                sequences.put(event.getConversationId(), event.getSequence());
            }
            counted += seen.size();
        }

        @Override
        public void close() {
            events.close();
            commands.close();
            streams.close(Duration.ofSeconds(5));
        }
    }

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        Map<String, Object> atLeastOnce = Map.of(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                StreamsConfig.AT_LEAST_ONCE,
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                DEFAULT_COMMIT_MILLIS);
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0)) {
            KafkaSettings kafka = KafkaSettings.of(broker.bootstrapServers());
            try (Application exactly = new Application("eos.", Map.of(), kafka, scratch.folder());
                    Application atLeast = new Application("alos.", atLeastOnce, kafka, scratch.folder());
                    Application again = new Application("again.", atLeastOnce, kafka, scratch.folder())) {
                Report report = new Rounds(rounds, warmUp, seed)
                        .way(EXACTLY_ONCE, exactly::round)
                        .way(AT_LEAST_ONCE, atLeast::round)
                        .way(AT_LEAST_ONCE_AGAIN, again::round)
                        .run(progress)
                        .report("conversation", "commands", EXACTLY_ONCE, AT_LEAST_ONCE, AT_LEAST_ONCE_AGAIN, REACH)
                        .with("conversations a round", conversations)
                        .with("commands a conversation", COMMANDS)
                        .with("partitions", partitions)
                        .with(
                                "commit interval, exactly once",
                                String.valueOf(ConversationTopology.streamsConfig()
                                        .get(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG)))
                        .with("commit interval, at least once", DEFAULT_COMMIT_MILLIS);
                return report.counted(
                                "events, each conversation's in order and once",
                                exactly.counted + atLeast.counted + again.counted)
                        .note("One stream thread each, one broker with one copy of each record, all in this process.");
            }
        }
    }

    private List<Command> commandsOf(int round) {
        List<Command> commands = new ArrayList<>();
        for (int step = 0; step < COMMANDS; step++) {
            for (int conversation = 0; conversation < conversations; conversation++) {
                String id = "round-%03d-%06d".formatted(round, conversation);
                commands.add(new Command("command_" + id + "_" + step, "default", id, Instant.now(), body(id, step)));
            }
        }
        return commands;
    }

    private static Command.Body body(String conversation, int step) {
        return switch (step) {
            case 0 -> new CreateConversation(null, "default", Map.of());
            case 1 -> new RenameConversation("About retention");
            default -> {
                TurnIds ids = TurnIds.of(new ConversationKey("default", conversation), "question-" + step);
                yield SubmitMessage.newBuilder()
                        .setMessageId(ids.messageId().text())
                        .setTurnId(ids.turnId().text())
                        .setAssistantMessageId(ids.assistantMessageId().text())
                        .setContent("How long are records of a compacted topic kept, and who decides that?")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("fingerprint")
                        .build();
            }
        };
    }
}
