package dev.parley.llm.work;

import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the orders of one topic from its share group, one at a time, while a permit is free: so a busy worker leaves them to
 * others.
 *
 * <p>An order is acknowledged before its consumer asks for the next, and a claim takes a round trip or two: so another
 * consumer is started where orders wait; up to {@link #MAX_CONSUMERS}, which stay. Each is owned by one platform thread.
 */
final class Requests implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(Requests.class);

    static final int MAX_CONSUMERS = 8;

    /** So many requests in a row, each there as soon as it was asked for, and more wait than one consumer can take. */
    private static final int BUSY = 4;

    private static final Duration SOON = Duration.ofMillis(50);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    private final KafkaSettings kafka;
    private final String topic;
    private final String group;
    private final String workerId;
    private final Semaphore permits;
    private final Taker taker;
    private final Worker.Readiness readiness;
    private final List<Thread> threads = new ArrayList<>();

    private volatile boolean closing;
    private volatile boolean polling;

    /** Decides what becomes of a request, on its consumer's thread. */
    @FunctionalInterface
    interface Taker {
        Taken take(ConsumerRecord<byte[], byte[]> request);
    }

    /** What becomes of a request. */
    sealed interface Taken {

        /** Nothing more. */
        record Done(AcknowledgeType acknowledgement) implements Taken {}

        /** It is accepted, and then runs, with the permit, which it gives back. */
        record Started(Runnable run) implements Taken {}
    }

    Requests(
            KafkaSettings kafka,
            String topic,
            String group,
            String workerId,
            Semaphore permits,
            Worker.Readiness readiness,
            Taker taker) {
        this.kafka = kafka;
        this.topic = topic;
        this.group = group;
        this.workerId = workerId;
        this.permits = permits;
        this.readiness = readiness;
        this.taker = taker;
    }

    /** Starts the first consumer, or one more. */
    synchronized void start() {
        if (closing || threads.size() == MAX_CONSUMERS) {
            return;
        }
        int number = threads.size() + 1;
        Thread thread = Thread.ofPlatform()
                .name("llm-requests-" + number)
                .unstarted(() -> run("parley-llm-requests-" + workerId + "-" + number));
        threads.add(thread);
        thread.start();
    }

    /** Whether requests are asked for. */
    boolean isPolling() {
        return polling;
    }

    private void run(String clientId) {
        try {
            readiness.await();
        } catch (InterruptedException e) {
            return;
        }
        while (!closing) {
            try (KafkaShareConsumer<byte[], byte[]> consumer = consumer(clientId)) {
                consumer.subscribe(List.of(topic));
                int inARow = 0;
                while (!closing) {
                    inARow = poll(consumer) ? inARow + 1 : 0;
                    if (inARow == BUSY) {
                        inARow = 0;
                        start();
                    }
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                // Whatever it was, a worker that stops asking for work helps nobody: join anew.
                if (!closing) {
                    polling = false;
                    logger.warn("requests cannot be taken, trying again", e);
                    Pauses.afterTrouble();
                }
            }
        }
    }

    private KafkaShareConsumer<byte[], byte[]> consumer(String clientId) {
        return new KafkaShareConsumer<>(
                kafka.client(
                        clientId,
                        Map.of(
                                "group.id",
                                group,
                                "share.acknowledgement.mode",
                                "explicit",
                                "share.acquire.mode",
                                "record_limit",
                                "max.poll.records",
                                1,
                                "fetch.max.wait.ms",
                                500,
                                "fetch.min.bytes",
                                1)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** Takes one request, where there is one; returns whether it was there as soon as it was asked for. */
    private boolean poll(KafkaShareConsumer<byte[], byte[]> consumer) throws InterruptedException {
        if (!permits.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
            return false;
        }
        boolean started = false;
        try {
            polling = true;
            long asked = System.nanoTime();
            ConsumerRecords<byte[], byte[]> requests = consumer.poll(POLL);
            boolean soon = !requests.isEmpty() && System.nanoTime() - asked < SOON.toNanos();
            for (ConsumerRecord<byte[], byte[]> request : requests) {
                switch (taker.take(request)) {
                    case Taken.Done(AcknowledgeType acknowledgement) -> acknowledge(consumer, request, acknowledgement);
                    case Taken.Started(Runnable run) -> {
                        acknowledge(consumer, request, AcknowledgeType.ACCEPT);
                        started = true;
                        Thread.ofVirtual().name("work").start(run);
                    }
                }
            }
            return soon;
        } finally {
            if (!started) {
                permits.release();
            }
        }
    }

    private static void acknowledge(
            KafkaShareConsumer<byte[], byte[]> consumer,
            ConsumerRecord<byte[], byte[]> request,
            AcknowledgeType acknowledgement) {
        consumer.acknowledge(request, acknowledgement);
        consumer.commitAsync();
    }

    /** Takes no more orders. */
    @Override
    public void close() {
        List<Thread> started;
        synchronized (this) {
            closing = true;
            started = List.copyOf(threads);
        }
        long end = System.nanoTime() + POLL.plus(CLOSE_TIMEOUT).toNanos();
        for (Thread thread : started) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
