package dev.parley.stack;

import dev.parley.schemas.TopicSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an installation needs of brokers that somebody else has set up. Looked at as a whole before anything is created, so that
 * nobody finds half an installation, and so that whoever has to change three settings learns of all three.
 *
 * @param brokers how many there are
 * @param broker settings of one of them
 * @param shareGroups whether the cluster has them
 * @param topics those that are there, internal ones too, by name
 */
record Prerequisites(int brokers, Map<String, String> broker, boolean shareGroups, Map<String, Existing> topics) {

    /** A topic that is there. */
    record Existing(int partitions, int replicas, Map<String, String> configs) {}

    /** A topic of Kafka's own, made when it is first wanted, by settings of the broker. */
    private enum Internal {
        OFFSETS("__consumer_offsets", "offsets.topic.replication.factor", Optional.empty(), "consumer groups"),
        TRANSACTIONS(
                "__transaction_state",
                "transaction.state.log.replication.factor",
                Optional.of("transaction.state.log.min.isr"),
                "transactions"),
        SHARES(
                "__share_group_state",
                "share.coordinator.state.topic.replication.factor",
                Optional.of("share.coordinator.state.topic.min.isr"),
                "share groups");

        private final String topic;
        private final String replicationFactor;
        private final Optional<String> minIsr;
        private final String use;

        Internal(String topic, String replicationFactor, Optional<String> minIsr, String use) {
            this.topic = topic;
            this.replicationFactor = replicationFactor;
            this.minIsr = minIsr;
            this.use = use;
        }
    }

    private static final int SHORT_SESSION_MILLIS = 10_000;

    /** By their names, those that are looked at where they are there. */
    static Set<String> topicsToLookAt(Collection<TopicSpec> specs) {
        return Stream.concat(
                        specs.stream().map(TopicSpec::name),
                        Stream.of(Internal.values()).map(internal -> internal.topic))
                .collect(Collectors.toSet());
    }

    /** What keeps {@code specs} from working on these brokers, each with what mends it. */
    List<String> problems(Collection<TopicSpec> specs) {
        List<String> problems = new ArrayList<>();
        if (!shareGroups) {
            problems.add(
                    "the cluster has no share groups, in which workers take their requests: with Kafka 4.2 or later,"
                            + " kafka-features.sh --bootstrap-server … upgrade --feature share.version=1");
        }
        for (Internal internal : Internal.values()) {
            lacking(internal).ifPresent(problems::add);
        }
        specs.forEach(spec -> {
            Existing existing = topics.get(spec.name());
            if (existing == null) {
                lackingFor(spec).ifPresent(problems::add);
            } else {
                problems.addAll(different(spec, existing));
            }
        });
        return problems;
    }

    private Optional<String> lacking(Internal internal) {
        Existing existing = topics.get(internal.topic);
        int copies = existing == null ? number(broker, internal.replicationFactor, 1) : existing.replicas();
        if (existing == null && copies > brokers) {
            return Optional.of(
                    internal.use + " cannot work: " + internal.topic + " is to have " + copies + " copies, and there "
                            + (brokers == 1 ? "is 1 broker" : "are " + brokers + " brokers") + ": set "
                            + internal.replicationFactor
                            + "=" + brokers
                            + internal.minIsr.map(name -> " and " + name + "=1").orElse("")
                            + " on the brokers, and start them anew");
        }
        int needed = internal.minIsr.map(name -> number(broker, name, 1)).orElse(1);
        if (needed > copies) {
            return Optional.of(
                    internal.use + " cannot work: " + internal.topic + " has " + copies + " copies, of which "
                            + needed + " must be in step: set " + internal.minIsr.orElseThrow() + "=" + copies
                            + " on the brokers, and start them anew");
        }
        return Optional.empty();
    }

    private Optional<String> lackingFor(TopicSpec spec) {
        int copies = spec.replicationFactor() < 0
                ? number(broker, "default.replication.factor", 1)
                : spec.replicationFactor();
        int inStep = number(broker, "min.insync.replicas", 1);
        if (copies > brokers) {
            return Optional.of("topic " + spec.name() + " is to have " + copies + " copies, and there "
                    + (brokers == 1 ? "is 1 broker" : "are " + brokers + " brokers")
                    + ": set PARLEY_REPLICATION_FACTOR=" + brokers);
        }
        if (inStep > copies) {
            return Optional.of("topic " + spec.name() + " is to have " + copies + " copies, of which the brokers want "
                    + inStep + " in step, so that nothing could be written: set PARLEY_REPLICATION_FACTOR="
                    + Math.max(inStep, 3));
        }
        return Optional.empty();
    }

    private static List<String> different(TopicSpec spec, Existing existing) {
        List<String> problems = new ArrayList<>();
        if (spec.ordered() && existing.partitions() != spec.partitions()) {
            problems.add("topic " + spec.name() + " has " + existing.partitions() + " partitions where "
                    + spec.partitions() + " were asked for: set PARLEY_PARTITIONS to what the topics have");
        }
        if (spec.replicationFactor() > 0 && existing.replicas() != spec.replicationFactor()) {
            problems.add("topic " + spec.name() + " has " + existing.replicas()
                    + " copies where PARLEY_REPLICATION_FACTOR says "
                    + spec.replicationFactor() + ": kafka-reassign-partitions.sh gives it as many; without the setting,"
                    + " topics stay as they are");
        }
        int inStep = number(existing.configs(), "min.insync.replicas", 1);
        if (inStep > existing.replicas()) {
            problems.add("topic " + spec.name() + " has " + existing.replicas() + " copies, of which " + inStep
                    + " must be in step, so that nothing can be written: kafka-configs.sh --bootstrap-server … --alter"
                    + " --entity-type topics --entity-name " + spec.name() + " --add-config min.insync.replicas="
                    + existing.replicas());
        }
        String policy = spec.configs().get("cleanup.policy");
        String found = existing.configs().get("cleanup.policy");
        if (policy != null && found != null && !policy.equals(found)) {
            problems.add("topic " + spec.name() + " has cleanup.policy=" + found + " where it must be " + policy
                    + ", or records are lost: kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name "
                    + spec.name() + " --add-config cleanup.policy=" + policy);
        }
        return problems;
    }

    /** What works, and not as well as it could. */
    List<String> warnings(Collection<TopicSpec> specs) {
        List<String> warnings = new ArrayList<>();
        int session = number(broker, "group.share.session.timeout.ms", 45_000);
        for (TopicSpec spec : specs) {
            Existing existing = topics.get(spec.name());
            if (existing != null
                    && !spec.ordered()
                    && existing.partitions() > spec.partitions()
                    && session > SHORT_SESSION_MILLIS) {
                warnings.add("topic " + spec.name() + " has " + existing.partitions()
                        + " partitions: those of a worker that was killed are read by nobody for " + session / 1000
                        + " s. While no turn runs, delete the topic and provision again, which makes one of one partition; or"
                        + " set group.share.session.timeout.ms=" + SHORT_SESSION_MILLIS
                        + " and group.share.min.session.timeout.ms=" + SHORT_SESSION_MILLIS + " on the brokers");
            }
        }
        return warnings;
    }

    private static int number(Map<String, String> configs, String name, int otherwise) {
        String value = configs.get(name);
        return value == null ? otherwise : Integer.parseInt(value);
    }
}
