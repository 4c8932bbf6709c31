package dev.parley.schemas.work;

import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The catalogue: every kind of work that there is.
 *
 * @param model an answer of a model, for a turn
 * @param classify a model's word on which way a turn goes: a few letters, and for nobody to see
 */
public record WorkKinds(WorkKind model, WorkKind classify) {

    /** The name of the kind of orders and claims that name none. */
    public static final String MODEL = "model";

    public static final String CLASSIFY = "classify";

    public static final String LEASE = "PARLEY_WORKER_LEASE";
    public static final String MAX_ATTEMPTS = "PARLEY_MAX_ATTEMPTS";
    public static final String MAX_ANSWER_BYTES = "PARLEY_MAX_ANSWER_BYTES";

    private static final Duration DEFAULT_LEASE = Duration.ofSeconds(10);

    /** A worker's silence between signs of life, and as much again for their way. */
    private static final Duration MIN_LEASE = Duration.ofSeconds(6);

    private static final int DEFAULT_ATTEMPTS = 3;
    private static final int DEFAULT_MAX_ANSWER_BYTES = 4 * 1024 * 1024;

    /** A turn must not wait for long before it is even on its way: a second worker is asked where the first one leaves. */
    private static final int CLASSIFY_ATTEMPTS = 2;

    /** A name, and room for a model that says more than it was asked. */
    private static final int CLASSIFY_MAX_ANSWER_BYTES = 16 * 1024;

    private static final WorkKinds DEFAULTS = of(DEFAULT_LEASE, DEFAULT_ATTEMPTS, DEFAULT_MAX_ANSWER_BYTES);

    public static WorkKinds defaults() {
        return DEFAULTS;
    }

    /** The kinds as an installation bounds them. */
    public static WorkKinds from(Settings settings) {
        Duration lease = settings.duration(LEASE, DEFAULT_LEASE);
        if (lease.compareTo(MIN_LEASE) < 0) {
            settings.problem(LEASE, "must be at least " + MIN_LEASE.toSeconds() + "s");
        }
        return of(
                lease.compareTo(MIN_LEASE) < 0 ? DEFAULT_LEASE : lease,
                settings.integer(MAX_ATTEMPTS, DEFAULT_ATTEMPTS, 1, 10),
                settings.integer(MAX_ANSWER_BYTES, DEFAULT_MAX_ANSWER_BYTES, 1024, 8 * 1024 * 1024));
    }

    private static WorkKinds of(Duration lease, int attempts, int maxAnswerBytes) {
        return new WorkKinds(
                new WorkKind(MODEL, Topics::generationRequests, Effect.READS, attempts, lease, maxAnswerBytes, true),
                new WorkKind(
                        CLASSIFY,
                        Topics::generationRequests,
                        Effect.READS,
                        Math.min(attempts, CLASSIFY_ATTEMPTS),
                        lease,
                        Math.min(maxAnswerBytes, CLASSIFY_MAX_ANSWER_BYTES),
                        false));
    }

    public List<WorkKind> all() {
        return List.of(model, classify);
    }

    /** The kind of this name; empty where only another version knows it. */
    public Optional<WorkKind> find(String name) {
        return all().stream().filter(kind -> kind.name().equals(name)).findFirst();
    }

    /** Whether clients see work of the kind of this name as it happens; what this version does not know it does not show. */
    public boolean isShown(String name) {
        return find(name).filter(WorkKind::shown).isPresent();
    }

    /** The lease of the kind of this name; of one that only another version knows, the model's. */
    public Duration lease(String name) {
        return find(name).orElse(model).lease();
    }
}
