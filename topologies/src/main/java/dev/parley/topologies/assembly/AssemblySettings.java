package dev.parley.topologies.assembly;

import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.work.WorkKind;
import dev.parley.schemas.work.WorkKinds;
import java.time.Duration;

/**
 * How long assembly waits, and how much it remembers.
 *
 * @param work silence after which an attempt is reported lost, by its kind; workers give a sign of life every 3 s
 * @param cancelGrace how long a worker may take to end a generation that is to be cancelled
 * @param checkPeriod how often both are looked at
 * @param repeatFor how long an ending can be reported again; must exceed the longest time that Kafka Streams goes without
 *     a successful commit ({@code task.timeout.ms} and {@code commit.interval.ms}), since what a crash repeats reaches back
 *     to the last one
 * @param rememberFor how long a closed generation is known to be closed, and an open one that nothing more is heard of is
 *     kept
 * @param maxClosed most closed generations remembered by one task (a partition); beyond it the oldest are forgotten
 */
public record AssemblySettings(
        WorkKinds work,
        Duration cancelGrace,
        Duration checkPeriod,
        Duration repeatFor,
        Duration rememberFor,
        int maxClosed) {

    public static final String CANCEL_GRACE = "PARLEY_CANCEL_GRACE";
    public static final String REMEMBER_FOR = "PARLEY_ASSEMBLY_REMEMBER_FOR";
    public static final String MAX_CLOSED = "PARLEY_ASSEMBLY_MAX_CLOSED";

    private static final AssemblySettings DEFAULTS = new AssemblySettings(
            WorkKinds.defaults(),
            Duration.ofSeconds(2),
            Duration.ofMillis(250),
            Duration.ofMinutes(10),
            Duration.ofHours(1),
            20_000);

    public AssemblySettings {
        for (WorkKind kind : work.all()) {
            if (kind.lease().compareTo(checkPeriod) <= 0 || !checkPeriod.isPositive()) {
                throw new IllegalArgumentException("lease of " + kind + " must exceed checkPeriod " + checkPeriod);
            }
        }
        if (rememberFor.compareTo(repeatFor) < 0) {
            throw new IllegalArgumentException("rememberFor " + rememberFor + " is below repeatFor " + repeatFor);
        }
        if (maxClosed < 1) {
            throw new IllegalArgumentException("maxClosed must be at least 1, not " + maxClosed);
        }
    }

    public static AssemblySettings defaults() {
        return DEFAULTS;
    }

    public static AssemblySettings from(Settings settings) {
        return new AssemblySettings(
                WorkKinds.from(settings),
                settings.duration(CANCEL_GRACE, DEFAULTS.cancelGrace),
                DEFAULTS.checkPeriod,
                DEFAULTS.repeatFor,
                atLeast(settings, REMEMBER_FOR, DEFAULTS.rememberFor, DEFAULTS.repeatFor),
                settings.integer(MAX_CLOSED, DEFAULTS.maxClosed, 1, 10_000_000));
    }

    private static Duration atLeast(Settings settings, String key, Duration otherwise, Duration min) {
        Duration duration = settings.duration(key, otherwise);
        if (duration.compareTo(min) >= 0) {
            return duration;
        }
        settings.problem(key, "must be at least " + min.toSeconds() + "s");
        return otherwise;
    }
}
