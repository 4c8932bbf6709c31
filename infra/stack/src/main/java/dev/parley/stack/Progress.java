package dev.parley.stack;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears what the stack is doing while it starts and stops. Called from several threads, never with a lock held. */
@FunctionalInterface
public interface Progress {

    /**
     * One step.
     *
     * @param part {@code kafka}, {@code postgres} or {@code registry}
     * @param step what is happening, for a person to read
     */
    void report(String part, String step);

    /** Goes to the log. */
    static Progress logged() {
        Logger logger = LoggerFactory.getLogger(Progress.class);
        return (part, step) -> logger.info("{}: {}", part, step);
    }

    /** Goes nowhere. */
    static Progress silent() {
        return (part, step) -> {};
    }
}
