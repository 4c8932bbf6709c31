package dev.parley.sinks.postgres;

import java.time.Duration;

/** How long to wait for Postgres: each time twice as long as the last, up to 5 s. */
final class Backoff {

    private static final Duration LONGEST = Duration.ofSeconds(5);

    private Duration next = Duration.ofMillis(200);

    Duration next() {
        Duration pause = next;
        Duration doubled = pause.multipliedBy(2);
        next = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
        return pause;
    }
}
