package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.settings.Settings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.StoreBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a decision asks for its commit; what is decided is tried elsewhere. */
class ConversationAggregateTest {

    private static final String KEY = "default/c1";
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Attempt ATTEMPT = new Attempt("a", 1, "e", "m", "w", "");

    @TempDir
    private Path stateDir;

    private MockProcessorContext<String, SpecificRecord> context;
    private Processor<String, SpecificRecord, String, SpecificRecord> processor;
    private List<StateStore> stores;

    @BeforeEach
    void start() {
        context = new MockProcessorContext<>(
                new Properties(), new org.apache.kafka.streams.processor.TaskId(0, 0), stateDir.toFile());
        stores = ConversationStores.builders().stream()
                .map(builder -> open(builder.withLoggingDisabled()))
                .toList();
        processor = ConversationTopology.processor(
                ConversationSettings.from(Settings.of()),
                InstantSource.fixed(NOW),
                () -> 0,
                new ConversationMetrics(new SimpleMeterRegistry()));
        processor.init(context);
    }

    private StateStore open(StoreBuilder<?> builder) {
        StateStore store = builder.build();
        store.init(context.getStateStoreContext(), store);
        context.addStateStore(store);
        return store;
    }

    @AfterEach
    void stop() {
        processor.close();
        stores.forEach(StateStore::close);
    }

    @Test
    void whatSomebodyWaitsForIsCommittedAtOnce() {
        take(submit("one"), Duration.ofMillis(3));

        assertThat(commitsAsked()).isTrue();
    }

    @Test
    void whatStoodInAQueueIsLeftToTheCommitInterval() {
        take(submit("one"), Duration.ofMillis(200));

        assertThat(context.forwarded()).isNotEmpty();
        assertThat(commitsAsked()).isFalse();
    }

    @Test
    void newsOfATurnOnItsWayIsLeftToTheCommitInterval() {
        take(submit("one"), Duration.ofMillis(3));
        context.resetCommit();
        context.resetForwards();

        take(report(new TurnPrepared(1, "chat", 1.0, "default", "default", List.of(), "", null)), Duration.ofMillis(3));
        assertThat(context.forwarded()).as("turn.routed").isNotEmpty();
        take(report(new AttemptClaimed(ATTEMPT)), Duration.ofMillis(3));

        assertThat(commitsAsked()).isFalse();
    }

    @Test
    void theEndOfATurnIsCommittedAtOnce() {
        take(submit("one"), Duration.ofMillis(3));
        context.resetCommit();

        take(
                report(GenerationCompleted.newBuilder()
                        .setAttempt(ATTEMPT)
                        .setContent("Because.")
                        .setFinishReason("stop")
                        .setUsage(new Usage(1, 1, UsageBasis.MEASURED, null))
                        .setFirstTokenMillis(1.0)
                        .setGenerationMillis(2.0)
                        .build()),
                Duration.ofMillis(3));

        assertThat(commitsAsked()).isTrue();
    }

    @Test
    void whatChangesNothingAsksForNoCommit() {
        take(submit("one"), Duration.ofMillis(3));
        context.resetCommit();

        take(submit("one"), Duration.ofMillis(3));

        assertThat(commitsAsked()).isFalse();
    }

    private boolean commitsAsked() {
        return context.committed();
    }

    private void take(SpecificRecord value, Duration waited) {
        processor.process(new Record<>(KEY, value, NOW.minus(waited).toEpochMilli(), new RecordHeaders()));
    }

    private static Command submit(String name) {
        return new Command(
                "command-" + name,
                "default",
                "c1",
                NOW,
                SubmitMessage.newBuilder()
                        .setMessageId("user-" + name)
                        .setTurnId(name)
                        .setAssistantMessageId("answer-" + name)
                        .setContent("Why?")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .build());
    }

    private static GenerationReport report(GenerationReport.Body body) {
        return new GenerationReport("report-" + body.getSchema().getName(), "one.1", NOW, body);
    }
}
