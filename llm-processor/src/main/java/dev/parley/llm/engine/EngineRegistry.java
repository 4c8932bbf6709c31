package dev.parley.llm.engine;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.routes.Configurations;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;

/**
 * The engines of the last few versions of the configuration that were in force or asked for. An engine whose configuration
 * is the same in several of them is one object, so that what is known of its endpoints outlives changes elsewhere. One that
 * none of them has is forgotten; generations that run on it go on. Thread-safe.
 */
public final class EngineRegistry {

    /** Versions whose engines are kept. */
    static final int KEPT = 8;

    private static final int MAX_MISSING = 64;

    private final Configurations configurations;
    private final EngineFactory factory;
    private final Map<String, Engine> own;
    private final Duration patience;
    private final MultiGauge states;
    private final MultiGauge inFlight;
    private final Map<String, Engines> kept = lastUsed(KEPT);
    /** Versions that were waited for in vain. */
    private final Map<String, Boolean> missing = lastUsed(MAX_MISSING);

    /**
     * A registry.
     *
     * @param own the engines that the worker has by itself, which configurations may redefine
     * @param patience how long a version may stay unknown before the one in force takes its place
     */
    public EngineRegistry(
            Configurations configurations,
            EngineFactory factory,
            Map<String, Engine> own,
            Duration patience,
            MeterRegistry meters) {
        this.configurations = configurations;
        this.factory = factory;
        this.own = own;
        this.patience = patience;
        this.states = MultiGauge.builder("parley.engine.endpoint.state")
                .description("0: closed, in use; 1: half open, on trial; 2: open, not asked for a while")
                .register(meters);
        this.inFlight = MultiGauge.builder("parley.engine.endpoint.inflight")
                .description("Requests that the endpoint is answering")
                .register(meters);
    }

    private static <V> Map<String, V> lastUsed(int count) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > count;
            }
        };
    }

    /** Makes the engines of a configuration that has come into force, and shows their endpoints. */
    public synchronized void comesIntoForce(Configuration configuration) {
        Engines engines = kept(configuration);
        missing.remove(configuration.getVersion());
        states.register(
                rows(engines, endpoint -> switch (endpoint.state()) {
                    case CLOSED, DISABLED, METRICS_ONLY -> 0;
                    case HALF_OPEN -> 1;
                    case OPEN, FORCED_OPEN -> 2;
                }),
                true);
        inFlight.register(rows(engines, Endpoint::inFlight), true);
        notifyAll();
    }

    private static List<MultiGauge.Row<?>> rows(Engines engines, ToIntFunction<Endpoint> value) {
        return List.copyOf(engines.all().stream()
                .distinct()
                .flatMap(engine -> engine.endpoints().stream()
                        .map(endpoint -> MultiGauge.Row.of(
                                Tags.of("engine", engine.name(), "endpoint", endpoint.label()),
                                endpoint,
                                value::applyAsInt)))
                .toList());
    }

    /** The engines that a request's version stands for; empty where that is not known, or not yet. */
    public synchronized Optional<Engines> find(String version) {
        if (version.isEmpty()) {
            return Optional.of(kept(configurations.current()));
        }
        Engines engines = kept.get(version);
        return engines != null
                ? Optional.of(engines)
                : configurations.find(version).map(this::kept);
    }

    /** The same, waiting for a version that is not known yet, which may be on its way; in the end, those in force. */
    public synchronized Engines await(String version) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        Optional<Engines> found = find(version);
        while (found.isEmpty() && !missing.containsKey(version)) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                missing.put(version, true);
                break;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
            found = find(version);
        }
        return found.orElseGet(() -> kept(configurations.current()));
    }

    private Engines kept(Configuration configuration) {
        Engines known = kept.get(configuration.getVersion());
        if (known != null) {
            return known;
        }
        Map<String, Engine> engines = new HashMap<>(own);
        for (EngineConfiguration each : configuration.getEngines()) {
            engines.put(each.getName(), engine(each));
        }
        Engines made = new Engines(configuration, engines);
        kept.put(configuration.getVersion(), made);
        return made;
    }

    private Engine engine(EngineConfiguration configuration) {
        for (Engines engines : kept.values()) {
            if (engines.configuration().getEngines().contains(configuration)) {
                return engines.find(configuration.getName()).orElseThrow();
            }
        }
        return factory.of(configuration);
    }

    /** The endpoints of the engines in force, for a person to read. */
    public String health() {
        StringBuilder text = new StringBuilder();
        find("").orElseThrow().all().stream().distinct().forEach(engine -> {
            for (Endpoint endpoint : engine.endpoints()) {
                text.append(text.isEmpty() ? "" : "; ")
                        .append(engine.name())
                        .append(' ')
                        .append(endpoint.label())
                        .append(' ')
                        .append(word(endpoint.state()));
                ErrorCode error = endpoint.lastError();
                if (error != null) {
                    text.append(" (last error ").append(error.wire()).append(')');
                }
            }
        });
        return text.toString();
    }

    private static String word(CircuitBreaker.State state) {
        return switch (state) {
            case CLOSED, DISABLED, METRICS_ONLY -> "in use";
            case HALF_OPEN -> "on trial";
            case OPEN, FORCED_OPEN -> "not asked for a while";
        };
    }
}
