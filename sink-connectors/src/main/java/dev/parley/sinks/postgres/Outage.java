package dev.parley.sinks.postgres;

import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A time in which Postgres does not do what it is asked: how long to wait before it is asked again, and a line in the log when it
 * begins, when its reason changes, every minute, and when it is over. Used by one thread.
 */
final class Outage {

    private static final Logger logger = LoggerFactory.getLogger(Outage.class);

    private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);

    private final Database database;
    private final MeterRegistry meters;
    private @Nullable Backoff backoff;
    private String reason = "";
    private long began;
    private long told;

    Outage(Database database, MeterRegistry meters) {
        this.database = database;
        this.meters = meters;
    }

    /** How long to wait now, after another failure. */
    Duration goesOn(SQLException failure) {
        database.reconnect();
        long now = System.nanoTime();
        Backoff waits = backoff;
        if (waits == null) {
            waits = new Backoff();
            backoff = waits;
            began = now;
            reason = "";
            meters.counter("parley.sink.outages").increment();
        }
        String why = Database.reason(failure);
        if (!why.equals(reason) || now - told > BETWEEN_LINES.toNanos()) {
            logger.warn("waiting for Postgres: {}", why);
            reason = why;
            told = now;
        }
        return waits.next();
    }

    /** Why, for a person. */
    String reason() {
        return "Postgres does not answer: " + reason;
    }

    /** Without effect where there is none. */
    void isOver() {
        if (backoff != null) {
            backoff = null;
            logger.info(
                    "Postgres is back after {} s",
                    Duration.ofNanos(System.nanoTime() - began).toSeconds());
        }
    }
}
