package dev.parley.stack;

import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.stack.Prerequisites.Existing;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/**
 * Brings a cluster and a registry to what the catalogue says: missing topics are created, settings of existing ones are
 * brought in line, schemas are registered under {@code BACKWARD_TRANSITIVE}. Safe to repeat and to run from several
 * places at once.
 */
public final class Provisioner {

    private static final String COMPATIBILITY = "BACKWARD_TRANSITIVE";

    private final KafkaSettings kafka;
    private final RegistryClient registry;

    public Provisioner(KafkaSettings kafka, RegistryClient registry) {
        this.kafka = kafka;
        this.registry = registry;
    }

    /** What a run found and did, for a person to read. */
    public record Outcome(List<String> createdTopics, List<String> registeredSubjects, List<String> warnings) {}

    /**
     * Provisions {@code topics}, once the brokers have been found fit for them.
     *
     * @throws ProvisioningException naming all that is in the way at the brokers, each with what mends it; or the subject
     */
    public Outcome provision(Topics topics) {
        try (Admin admin = admin()) {
            Prerequisites found = look(admin, topics.specs());
            List<String> problems = found.problems(topics.specs());
            if (!problems.isEmpty()) {
                throw new ProvisioningException(String.join("\n", problems));
            }
            List<String> created = createTopics(admin, topics.specs());
            shareFromTheBeginning(admin, topics.workers());
            return new Outcome(created, registerSchemas(topics.specs()), found.warnings(topics.specs()));
        }
    }

    /** Only the topics, for those who have no registry to fill. */
    public List<String> createTopics(Collection<TopicSpec> specs) {
        try (Admin admin = admin()) {
            return createTopics(admin, specs);
        }
    }

    private Admin admin() {
        return Admin.create(kafka.client("parley-provision", Map.of()));
    }

    /** What there is of {@code specs} and of Kafka's own topics; others are nobody's concern here. */
    private static Prerequisites look(Admin admin, Collection<TopicSpec> specs) {
        Collection<Node> brokers = await(admin.describeCluster().nodes(), "describe the cluster");
        ConfigResource one = new ConfigResource(
                ConfigResource.Type.BROKER, brokers.iterator().next().idString());
        Set<String> names = new HashSet<>(await(
                admin.listTopics(new ListTopicsOptions().listInternal(true)).names(), "list topics"));
        names.retainAll(Prerequisites.topicsToLookAt(specs));
        Map<String, TopicDescription> topics = await(admin.describeTopics(names).allTopicNames(), "describe topics");
        List<ConfigResource> resources = new ArrayList<>(List.of(one));
        names.forEach(name -> resources.add(topic(name)));
        Map<ConfigResource, Config> configs =
                await(admin.describeConfigs(resources).all(), "describe settings");
        Map<String, Existing> existing = new HashMap<>();
        topics.forEach((name, topic) -> existing.put(
                name,
                new Existing(
                        topic.partitions().size(),
                        topic.partitions().getFirst().replicas().size(),
                        values(configs.get(topic(name))))));
        FinalizedVersionRange shares = await(admin.describeFeatures().featureMetadata(), "describe features")
                .finalizedFeatures()
                .get("share.version");
        return new Prerequisites(
                brokers.size(), values(configs.get(one)), shares != null && shares.maxVersionLevel() >= 1, existing);
    }

    private static ConfigResource topic(String name) {
        return new ConfigResource(ConfigResource.Type.TOPIC, name);
    }

    private static Map<String, String> values(@Nullable Config config) {
        Map<String, String> values = new HashMap<>();
        if (config != null) {
            config.entries().stream()
                    .filter(entry -> entry.value() != null)
                    .forEach(entry -> values.put(entry.name(), entry.value()));
        }
        return values;
    }

    /** Has a share group that has read nothing yet begin with its topics, and not with what comes next. */
    private static void shareFromTheBeginning(Admin admin, String group) {
        AlterConfigOp earliest =
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
        await(
                admin.incrementalAlterConfigs(
                                Map.of(new ConfigResource(ConfigResource.Type.GROUP, group), List.of(earliest)))
                        .all(),
                "set up share group " + group);
    }

    private static List<String> createTopics(Admin admin, Collection<TopicSpec> specs) {
        Set<String> existing = await(admin.listTopics().names(), "list topics");
        List<String> created = new ArrayList<>();
        for (TopicSpec spec : specs) {
            if (!existing.contains(spec.name()) && create(admin, spec)) {
                created.add(spec.name());
            }
        }
        alignConfigs(admin, specs);
        return created;
    }

    private static boolean create(Admin admin, TopicSpec spec) {
        NewTopic topic = new NewTopic(
                        spec.name(),
                        Optional.of(spec.partitions()),
                        Optional.of(spec.replicationFactor()).filter(copies -> copies > 0))
                .configs(spec.configs());
        try {
            admin.createTopics(List.of(topic)).all().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return false;
            }
            throw new ProvisioningException("cannot create topic " + spec.name(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProvisioningException("interrupted while creating topics", e);
        }
    }

    private static void alignConfigs(Admin admin, Collection<TopicSpec> specs) {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (TopicSpec spec : specs) {
            changes.put(
                    topic(spec.name()),
                    spec.configs().entrySet().stream()
                            .map(config -> new AlterConfigOp(
                                    new ConfigEntry(config.getKey(), config.getValue()), AlterConfigOp.OpType.SET))
                            .collect(Collectors.toList()));
        }
        await(admin.incrementalAlterConfigs(changes).all(), "set topic configurations");
    }

    private List<String> registerSchemas(Collection<TopicSpec> specs) {
        List<String> registered = new ArrayList<>();
        for (TopicSpec spec : specs) {
            spec.schema().ifPresent(schema -> {
                registry.register(spec.valueSubject(), schema);
                registry.compatibility(spec.valueSubject(), COMPATIBILITY);
                registered.add(spec.valueSubject());
            });
        }
        return registered;
    }

    private static <T> T await(org.apache.kafka.common.KafkaFuture<T> future, String what) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new ProvisioningException("cannot " + what, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProvisioningException("interrupted: " + what, e);
        }
    }
}
