package dev.parley.llm;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.schemas.Topic;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
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
 * Which generations were told to stop: every worker reads every control, from the beginning of the topic, which keeps an
 * hour. One platform thread owns the consumer.
 */
final class CancelledGenerations implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(CancelledGenerations.class);

    private static final int MAX_KNOWN = 100_000;
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);

    private final Topic<String, Control> controls;
    private final KafkaSettings kafka;
    private final MeterRegistry meters;
    private final Consumer<String> onCancel;
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean closing;

    private final Map<String, Boolean> known = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    /**
     * Reads nothing before {@link #start}.
     *
     * @param onCancel is told of each order to stop, on this object's thread; must return at once
     */
    CancelledGenerations(
            Topic<String, Control> controls, KafkaSettings kafka, MeterRegistry meters, Consumer<String> onCancel) {
        this.controls = controls;
        this.kafka = kafka;
        this.meters = meters;
        this.onCancel = onCancel;
        this.thread = Thread.ofPlatform().name("llm-controls").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Waits until all controls that were there at the start are known. */
    void awaitCaughtUp() throws InterruptedException {
        caughtUp.await();
    }

    boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    synchronized boolean contains(String generationId) {
        return known.containsKey(generationId);
    }

    private void run() {
        while (!closing) {
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                    kafka.client(
                            "parley-llm-controls",
                            Map.of("enable.auto.commit", false, "auto.offset.reset", "earliest")),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
                follow(consumer);
            } catch (KafkaException e) {
                if (!closing) {
                    logger.warn("controls cannot be read, trying again: {}", e.toString());
                    pause();
                }
            }
        }
    }

    private void follow(KafkaConsumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(controls.name()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .collect(Collectors.toList());
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (!closing) {
            if (!isCaughtUp()
                    && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                caughtUp.countDown();
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(isCaughtUp() ? POLL : Duration.ofMillis(20))) {
                take(record);
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        while (true) {
            try {
                Control control = controls.values().deserializer().deserialize(controls.name(), record.value());
                if (control != null && control.getBody() instanceof CancelGeneration) {
                    synchronized (this) {
                        known.put(control.getGenerationId(), true);
                    }
                    onCancel.accept(control.getGenerationId());
                }
                return;
            } catch (UndecodableRecordException e) {
                // The assembly topology dead-letters it; every worker passes over it.
                meters.counter("parley.records.skipped", "topic", controls.name())
                        .increment();
                return;
            } catch (RegistryUnavailableException e) {
                pause();
                if (closing) {
                    return;
                }
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
            if (!thread.join(Duration.ofSeconds(2))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
