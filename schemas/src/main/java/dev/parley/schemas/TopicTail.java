package dev.parley.schemas;

import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the whole of a small topic, then whatever is added, or only that: every process reads all of it, in no group. One
 * platform thread owns the consumer. What goes wrong outside a record is tried again; a record that cannot be read is
 * passed over, since it is for one reader to set it aside, and there are many here.
 */
public final class TopicTail<V> implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(TopicTail.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration POLL_UNTIL_CAUGHT_UP = Duration.ofMillis(20);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** Where each start begins, and each new connection after trouble. */
    public enum Start {
        /** For what holds until it is said otherwise. */
        BEGINNING,
        /** For what is news to those who wait for it, and to nobody else. */
        END
    }

    private final Topic<String, V> topic;
    private final Start start;
    private final KafkaSettings kafka;
    private final String clientId;
    private final Consumer<V> reader;
    private final Runnable onSkipped;
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean closing;

    /** A tail from the beginning; see the other constructor. */
    public TopicTail(
            Topic<String, V> topic, KafkaSettings kafka, String clientId, Consumer<V> reader, Runnable onSkipped) {
        this(topic, Start.BEGINNING, kafka, clientId, reader, onSkipped);
    }

    /**
     * Reads nothing before {@link #start}.
     *
     * @param reader is given each value in log order, some perhaps more than once, on this object's thread; must return at
     *     once
     * @param onSkipped is told of each record that cannot be read
     */
    public TopicTail(
            Topic<String, V> topic,
            Start start,
            KafkaSettings kafka,
            String clientId,
            Consumer<V> reader,
            Runnable onSkipped) {
        this.topic = topic;
        this.start = start;
        this.kafka = kafka;
        this.clientId = clientId;
        this.reader = reader;
        this.onSkipped = onSkipped;
        this.thread = Thread.ofPlatform().name(clientId).daemon().unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Waits until all that was there at the start has been read. */
    public void awaitCaughtUp() throws InterruptedException {
        caughtUp.await();
    }

    /** Waits for at most {@code limit}; whether all that was there at the start has been read. */
    public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
        return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    public boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    private void run() {
        while (!closing) {
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                    kafka.client(clientId, Map.of("enable.auto.commit", false, "auto.offset.reset", "earliest")),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
                follow(consumer);
            } catch (KafkaException e) {
                if (!closing) {
                    logger.warn("{} cannot be read, trying again: {}", topic.name(), e.toString());
                    pause();
                }
            }
        }
    }

    private void follow(KafkaConsumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic.name()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .collect(Collectors.toList());
        if (partitions.isEmpty()) {
            throw new KafkaException("it does not exist yet");
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        switch (start) {
            case BEGINNING -> consumer.seekToBeginning(partitions);
            case END -> ends.forEach(consumer::seek);
        }
        while (!closing) {
            if (!isCaughtUp()
                    && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                caughtUp.countDown();
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(isCaughtUp() ? POLL : POLL_UNTIL_CAUGHT_UP)) {
                take(record);
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        while (!closing) {
            try {
                V value = topic.values().deserializer().deserialize(topic.name(), record.value());
                if (value != null) {
                    reader.accept(value);
                }
                return;
            } catch (UndecodableRecordException e) {
                onSkipped.run();
                return;
            } catch (RegistryUnavailableException e) {
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_AFTER_TROUBLE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            // Its poll ends within half a second; only a thread that hangs elsewhere is interrupted.
            if (thread.isAlive() && !thread.join(CLOSE_TIMEOUT)) {
                thread.interrupt();
                thread.join(CLOSE_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
