package dev.parley.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.TopicSpec.Retention;
import dev.parley.schemas.TopicUse;
import dev.parley.stack.Prerequisites.Existing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Brokers as strangers set them up, and what provisioning says of them before it creates anything. */
class PrerequisitesTest {

    /** What a broker has that nobody has set up: made for three of them. */
    private static final Map<String, String> DEFAULTS = Map.of(
            "default.replication.factor", "1",
            "min.insync.replicas", "1",
            "offsets.topic.replication.factor", "3",
            "transaction.state.log.replication.factor", "3",
            "transaction.state.log.min.isr", "2",
            "share.coordinator.state.topic.replication.factor", "3",
            "share.coordinator.state.topic.min.isr", "2",
            "group.share.session.timeout.ms", "45000");

    private static TopicSpec topic(int partitions, boolean ordered, int copies) {
        return new TopicSpec(
                "chat.events.v1",
                partitions,
                ordered,
                (short) copies,
                new Retention.Forever(),
                Optional.empty(),
                new TopicUse("", "", List.of(), List.of()));
    }

    private static Existing existing(int partitions, int copies, String... configs) {
        Map<String, String> settings = new HashMap<>(Map.of("cleanup.policy", "delete", "min.insync.replicas", "1"));
        for (int i = 0; i < configs.length; i += 2) {
            settings.put(configs[i], configs[i + 1]);
        }
        return new Existing(partitions, copies, settings);
    }

    private static List<String> problems(int brokers, Map<String, String> topicsCopies, TopicSpec spec) {
        return new Prerequisites(brokers, broker(topicsCopies), true, Map.of()).problems(List.of(spec));
    }

    private static Map<String, String> broker(Map<String, String> settings) {
        Map<String, String> broker = new HashMap<>(DEFAULTS);
        broker.putAll(settings);
        return broker;
    }

    @Test
    void threeBrokersWithDefaultsWillDo() {
        assertThat(problems(3, Map.of(), topic(6, true, -1))).isEmpty();
        assertThat(problems(3, Map.of(), topic(6, true, 3))).isEmpty();
    }

    @Test
    void oneBrokerWithDefaultsIsToldAllItLacksAtOnce() {
        assertThat(problems(1, Map.of(), topic(6, true, -1)))
                .hasSize(3)
                .anySatisfy(problem -> assertThat(problem)
                        .contains("consumer groups cannot work")
                        .contains("set offsets.topic.replication.factor=1 on the brokers"))
                .anySatisfy(problem -> assertThat(problem)
                        .contains("transactions cannot work")
                        .contains("transaction.state.log.replication.factor=1 and transaction.state.log.min.isr=1"))
                .anySatisfy(problem -> assertThat(problem).contains("share groups cannot work"));
    }

    @Test
    void whatKafkaHasMadeAlreadyIsLookedAtAsItIs() {
        Map<String, Existing> made = Map.of(
                "__consumer_offsets", existing(50, 1),
                "__transaction_state", existing(50, 1),
                "__share_group_state", existing(50, 2));

        assertThat(new Prerequisites(3, DEFAULTS, true, made).problems(List.of()))
                .singleElement()
                .asString()
                .contains("__transaction_state has 1 copies, of which 2 must be in step");
    }

    @Test
    void copiesThatCannotBeAreRefused() {
        assertThat(problems(3, Map.of(), topic(6, true, 5)))
                .singleElement()
                .asString()
                .contains("PARLEY_REPLICATION_FACTOR=3");
        assertThat(problems(3, Map.of("min.insync.replicas", "2"), topic(6, true, 1)))
                .singleElement()
                .asString()
                .contains("nothing could be written")
                .contains("PARLEY_REPLICATION_FACTOR=3");
        assertThat(problems(
                        3, Map.of("min.insync.replicas", "2", "default.replication.factor", "3"), topic(6, true, -1)))
                .isEmpty();
    }

    @Test
    void topicsThatAreOtherwiseAreRefusedWithTheCommandThatMendsThem() {
        Map<String, Existing> topics = Map.of(
                "chat.events.v1", existing(3, 1, "cleanup.policy", "compact,delete", "min.insync.replicas", "2"));

        assertThat(new Prerequisites(3, DEFAULTS, true, topics).problems(List.of(topic(6, true, 3))))
                .hasSize(4)
                .anySatisfy(problem -> assertThat(problem).contains("set PARLEY_PARTITIONS"))
                .anySatisfy(problem -> assertThat(problem).contains("kafka-reassign-partitions.sh"))
                .anySatisfy(problem ->
                        assertThat(problem).contains("--entity-name chat.events.v1 --add-config min.insync.replicas=1"))
                .anySatisfy(problem -> assertThat(problem)
                        .contains("--entity-name chat.events.v1 --add-config cleanup.policy=delete"));
    }

    @Test
    void aTopicWhoseOrderDoesNotCountMayHaveMorePartitionsAtACost() {
        Map<String, Existing> topics = Map.of("chat.events.v1", existing(6, 1));
        List<TopicSpec> specs = List.of(topic(1, false, -1));

        assertThat(new Prerequisites(3, DEFAULTS, true, topics).problems(specs)).isEmpty();
        assertThat(new Prerequisites(3, DEFAULTS, true, topics).warnings(specs))
                .singleElement()
                .asString()
                .contains("nobody for 45 s")
                .contains("group.share.session.timeout.ms=10000");
        assertThat(new Prerequisites(3, broker(Map.of("group.share.session.timeout.ms", "10000")), true, topics)
                        .warnings(specs))
                .isEmpty();
        assertThat(new Prerequisites(3, DEFAULTS, true, Map.of("chat.events.v1", existing(1, 1))).warnings(specs))
                .isEmpty();
    }

    @Test
    void aClusterWithoutShareGroupsIsToldHowToHaveThem() {
        assertThat(new Prerequisites(3, DEFAULTS, false, Map.of()).problems(List.of()))
                .singleElement()
                .asString()
                .contains("kafka-features.sh")
                .contains("share.version=1");
    }
}
