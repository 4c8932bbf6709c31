package dev.parley.launcher;

import static org.apache.kafka.common.acl.AclOperation.ALTER_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;

import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.SecurityUtils;

/**
 * What brokers that check have to allow: to each role the topics that the catalogue says it writes and reads, its groups, and
 * what Streams keeps for it; to those who set up and look after an installation what that takes. Nobody but the topologies may
 * write to {@code chat.events}.
 */
final class Permissions {

    /** Whom something is allowed: a role, or a person or script beside them. */
    enum Grantee {
        INGEST,
        TOPOLOGIES,
        LLM,
        SINKS,
        /** {@code ./parley provision}. */
        PROVISION,
        /** {@code ./parley config} and {@code ./parley dead-letters}. */
        OPERATOR;

        /** As it is typed. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether it does what the catalogue says of a part of Parley. */
        boolean isPart(String part) {
            return parts().contains(part);
        }

        private Set<String> parts() {
            return switch (this) {
                case INGEST -> Set.of("ingest-api", "feed");
                case TOPOLOGIES -> Set.of("conversation", "routing", "assembly", "indexing", "topologies");
                case LLM -> Set.of("llm-processor");
                case SINKS -> Set.of("postgres-sink");
                case PROVISION -> Set.of();
                case OPERATOR -> Set.of("operator");
            };
        }
    }

    /** Streams applications whose stores have changelogs. */
    private static final List<String> WITH_TOPICS_OF_THEIR_OWN = List.of("conversation", "assembly");

    private final TopicSettings settings;
    private final Topics topics;

    Permissions(TopicSettings settings, Topics topics) {
        this.settings = settings;
        this.topics = topics;
    }

    /**
     * What {@code principal} must be allowed, and nothing else, as {@code grantee}.
     *
     * @param principal as Kafka spells it, such as {@code User:parley-llm}
     */
    List<AclBinding> of(Grantee grantee, String principal) {
        Granted granted = new Granted(principal);
        for (TopicSpec topic : topics.specs()) {
            if (topic.use().writers().stream().anyMatch(grantee::isPart)) {
                granted.topic(topic.name(), WRITE);
            }
            if (topic.use().readers().stream().anyMatch(grantee::isPart)) {
                granted.topic(topic.name(), READ);
            }
        }
        switch (grantee) {
            case INGEST -> {}
            case TOPOLOGIES -> {
                granted.group(settings.groupId("routing"), READ);
                WITH_TOPICS_OF_THEIR_OWN.forEach(name -> streams(granted, settings.groupId(name)));
                granted.group(settings.groupId("indexing"), READ);
                // It writes what it decides and where it stands in one transaction.
                granted.add(
                        ResourceType.TRANSACTIONAL_ID, settings.groupId("conversation"), PatternType.PREFIXED, WRITE);
            }
            case LLM -> granted.group(topics.workers(), READ);
            case SINKS -> {
                granted.group(settings.groupId("sink-postgres"), READ);
                // ./parley rebuild, with the sinks' settings.
                granted.group(settings.groupId("sink-postgres-rebuild"), READ);
            }
            case PROVISION -> provision(granted);
            case OPERATOR -> operate(granted);
        }
        return List.copyOf(granted.bindings);
    }

    private static void streams(Granted granted, String application) {
        granted.group(application, READ);
        for (AclOperation operation : List.of(CREATE, READ, WRITE)) {
            granted.add(ResourceType.TOPIC, application + "-", PatternType.PREFIXED, operation);
        }
    }

    private void provision(Granted granted) {
        for (TopicSpec topic : topics.specs()) {
            granted.topic(topic.name(), CREATE);
            granted.topic(topic.name(), DESCRIBE);
            // With it comes the right to see them.
            granted.topic(topic.name(), ALTER_CONFIGS);
        }
        granted.group(topics.workers(), ALTER_CONFIGS);
        granted.add(ResourceType.CLUSTER, Resource.CLUSTER_NAME, PatternType.LITERAL, DESCRIBE_CONFIGS);
    }

    private void operate(Granted granted) {
        granted.topic(topics.configuration().name(), READ);
        granted.topic(topics.deadLetters().name(), READ);
        LetterBox.replayable(topics).forEach(topic -> granted.topic(topic, WRITE));
    }

    private static final class Granted {
        private final String principal;
        private final Set<AclBinding> bindings = new LinkedHashSet<>();

        Granted(String principal) {
            this.principal = principal;
        }

        void topic(String name, AclOperation operation) {
            add(ResourceType.TOPIC, name, PatternType.LITERAL, operation);
        }

        void group(String name, AclOperation operation) {
            add(ResourceType.GROUP, name, PatternType.LITERAL, operation);
        }

        void add(ResourceType type, String name, PatternType pattern, AclOperation operation) {
            bindings.add(new AclBinding(
                    new ResourcePattern(type, name, pattern),
                    new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW)));
        }
    }

    /** The same as commands of Kafka's {@code kafka-acls} tool, one a line. */
    static List<String> commands(List<AclBinding> bindings, String bootstrapServers) {
        List<String> commands = new ArrayList<>();
        for (AclBinding binding : bindings) {
            ResourcePattern pattern = binding.pattern();
            String resource = switch (pattern.resourceType()) {
                case TOPIC -> "--topic '" + pattern.name() + "'";
                case GROUP -> "--group '" + pattern.name() + "'";
                case TRANSACTIONAL_ID -> "--transactional-id '" + pattern.name() + "'";
                case CLUSTER -> "--cluster";
                case DELEGATION_TOKEN, USER, ANY, UNKNOWN ->
                    throw new IllegalStateException("nobody is allowed " + pattern);
            };
            commands.add("kafka-acls --bootstrap-server " + bootstrapServers + " --add --allow-principal '"
                    + binding.entry().principal() + "' --operation "
                    + SecurityUtils.operationName(binding.entry().operation()) + " " + resource
                    + (pattern.patternType() == PatternType.PREFIXED ? " --resource-pattern-type prefixed" : ""));
        }
        return commands;
    }
}
