package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.Topic;
import dev.parley.schemas.routes.ConfigurationTail;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes configurations from their topic, prepares them and puts the last one in force. Where they come faster than they are
 * prepared, the newest goes first; older ones are prepared after it, for the turns that began under them.
 *
 * <p>Owns the tail, with its thread, and one platform thread that prepares.
 */
public final class ConfigurationFollower implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ConfigurationFollower.class);

    private static final String CLIENT_ID = "parley-routing-configuration";
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration CAUGHT_UP_CHECK = Duration.ofSeconds(1);

    private final PreparedConfigurations configurations;
    private final ConfigurationTail tail;
    private final Thread thread;
    private final CountDownLatch ready = new CountDownLatch(1);

    /** Read and not prepared yet, oldest first; guards itself and {@link #latest}. */
    private final Deque<Configuration> waiting = new ArrayDeque<>();

    private @Nullable Configuration latest;

    /**
     * Reads nothing before {@link #start}.
     *
     * @param configurations is given what was read
     * @param onSkipped is told of each record that cannot be read
     */
    public ConfigurationFollower(
            Topic<String, Configuration> topic,
            KafkaSettings kafka,
            PreparedConfigurations configurations,
            Runnable onSkipped) {
        this.configurations = configurations;
        this.tail = new ConfigurationTail(topic, kafka, CLIENT_ID, onSkipped);
        this.tail.onChange(this::read);
        this.thread = Thread.ofPlatform().name(CLIENT_ID + "-examples").daemon().unstarted(this::run);
    }

    public void start() {
        tail.start();
        thread.start();
    }

    /**
     * Waits up to {@code limit} until the configuration that is in force now is prepared; whether it is. It goes on
     * trying where it is not.
     */
    public boolean awaitReady(Duration limit) throws InterruptedException {
        return ready.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void read(Configuration configuration) {
        synchronized (waiting) {
            latest = configuration;
            waiting.removeIf(other -> other.getVersion().equals(configuration.getVersion()));
            waiting.addLast(configuration);
            if (waiting.size() > PreparedConfigurations.MAX_VERSIONS) {
                waiting.removeFirst();
            }
            waiting.notifyAll();
        }
    }

    private void run() {
        try {
            // All versions of the past are read first, of which only the last is in force.
            while (!tail.awaitCaughtUp(CAUGHT_UP_CHECK)) {
                log.debug("the configuration is being read");
            }
            while (!Thread.interrupted()) {
                Configuration next = next();
                configurations.prepare(next);
                synchronized (waiting) {
                    if (latest != null && next.getVersion().equals(latest.getVersion())) {
                        configurations.enforce(next);
                        ready.countDown();
                        log.info("configuration {} is in force", next.getVersion());
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for the newest that is not prepared. */
    private Configuration next() throws InterruptedException {
        synchronized (waiting) {
            while (waiting.isEmpty()) {
                ready.countDown();
                waiting.wait();
            }
            return waiting.removeLast();
        }
    }

    @Override
    public void close() {
        tail.close();
        thread.interrupt();
        try {
            thread.join(CLOSE_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
