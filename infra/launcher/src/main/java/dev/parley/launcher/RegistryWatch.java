package dev.parley.launcher;

import dev.parley.schemas.ClientThread;
import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.SchemaNotRegisteredException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns every schema that the topics' subjects have, and then looks every while whether there are new ones: what wrote the
 * records of today, and this version's own. From the first time on, a registry that is away takes nothing from a process; only
 * the records of a version that comes later have to wait for it, and whoever meets one says so by itself.
 */
final class RegistryWatch implements Role {

    private static final Logger logger = LoggerFactory.getLogger(RegistryWatch.class);

    private static final Duration BEFORE_TRYING_AGAIN = Duration.ofSeconds(1);

    /** Between two subjects. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);

    private static final Health ANSWERS = new Health(true, "answers, and all schemas are known");

    private final RegistryClient registry;
    private final URI url;
    private final List<TopicSpec> topics;
    private final ClientThread thread;
    private volatile Health health = new Health(false, "connecting");

    private RegistryWatch(RegistryClient registry, URI url, Collection<TopicSpec> topics) {
        this.registry = registry;
        this.url = url;
        this.topics =
                topics.stream().filter(topic -> topic.schema().isPresent()).toList();
        this.thread = new ClientThread("registry-watch", this::run);
    }

    /**
     * Begins to learn.
     *
     * @param url of the registry, to be told to people
     */
    static RegistryWatch start(RegistryClient registry, URI url, Collection<TopicSpec> topics) {
        RegistryWatch watch = new RegistryWatch(registry, url, topics);
        watch.thread.start();
        return watch;
    }

    @Override
    public String name() {
        return "registry";
    }

    @Override
    public Health health() {
        return health;
    }

    @Override
    public boolean hasDied() {
        return thread.hasDied();
    }

    private void run() {
        while (!thread.isClosing() && !learnsAll()) {
            thread.pause(BEFORE_TRYING_AGAIN);
        }
        while (!thread.isClosing()) {
            for (TopicSpec topic : topics) {
                thread.pause(BETWEEN_LOOKS);
                if (!thread.isClosing()) {
                    lookAgain(topic);
                }
            }
        }
    }

    /** Whether every topic's schemas are known now, this version's own among them. */
    private boolean learnsAll() {
        try {
            for (TopicSpec topic : topics) {
                registry.learn(topic.valueSubject());
                registry.id(topic.valueSubject(), topic.schema().orElseThrow());
            }
            health = ANSWERS;
            return true;
        } catch (RegistryUnavailableException | SchemaNotRegisteredException e) {
            health = new Health(false, String.valueOf(e.getMessage()));
            return false;
        }
    }

    private void lookAgain(TopicSpec topic) {
        boolean answered = health.equals(ANSWERS);
        try {
            registry.learn(topic.valueSubject());
            if (!answered) {
                logger.info("the schema registry answers");
                health = ANSWERS;
            }
        } catch (RegistryUnavailableException e) {
            if (answered && !thread.isClosing()) {
                logger.warn("{}; all schemas of today are known", e.getMessage());
                health = new Health(true, "does not answer at " + url + "; all schemas of today are known");
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
