package dev.parley.stack;

import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.settings.KafkaSettings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

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
    public record Outcome(List<String> createdTopics, List<String> registeredSubjects) {}

    /**
     * Provisions {@code topics}.
     *
     * @throws ProvisioningException naming the topic or subject that is in the way
     */
    public Outcome provision(Topics topics) {
        List<String> created = createTopics(topics.specs());
        return new Outcome(created, registerSchemas(topics.specs()));
    }

    /** Only the topics, for those who have no registry to fill. */
    public List<String> createTopics(Collection<TopicSpec> specs) {
        try (Admin admin = Admin.create(kafka.client("parley-provision", Map.of()))) {
            Set<String> existing = await(admin.listTopics().names(), "list topics");
            List<String> created = new ArrayList<>();
            for (TopicSpec spec : specs) {
                if (!existing.contains(spec.name()) && create(admin, spec)) {
                    created.add(spec.name());
                }
            }
            // What was created now is as it should be, and may be unknown to the broker that answers for a moment.
            checkPartitions(
                    admin,
                    specs.stream()
                            .filter(spec -> !created.contains(spec.name()))
                            .toList());
            alignConfigs(admin, specs);
            return created;
        }
    }

    private static boolean create(Admin admin, TopicSpec spec) {
        NewTopic topic = new NewTopic(spec.name(), spec.partitions(), spec.replicationFactor()).configs(spec.configs());
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

    /** Partition counts cannot follow the configuration: moving keys would break every conversation's order. */
    private static void checkPartitions(Admin admin, Collection<TopicSpec> specs) {
        List<String> names = specs.stream().map(TopicSpec::name).toList();
        Map<String, TopicDescription> found = await(admin.describeTopics(names).allTopicNames(), "describe topics");
        for (TopicSpec spec : specs) {
            TopicDescription description = found.get(spec.name());
            int partitions = description == null ? 0 : description.partitions().size();
            if (partitions != spec.partitions()) {
                throw new ProvisioningException("topic " + spec.name() + " has " + partitions
                        + " partitions where PARLEY_PARTITIONS says " + spec.partitions()
                        + ": set PARLEY_PARTITIONS to what the topics have");
            }
        }
    }

    private static void alignConfigs(Admin admin, Collection<TopicSpec> specs) {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (TopicSpec spec : specs) {
            changes.put(
                    new ConfigResource(ConfigResource.Type.TOPIC, spec.name()),
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
