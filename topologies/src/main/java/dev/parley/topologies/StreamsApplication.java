package dev.parley.topologies;

import dev.parley.schemas.Role.Health;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.topologies.nativework.NativeWork;
import dev.parley.topologies.nativework.NativeWork.Section;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Kafka Streams application of this process.
 *
 * <p>A thread of it that fails is replaced, for the next may have more luck. One that fails for want of the registry would fail
 * again, while other processes may have it: the application leaves its group, so that they get its partitions, and comes back
 * after a while.
 */
final class StreamsApplication {

    private static final Logger logger = LoggerFactory.getLogger(StreamsApplication.class);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PAUSE_BEFORE_ENDING = Duration.ofSeconds(1);
    /** A thread that failed so lately may well fail again. */
    private static final Duration DOUBT = Duration.ofSeconds(5);

    private final String name;
    private final Supplier<Topology> topology;
    private final Properties config;
    private final Duration absence;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile KafkaStreams streams;
    private volatile boolean away;
    private volatile @Nullable Failure last;

    private record Failure(long nanos, String what) {}

    /**
     * An application that does nothing before {@link #start}.
     *
     * @param name such as {@code conversation}
     * @param topology makes one for each time that it comes back
     * @param absence how long it stays away without the registry
     */
    StreamsApplication(String name, Supplier<Topology> topology, Properties config, Duration absence) {
        this.name = name;
        this.topology = topology;
        this.config = config;
        this.absence = absence;
        this.streams = next();
    }

    private KafkaStreams next() {
        KafkaStreams next = new KafkaStreams(topology.get(), config);
        next.setUncaughtExceptionHandler(this::afterFailure);
        return next;
    }

    void start() {
        streams.start();
    }

    String name() {
        return name;
    }

    boolean isRunning() {
        return !away && streams.state() == KafkaStreams.State.RUNNING;
    }

    Health health() {
        Failure failure = last;
        if (away) {
            return new Health(false, name + " waits: " + (failure == null ? "" : failure.what()));
        }
        KafkaStreams.State state = streams.state();
        if (failure != null && System.nanoTime() - failure.nanos() < DOUBT.toNanos()) {
            return new Health(false, name + " " + state + " after " + failure.what());
        }
        return new Health(state == KafkaStreams.State.RUNNING, name + " " + state);
    }

    /** Whether no thread of it will ever run again. */
    boolean hasDied() {
        return !away && closing.getCount() > 0 && streams.state() == KafkaStreams.State.ERROR;
    }

    private StreamThreadExceptionResponse afterFailure(Throwable failure) {
        if (isForWantOfTheRegistry(failure)) {
            leave(failure);
            // A thread that ends before it is told to leave stays in the group until its session expires.
            pause(PAUSE_BEFORE_ENDING);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        last = new Failure(System.nanoTime(), failure.getClass().getSimpleName());
        logger.error("a thread of {} failed and is replaced", name, failure);
        pause(PAUSE_BEFORE_ENDING);
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private static boolean isForWantOfTheRegistry(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RegistryUnavailableException) {
                return true;
            }
        }
        return false;
    }

    /** Called by each thread that fails so; one of them sees to the way back. */
    private synchronized void leave(Throwable failure) {
        last = new Failure(System.nanoTime(), "the schema registry does not answer");
        if (!away) {
            away = true;
            logger.warn(
                    "{} leaves its group for {} s, since it cannot read: {}",
                    name,
                    absence.toSeconds(),
                    failure.toString());
            Thread.ofPlatform().daemon().name("return-" + name).start(this::comeBack);
        }
    }

    private void comeBack() {
        close(streams);
        while (away && closing.getCount() > 0) {
            pause(absence);
            try {
                startAnew();
            } catch (RuntimeException e) {
                // Such as stores that are not closed yet.
                logger.warn("{} cannot come back yet", name, e);
            }
        }
    }

    private synchronized void startAnew() {
        if (closing.getCount() > 0) {
            KafkaStreams next = next();
            next.start();
            streams = next;
            away = false;
        }
    }

    /** Waits that long, or less where it is closed. */
    private void pause(Duration time) {
        try {
            boolean _ = closing.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void close() {
        KafkaStreams current;
        synchronized (this) {
            closing.countDown();
            current = streams;
        }
        close(current);
    }

    /** Waits no longer than {@link #CLOSE_TIMEOUT}; the stores are open until it is closed, whoever waits for it. */
    private void close(KafkaStreams leaving) {
        Section stores = NativeWork.ofProcess().begin("the stores of " + name);
        Thread closer = Thread.ofPlatform().daemon().name("close-" + name).start(() -> {
            try (stores) {
                // Leaving the group hands this process's tasks on at once, and takes them back at once after a restart.
                leaving.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
            }
        });
        try {
            if (!closer.join(CLOSE_TIMEOUT)) {
                logger.warn("{} is not closed after {} s", name, CLOSE_TIMEOUT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
