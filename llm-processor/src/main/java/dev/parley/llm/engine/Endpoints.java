package dev.parley.llm.engine;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An engine's endpoints. A conversation prefers the one that served its last turn, whose prefix cache knows it, unless that
 * one carries much more than its share.
 *
 * @see <a href="https://arxiv.org/abs/1608.01350">Mirrokni, Thorup, Zadimoghaddam: Consistent hashing with bounded loads</a>
 */
final class Endpoints {

    /** How much more than the average an endpoint may carry: by this factor, and one. */
    private static final double BALANCE = 1.25;

    /** So that an order to stop is not missed for longer. */
    private static final Duration LOOK = Duration.ofMillis(50);

    private final List<Endpoint> all;
    private long freed;

    /** What is to be had. */
    sealed interface Choice {

        /** This endpoint, a place at which is taken. */
        record Taken(Endpoint endpoint) implements Choice {}

        /** None now: at least one endpoint is well, and full. */
        record Full() implements Choice {}

        /** None: all are turned away from. */
        record Open() implements Choice {}

        /** None: all were tried. */
        record Exhausted() implements Choice {}
    }

    Endpoints(List<Endpoint> all) {
        this.all = List.copyOf(all);
    }

    List<Endpoint> all() {
        return all;
    }

    /**
     * Takes a place at the endpoint that is best for {@code key}.
     *
     * @param tried not to be chosen
     * @param force whether endpoints that fail may be chosen
     */
    Choice choose(String key, Collection<Endpoint> tried, boolean force) {
        List<Endpoint> left = Rendezvous.ranked(key, all, Endpoint::address).stream()
                .filter(endpoint -> !tried.contains(endpoint))
                .toList();
        if (left.isEmpty()) {
            return new Choice.Exhausted();
        }
        boolean full = false;
        for (Endpoint endpoint : lightFirst(left)) {
            switch (endpoint.enter(force)) {
                case ENTERED -> {
                    return new Choice.Taken(endpoint);
                }
                case FULL -> full = true;
                case OPEN -> {}
            }
        }
        return full ? new Choice.Full() : new Choice.Open();
    }

    /** Those that carry much more than the average of those in use come last: better one of them than none. */
    private static List<Endpoint> lightFirst(List<Endpoint> ranked) {
        if (ranked.size() == 1) {
            return ranked;
        }
        double average = ranked.stream()
                .filter(endpoint -> endpoint.state() != CircuitBreaker.State.OPEN)
                .mapToInt(Endpoint::inFlight)
                .average()
                .orElse(0);
        double bound = BALANCE * average + 1;
        List<Endpoint> order = new ArrayList<>(ranked);
        order.sort(Comparator.comparing(endpoint -> endpoint.inFlight() > bound));
        return order;
    }

    /** Tells those who wait that a place was given back. */
    synchronized void freed() {
        freed++;
        notifyAll();
    }

    /** How many places were given back so far. */
    synchronized long freedSoFar() {
        return freed;
    }

    /** Waits until more than {@code seen} places were given back, or for a short while. */
    synchronized void awaitFreed(long seen) throws InterruptedException {
        long end = System.nanoTime() + LOOK.toNanos();
        for (long left = LOOK.toNanos(); freed == seen && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
