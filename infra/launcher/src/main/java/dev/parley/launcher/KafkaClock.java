package dev.parley.launcher;

import dev.parley.launcher.clock.Steadied;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether Kafka's clock is ours in this process. That is a matter of the class path, which whoever packages or starts Parley
 * in a way of their own can get wrong without noticing, until somebody sets a clock.
 */
final class KafkaClock {

    private static final Logger log = LoggerFactory.getLogger(KafkaClock.class);

    private KafkaClock() {}

    /** Whether the clients of this process do without the jumps of the wall clock. */
    static boolean isSteady() {
        return Time.SYSTEM instanceof Steadied;
    }

    /** Says once, and shows in {@code meters} for as long as the process runs, what its clients go by. */
    static void report(MeterRegistry meters) {
        Gauge.builder("parley.kafka.clock.steady", () -> isSteady() ? 1 : 0).register(meters);
        if (!isSteady()) {
            log.warn(
                    "Kafka's clients follow the wall clock here: once it is set back, they lose their groups until this"
                            + " process restarts. Put clock/* before lib/* on the class path, as ./parley does");
        }
    }
}
