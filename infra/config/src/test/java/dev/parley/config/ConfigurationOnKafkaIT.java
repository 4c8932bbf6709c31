package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.Configuration;
import dev.parley.config.ConfigurationLog.Entry;
import dev.parley.schemas.Topics;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.ConfigurationTail;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configurations on a real broker: put in force, told apart, followed, by several writers at once, and from a file. */
class ConfigurationOnKafkaIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private KafkaSettings kafka = KafkaSettings.of("");

    @SuppressWarnings("NullAway.Init")
    private Topics topics;

    @SuppressWarnings("NullAway.Init")
    private ConfigurationLog log;

    @BeforeEach
    void provision() {
        kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
        ValueSerdes serdes = InMemoryRegistry.serdes();
        String prefix = "c" + UUID.randomUUID().toString().substring(0, 8) + ".";
        topics = Topics.of(new TopicSettings(prefix, 1, (short) 1), serdes);
        new Provisioner(kafka, serdes.registry())
                .createTopics(List.of(topics.configuration().spec()));
        log = new ConfigurationLog(kafka, topics.configuration());
    }

    private static Configuration prompting(String prompt) {
        return Yaml.parse(prompted(prompt));
    }

    private static String prompted(String prompt) {
        return "routes: {chat: {system-prompt: " + prompt + "}}\n";
    }

    @Test
    void theLastThatWasAppliedIsInForce() {
        assertThat(log.inForce()).isEqualTo(BuiltInConfiguration.get());
        assertThat(log.history()).isEmpty();

        Applied first = log.apply(prompting("one"));
        Applied second = log.apply(prompting("two"));
        Applied same = log.apply(prompting("two"));
        Applied again = log.apply(prompting("one"));

        assertThat(first.published()).isTrue();
        assertThat(first.before()).isEqualTo(BuiltInConfiguration.get());
        assertThat(first.changes()).extracting(Change::toString).containsExactly("+ routes.chat.system-prompt: one");
        assertThat(second.changes())
                .extracting(Change::toString)
                .containsExactly("~ routes.chat.system-prompt: one → two");
        assertThat(same.published()).isFalse();
        assertThat(same.now().getTime()).isEqualTo(second.now().getTime());
        assertThat(again.published()).isTrue();
        assertThat(again.overtaken()).isFalse();
        assertThat(log.inForce().getVersion()).isEqualTo(prompting("one").getVersion());
        assertThat(log.history())
                .extracting(
                        entry -> entry.configuration().getRoutes().getFirst().getSystemPrompt())
                .endsWith("two", "one");
        assertThat(log.find(prompting("two").getVersion())).isPresent();
        assertThat(log.find("built-in")).contains(BuiltInConfiguration.get());
        assertThat(log.find("none")).isEmpty();
    }

    @Test
    void withSeveralWritersAllNodesAgreeOnTheLastRecord() throws InterruptedException, ExecutionException {
        List<Applied> applied = new ArrayList<>();
        try (ConfigurationTail one = new ConfigurationTail(topics.configuration(), kafka, "tail-1", () -> {});
                ConfigurationTail other = new ConfigurationTail(topics.configuration(), kafka, "tail-2", () -> {});
                ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
            one.start();
            List<Future<Applied>> writing = new ArrayList<>();
            for (int writer = 0; writer < 6; writer++) {
                Configuration configuration = prompting("writer " + writer);
                writing.add(writers.submit(() -> log.apply(configuration)));
            }
            for (Future<Applied> write : writing) {
                applied.add(write.get());
            }
            other.start();

            List<Entry> history = log.history();
            String last = history.getLast().configuration().getVersion();
            assertThat(applied).allMatch(Applied::published);
            assertThat(history)
                    .extracting(entry -> entry.configuration().getVersion())
                    .containsExactlyInAnyOrderElementsOf(applied.stream()
                            .map(any -> any.asked().getVersion())
                            .toList());
            assertThat(log.inForce().getVersion()).isEqualTo(last);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(List.of(one, other))
                            .allMatch(tail -> tail.current().getVersion().equals(last)));
            assertThat(other.find(applied.getFirst().asked().getVersion())).isPresent();
        }
    }

    @Test
    void aRecordThatCannotBeReadIsPassedOver() throws InterruptedException, ExecutionException {
        log.apply(prompting("one"));
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                kafka.client("poison", Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            topics.configuration().name(), "x".getBytes(StandardCharsets.UTF_8), new byte[] {1, 2, 3}))
                    .get();
        }

        assertThat(log.history()).hasSize(1);
        assertThat(log.inForce().getVersion()).isEqualTo(prompting("one").getVersion());
    }

    @Test
    void withoutItsTopicItSaysHowToMakeIt() {
        Topics none = Topics.of(new TopicSettings("none.", 1, (short) 1), InMemoryRegistry.serdes());

        assertThatThrownBy(() -> new ConfigurationLog(kafka, none.configuration()).inForce())
                .isInstanceOf(ConfigurationLogException.class)
                .hasMessageContaining("./parley provision");
    }

    @Test
    void anEditedFileIsPutInForceAndABadEditIsNot() throws IOException {
        Path file = folder.resolve("parley.yaml");
        Files.writeString(file, prompted("one"));
        List<String> notices = new CopyOnWriteArrayList<>();
        try (ConfigurationWatch _ = watch(file, notices)) {
            assertThat(log.inForce().getVersion()).isEqualTo(prompting("one").getVersion());
            assertThat(notices)
                    .singleElement()
                    .asString()
                    .contains("parley.yaml", "is in force", "routes.chat.system-prompt");

            Files.writeString(file, prompted("two"));
            awaitInForce("two");

            Files.writeString(file, "routes: {chat: {engine: gpt, limits: {output: none}}}\n");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(notices).anyMatch(line -> line.startsWith("refused")));
            assertThat(notices)
                    .anyMatch(line -> line.contains("parley.yaml:1: routes.chat.engine: there is no engine 'gpt'"))
                    .anyMatch(line -> line.contains("parley.yaml:1: routes.chat.limits.output: must be"))
                    .anyMatch(line -> line.equals("refused, with 2 problems: version "
                            + prompting("two").getVersion() + " stays in force"));
            assertThat(log.inForce().getVersion()).isEqualTo(prompting("two").getVersion());

            replace(file, prompted("three"));
            awaitInForce("three");

            Files.delete(file);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(log.inForce().getVersion())
                            .isEqualTo(BuiltInConfiguration.get().getVersion()));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(notices).anyMatch(line -> line.contains("is gone")));

            Files.writeString(file, prompted("three"));
            awaitInForce("three");
            assertThat(log.history())
                    .extracting(entry -> entry.configuration().getOrigin())
                    .contains("parley.yaml");
        }
    }

    @Test
    void withoutAFileTheBuiltInConfigurationComesBackAndAFileMayComeLater() throws IOException {
        Path file = folder.resolve("parley.yaml");
        List<String> notices = new CopyOnWriteArrayList<>();
        try (ConfigurationWatch _ = watch(file, notices)) {
            assertThat(log.history()).isEmpty();
        }
        log.apply(prompting("left over"));

        try (ConfigurationWatch _ = watch(file, notices)) {
            assertThat(log.inForce().getVersion())
                    .isEqualTo(BuiltInConfiguration.get().getVersion());
            assertThat(notices).singleElement().asString().startsWith("no ").contains("is in force");

            Files.writeString(file, prompted("at last"));
            awaitInForce("at last");
        }
    }

    @Test
    void aBadFileIsNotOpened() throws IOException {
        Path file = folder.resolve("parley.yaml");
        Files.writeString(file, "routes: {chat: {engine: gpt}}\n");

        assertThatThrownBy(() -> ConfigurationWatch.open(file)).isInstanceOf(InvalidConfigurationException.class);
        assertThatThrownBy(() -> ConfigurationWatch.open(folder))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("is not a file");
    }

    private ConfigurationWatch watch(Path file, List<String> notices) {
        return ConfigurationWatch.start(ConfigurationWatch.open(file), log, Duration.ofMillis(50), notices::add);
    }

    private void awaitInForce(String prompt) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(log.inForce().getVersion())
                        .isEqualTo(prompting(prompt).getVersion()));
    }

    /** As editors do. */
    private void replace(Path file, String text) throws IOException {
        Path beside = folder.resolve(".parley.yaml.swp");
        Files.writeString(beside, text);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
