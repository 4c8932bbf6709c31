package dev.parley.schemas.routes;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicTail;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The configurations of {@code chat.configuration}, whose last record is in force; the built-in one until there is any. Old
 * versions are kept, so that a turn goes on by the one it began under.
 */
public final class ConfigurationTail implements Configurations, AutoCloseable {

    private static final int MAX_KNOWN = 256;

    private final TopicTail<Configuration> tail;
    private final List<Consumer<Configuration>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, Configuration> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Configuration> eldest) {
            return size() > MAX_KNOWN;
        }
    };
    private volatile Configuration current = BuiltInConfiguration.get();

    /**
     * Reads nothing before {@link #start}.
     *
     * @param onSkipped is told of each record that cannot be read
     */
    public ConfigurationTail(
            Topic<String, Configuration> topic, KafkaSettings kafka, String clientId, Runnable onSkipped) {
        this.known.put(current.getVersion(), current);
        this.tail = new TopicTail<>(topic, kafka, clientId, this::take, onSkipped);
    }

    public void start() {
        tail.start();
    }

    /** Waits up to {@code limit}; returns whether all that was there at the start has been read. */
    public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
        return tail.awaitCaughtUp(limit);
    }

    public boolean isCaughtUp() {
        return tail.isCaughtUp();
    }

    /**
     * Tells {@code listener} of every configuration that comes into force from now on, on the thread that reads, which
     * waits for it; the configuration is current when it returns.
     */
    public void onChange(Consumer<Configuration> listener) {
        listeners.add(listener);
    }

    @Override
    public Configuration current() {
        return current;
    }

    @Override
    public synchronized Optional<Configuration> find(String version) {
        return Optional.ofNullable(known.get(version));
    }

    private void take(Configuration configuration) {
        listeners.forEach(listener -> listener.accept(configuration));
        synchronized (this) {
            known.put(configuration.getVersion(), configuration);
        }
        current = configuration;
    }

    @Override
    public void close() {
        tail.close();
    }
}
