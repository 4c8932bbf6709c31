package dev.parley.topologies.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.topologies.aggregate.Counters.CounterTopics;
import dev.parley.topologies.counter.v1.Add;
import dev.parley.topologies.counter.v1.Added;
import dev.parley.topologies.counter.v1.CounterAlarm;
import dev.parley.topologies.counter.v1.CounterCommand;
import dev.parley.topologies.counter.v1.CounterEvent;
import dev.parley.topologies.counter.v1.Emptied;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AggregateTopologyTest {

    private static final String KEY = "default/apples";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @TempDir
    private Path stateDir;

    private final CounterTopics topics = CounterTopics.inMemory();
    private long nanos;
    private TopologyTestDriver driver;
    private TestInputTopic<String, CounterCommand> commands;
    private TestOutputTopic<String, CounterEvent> events;
    private TestOutputTopic<String, CounterAlarm> alarms;
    private TestOutputTopic<byte[], byte[]> deadLetters;

    @BeforeEach
    void start() {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        driver = new TopologyTestDriver(
                Counters.topology(
                        topics,
                        InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")),
                        () -> nanos,
                        new SimpleMeterRegistry()),
                config);
        commands = driver.createInputTopic(
                topics.commands().name(),
                topics.commands().keys().serializer(),
                topics.commands().values().serializer());
        events = driver.createOutputTopic(
                topics.events().name(),
                topics.events().keys().deserializer(),
                topics.events().values().deserializer());
        alarms = driver.createOutputTopic(
                topics.alarms().name(),
                topics.alarms().keys().deserializer(),
                topics.alarms().values().deserializer());
        deadLetters = driver.createOutputTopic(
                topics.deadLetters().name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    private static CounterCommand add(String commandId, int amount) {
        return new CounterCommand(commandId, new Add(amount));
    }

    @Test
    void whatIsDecidedOnOneRecordIsBuiltOnWhatWasDecidedOnTheOneBefore() {
        commands.pipeInput(KEY, add("one", 3));
        commands.pipeInput("default/pears", add("one", 1));
        commands.pipeInput(KEY, add("two", 4));

        assertThat(events.readKeyValuesToList())
                .filteredOn(event -> event.key.equals(KEY))
                .extracting(event -> event.value)
                .containsExactly(
                        new CounterEvent(1L, "one", new Added(3, 3)), new CounterEvent(2L, "two", new Added(4, 7)));
    }

    @Test
    void aDecisionThatComesToNothingTellsNobody() {
        commands.pipeInput(KEY, add("one", 3));
        commands.pipeInput(KEY, add("one", 3));

        assertThat(events.readValuesToList()).hasSize(1);
    }

    @Test
    void eachEventOfADecisionHasASequenceOfItsOwnAndOrdersFollow() {
        commands.pipeInput(KEY, add("one", 12));

        assertThat(events.readValuesToList())
                .containsExactly(
                        new CounterEvent(1L, "one", new Added(12, 12)),
                        new CounterEvent(2L, "one", new Emptied("full")));
        assertThat(alarms.readValuesToList()).containsExactly(new CounterAlarm(12));
    }

    @Test
    void whatIsToldSaysWhoToldItAndCarriesTheTraceOn() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));

        commands.pipeInput(new TestRecord<>(KEY, add("one", 1), headers));

        TestRecord<String, CounterEvent> event = events.readRecord();
        assertThat(CloudEventHeaders.text(event.headers(), CloudEventHeaders.ID))
                .isEqualTo(KEY + "/1");
        assertThat(CloudEventHeaders.text(event.headers(), CloudEventHeaders.TYPE))
                .isEqualTo(Added.getClassSchema().getFullName());
        assertThat(CloudEventHeaders.text(event.headers(), CloudEventHeaders.SOURCE))
                .isEqualTo("/parley/counter");
        assertThat(CloudEventHeaders.text(event.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
    }

    @Test
    void aDeadlinePassesByTheMonotonicClockAndRunsOnlyWhileItIsTheSame() {
        commands.pipeInput(KEY, add("one", 1));
        driver.advanceWallClockTime(Duration.ofHours(1));
        assertThat(events.readValuesToList())
                .as("a jump of the wall clock ends nothing")
                .hasSize(1);

        nanos += Duration.ofSeconds(50).toNanos();
        commands.pipeInput(KEY, add("one", 1));
        nanos += Duration.ofSeconds(5).toNanos();
        commands.pipeInput(KEY, add("two", 1));
        assertThat(events.readValuesToList()).hasSize(1);
        nanos += Duration.ofSeconds(59).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        assertThat(events.isEmpty()).as("one minute after the second").isTrue();

        nanos += Duration.ofSeconds(1).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        assertThat(events.readValuesToList()).containsExactly(new CounterEvent(3L, "unused/2", new Emptied("unused")));
    }

    @Test
    void whatMakesNoSenseIsSetAsideForTheAggregate() {
        commands.pipeInput(KEY, add("", 1));
        commands.pipeInput(KEY, add("one", 1));

        List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
        assertThat(letters).singleElement().satisfies(letter -> {
            assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.CODE))
                    .isEqualTo("invalid_record");
            assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.STAGE))
                    .isEqualTo("counter");
        });
        assertThat(events.readValuesToList()).hasSize(1);
    }
}
