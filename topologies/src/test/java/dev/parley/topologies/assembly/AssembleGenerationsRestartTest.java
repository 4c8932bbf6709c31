package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.schemas.work.WorkKind;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.topologies.state.v1.GenerationHeader;
import dev.parley.topologies.state.v1.TextSegment;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/** What a new instance makes of the stores of the one before it, which it finds whole. */
class AssembleGenerationsRestartTest {

    private static final String KEY = "default/c1";
    private static final AssemblySettings DEFAULTS = AssemblySettings.defaults();

    private final CrashingStore<GenerationHeader> headers = new CrashingStore<>(GenerationStores.GENERATIONS);
    private final CrashingStore<TextSegment> texts = new CrashingStore<>(GenerationStores.TEXTS);
    private AssemblySettings settings = DEFAULTS;
    private long nanos;
    private MockProcessorContext<String, GenerationReport> context = new MockProcessorContext<>();
    private AssembleGenerations processor = restarted();

    @Test
    void aLossIsReportedAgainSinceNoRecordWouldRepeatIt() {
        read(Attempts.started("a", 1));
        pass(settings.work().model().lease().plusSeconds(1));
        assertThat(reportIds()).containsExactly("turn_1.1/a/claimed", "turn_1.1/a/lost");

        processor = restarted();
        pass(settings.checkPeriod());

        assertThat(reportIds()).containsExactly("turn_1.1/a/claimed", "turn_1.1/a/lost");
        pass(settings.work().model().lease().multipliedBy(2));
        assertThat(reportIds()).isEmpty();
    }

    @Test
    void anUnansweredCancelIsReportedAgainSinceNoRecordWouldRepeatIt() {
        cancel();
        pass(settings.cancelGrace().plusSeconds(1));
        assertThat(reportIds()).containsExactly("turn_1.1/none/cancelled");

        processor = restarted();
        pass(settings.checkPeriod());

        assertThat(reportIds()).containsExactly("turn_1.1/none/cancelled");
    }

    @Test
    void anEndingFromTheLogIsNotReportedAgainUnlessTheLogIsReadAgain() {
        read(Attempts.started("a", 1));
        read(Attempts.finished("a", 0, ""));
        reportIds();

        processor = restarted();
        pass(settings.checkPeriod());
        assertThat(reportIds()).isEmpty();

        read(Attempts.finished("a", 0, ""));
        assertThat(reportIds()).containsExactly("turn_1.1/a/completed");
    }

    @Test
    void theLeaseStartsAnewWithItsFullLength() {
        read(Attempts.started("a", 1));
        pass(settings.work().model().lease().minusSeconds(1));
        processor = restarted();
        reportIds();

        pass(settings.work().model().lease().minusSeconds(1));
        assertThat(reportIds()).isEmpty();
        pass(Duration.ofSeconds(2));
        assertThat(reportIds()).containsExactly("turn_1.1/a/lost");
    }

    @Test
    void eachKindOfWorkHasItsOwnLeaseAlsoAfterARestart() {
        WorkKind classify = DEFAULTS.work().classify();
        settings = new AssemblySettings(
                new WorkKinds(
                        DEFAULTS.work().model(),
                        new WorkKind(
                                classify.name(),
                                classify.orders(),
                                classify.effect(),
                                classify.attempts(),
                                Duration.ofSeconds(40),
                                classify.maxAnswerBytes(),
                                classify.shown())),
                DEFAULTS.cancelGrace(),
                DEFAULTS.checkPeriod(),
                DEFAULTS.repeatFor(),
                DEFAULTS.rememberFor(),
                DEFAULTS.maxClosed());
        processor = restarted();
        read(Attempts.started("a", 1, WorkKinds.CLASSIFY));
        pass(Duration.ofSeconds(39));
        assertThat(reportIds()).containsExactly("turn_1.1/a/claimed");
        processor = restarted();

        pass(Duration.ofSeconds(39));
        assertThat(reportIds()).isEmpty();
        pass(Duration.ofSeconds(2));
        assertThat(reportIds()).containsExactly("turn_1.1/a/lost");
    }

    @Test
    void aCancelThatWaitsIsRememberedAndStartsAnew() {
        read(Attempts.started("a", 1));
        cancel();
        processor = restarted();
        reportIds();

        pass(settings.cancelGrace().plusSeconds(1));
        assertThat(reportIds()).containsExactly("turn_1.1/a/cancelled");
    }

    @Test
    void textsWithoutAGenerationAreSweptUp() {
        texts.put(KEY + "#gone#a#00000000", new TextSegment(0, 1, "left behind", "", List.of()));
        read(Attempts.started("a", 1));
        read(Attempts.text("a", 0, "kept"));

        processor = restarted();

        assertThat(texts.size()).isEqualTo(1);
        assertThat(texts.all().next().value.getText()).isEqualTo("kept");
    }

    @Test
    void theOldestClosedGenerationsGoFirstWhenThereAreTooMany() {
        settings = new AssemblySettings(
                DEFAULTS.work(),
                DEFAULTS.cancelGrace(),
                DEFAULTS.checkPeriod(),
                DEFAULTS.repeatFor(),
                DEFAULTS.rememberFor(),
                3);
        processor = restarted();
        for (int conversation = 0; conversation < 5; conversation++) {
            read("default/c" + conversation, Attempts.started("a", 1));
            read("default/c" + conversation, Attempts.text("a", 0, "x"));
            read("default/c" + conversation, Attempts.finished("a", 1, "x"));
        }

        assertThat(headers.size()).isEqualTo(3);
        assertThat(texts.size()).isEqualTo(3);
        reportIds();
        read("default/c4", Attempts.finished("a", 1, "x"));
        assertThat(reportIds()).as("the latest is still known").hasSize(1);
    }

    private AssembleGenerations restarted() {
        context = new MockProcessorContext<>();
        context.addStateStore(headers);
        context.addStateStore(texts);
        AssembleGenerations started = new AssembleGenerations(
                settings,
                InstantSource.fixed(Attempts.NOW),
                () -> nanos,
                new AssemblyMetrics(new SimpleMeterRegistry()));
        started.init(context);
        return started;
    }

    private void read(GenerationChunk chunk) {
        read(KEY, chunk);
    }

    private void read(String key, SpecificRecord value) {
        processor.process(new Record<>(key, value, Attempts.NOW.toEpochMilli()));
    }

    private void cancel() {
        Control control = Attempts.cancel();
        read(KEY, control);
    }

    private void pass(Duration time) {
        for (Duration left = time; left.isPositive(); left = left.minus(settings.checkPeriod())) {
            nanos += settings.checkPeriod().toNanos();
            context.scheduledPunctuators().getFirst().getPunctuator().punctuate(0);
        }
    }

    /** What was reported since it was last asked for. */
    private List<String> reportIds() {
        List<String> ids = context.forwarded().stream()
                .map(forward -> forward.record().value().getReportId())
                .toList();
        context.resetForwards();
        return ids;
    }
}
