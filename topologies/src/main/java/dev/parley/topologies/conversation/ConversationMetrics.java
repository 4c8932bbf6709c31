package dev.parley.topologies.conversation;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What operators see of conversations. Thread-safe: shared by all tasks. */
final class ConversationMetrics {

    private final MeterRegistry meters;
    private final AtomicInteger active = new AtomicInteger();

    ConversationMetrics(MeterRegistry meters) {
        this.meters = meters;
        meters.gauge("parley.turns.active", active);
    }

    void active(int more) {
        active.addAndGet(more);
    }

    void event(ConversationEvent.Body body) {
        meters.counter("parley.conversation.events", "type", body.getClass().getSimpleName())
                .increment();
        switch (body) {
            case TurnEnd end -> ended(end.outcome(), end.getTimings());
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    MessageAccepted _,
                    MessageRejected _,
                    TurnStarted _,
                    TurnRouted _,
                    TurnRetrieved _,
                    FeedbackRecorded _,
                    Unknown _ -> {} // Only endings have times.
        }
    }

    private void ended(String outcome, Timings timings) {
        time("parley.turn.queued", outcome, timings.getQueuedMillis());
        time("parley.turn.claim", outcome, timings.getClaimMillis());
        time("parley.turn.first.token", outcome, timings.getFirstTokenMillis());
        time("parley.turn.generation", outcome, timings.getGenerationMillis());
    }

    private void time(String name, String outcome, @Nullable Double millis) {
        if (millis != null) {
            Timer.builder(name)
                    .tag("outcome", outcome)
                    .publishPercentileHistogram()
                    .register(meters)
                    .record(Duration.ofNanos((long) (millis * 1e6)));
        }
    }
}
