package dev.parley.topologies.aggregate;

import dev.parley.topologies.aggregate.Decision.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A decision in the making. Rules read the state as it has become so far and add to it; each change is evolved here, once,
 * and what it led to goes with the decision.
 */
public class Draft<S, C, O> {

    private final S before;
    private final BiFunction<S, C, S> evolve;
    private final List<Step<S, C>> steps = new ArrayList<>();
    private final List<O> orders = new ArrayList<>();
    private S state;

    /**
     * A draft on {@code state}.
     *
     * @param evolve gives the state after a change; pure
     */
    public Draft(S state, BiFunction<S, C, S> evolve) {
        this.before = state;
        this.evolve = evolve;
        this.state = state;
    }

    /** The state after the changes so far. */
    public final S state() {
        return state;
    }

    /** The changes so far. */
    public final List<Step<S, C>> steps() {
        return List.copyOf(steps);
    }

    /** Changes the state. */
    public final void change(C change) {
        S next = evolve.apply(state, change);
        steps.add(new Step<>(state, change, next));
        state = next;
    }

    /** Has others do something, once the decision is saved. */
    public final void order(O order) {
        orders.add(order);
    }

    /** What has been decided. */
    public final Decision<S, C, O> decision() {
        return new Decision<>(before, steps, orders);
    }
}
