package dev.parley.topologies.aggregate;

import java.util.List;

/**
 * What was decided: the changes one after another, each with the state that it led to, and what others are to do.
 *
 * @param before the state that was decided about
 */
public record Decision<S, C, O>(S before, List<Step<S, C>> steps, List<O> orders) {

    /** One change, between the states before and after it. */
    public record Step<S, C>(S before, C change, S after) {}

    public Decision {
        steps = List.copyOf(steps);
        orders = List.copyOf(orders);
    }

    /** The state after all changes. */
    public S state() {
        return steps.isEmpty() ? before : steps.getLast().after();
    }

    /** Whether nothing came of it. */
    public boolean isEmpty() {
        return steps.isEmpty() && orders.isEmpty();
    }
}
