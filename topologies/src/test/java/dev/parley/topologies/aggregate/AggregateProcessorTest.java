package dev.parley.topologies.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.topologies.counter.v1.Add;
import dev.parley.topologies.counter.v1.CounterCommand;
import dev.parley.topologies.counter.v1.CounterEvent;
import dev.parley.topologies.counter.v1.CounterState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commits and restarts, for which a test driver of whole topologies has no eye. */
class AggregateProcessorTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path stateDir;

    private final AtomicInteger deadlines = new AtomicInteger();
    private long nanos;
    private MockProcessorContext<String, SpecificRecord> context;
    private KeyValueStore<String, CounterState> store;
    private Processor<String, SpecificRecord, String, SpecificRecord> processor;

    @BeforeEach
    void start() {
        context = new MockProcessorContext<>(new Properties(), new TaskId(0, 0), stateDir.toFile());
        store = Counters.store().withLoggingDisabled().build();
        store.init(context.getStateStoreContext(), store);
        context.addStateStore(store);
        processor = Counters.processor(InstantSource.fixed(NOW), () -> nanos, deadlines::addAndGet);
        processor.init(context);
    }

    @AfterEach
    void stop() {
        store.close();
    }

    private void add(String key, String commandId, Duration waited) {
        processor.process(new Record<>(
                key,
                new CounterCommand(commandId, new Add(1)),
                NOW.minus(waited).toEpochMilli(),
                new RecordHeaders()));
    }

    private void restart() {
        processor.close();
        context.scheduledPunctuators().forEach(punctuator -> punctuator.cancel());
        processor.init(context);
    }

    private void checkDeadlines() {
        context.scheduledPunctuators().stream()
                .filter(punctuator -> !punctuator.cancelled())
                .forEach(punctuator -> punctuator.getPunctuator().punctuate(0));
    }

    @Test
    void whatComesAtOnceIsCommittedAtOnceAndWhatStoodInAQueueIsNot() {
        add("a", "one", Duration.ofMillis(200));
        assertThat(context.committed()).isFalse();

        add("a", "two", Duration.ofMillis(3));
        assertThat(context.committed()).isTrue();
    }

    @Test
    void aDecisionThatComesToNothingAsksForNoCommit() {
        add("a", "one", Duration.ofMillis(200));

        add("a", "one", Duration.ofMillis(3));

        assertThat(context.committed()).isFalse();
    }

    @Test
    void aTaskThatStartsArmsItsDeadlinesAnewWithTheirFullLength() {
        add("a", "one", Duration.ZERO);
        nanos += Duration.ofSeconds(40).toNanos();
        restart();
        context.resetForwards();

        nanos += Duration.ofSeconds(40).toNanos();
        checkDeadlines();
        assertThat(context.forwarded()).isEmpty();

        nanos += Duration.ofSeconds(20).toNanos();
        checkDeadlines();
        assertThat(context.forwarded())
                .singleElement()
                .satisfies(forwarded -> assertThat(
                                ((CounterEvent) forwarded.record().value()).getCauseId())
                        .isEqualTo("unused/1"));
    }

    @Test
    void howManyHaveADeadlineIsToldAsItChanges() {
        add("a", "one", Duration.ZERO);
        add("b", "one", Duration.ZERO);
        add("b", "two", Duration.ZERO);
        assertThat(deadlines).hasValue(2);

        restart();
        assertThat(deadlines).hasValue(2);

        nanos += Duration.ofMinutes(1).toNanos();
        checkDeadlines();
        assertThat(deadlines).hasValue(0);

        add("a", "three", Duration.ZERO);
        processor.close();
        assertThat(deadlines).hasValue(0);
    }
}
