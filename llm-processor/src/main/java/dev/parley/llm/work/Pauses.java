package dev.parley.llm.work;

import java.time.Duration;

/** Waiting a while before something that failed is tried again. */
final class Pauses {

    private static final Duration AFTER_TROUBLE = Duration.ofSeconds(1);

    private Pauses() {}

    static void afterTrouble() {
        of(AFTER_TROUBLE);
    }

    static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
