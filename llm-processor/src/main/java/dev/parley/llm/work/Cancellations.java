package dev.parley.llm.work;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicTail;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What was told to stop, by its generation: every worker reads every control, from the beginning of the topic, which keeps an
 * hour. One that cannot be read is set aside by the assembly topology.
 */
final class Cancellations implements AutoCloseable {

    private static final int MAX_KNOWN = 100_000;

    private final Consumer<String> onCancel;
    private final TopicTail<Control> tail;

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
     * @param onCancel is told of each order to stop, on the thread that reads; must return at once
     */
    Cancellations(
            Topic<String, Control> controls, KafkaSettings kafka, MeterRegistry meters, Consumer<String> onCancel) {
        this.onCancel = onCancel;
        this.tail = new TopicTail<>(
                controls,
                kafka,
                "parley-llm-controls",
                this::take,
                meters.counter("parley.records.skipped", "topic", controls.name())::increment);
    }

    void start() {
        tail.start();
    }

    /** Waits until all controls that were there at the start are known. */
    void awaitCaughtUp() throws InterruptedException {
        tail.awaitCaughtUp();
    }

    synchronized boolean contains(String generationId) {
        return known.containsKey(generationId);
    }

    private void take(Control control) {
        if (control.getBody() instanceof CancelGeneration) {
            synchronized (this) {
                known.put(control.getGenerationId(), true);
            }
            onCancel.accept(control.getGenerationId());
        }
    }

    @Override
    public void close() {
        tail.close();
    }
}
