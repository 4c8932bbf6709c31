package dev.parley.topologies.routing;

import dev.parley.chat.v1.TurnRequest;

/**
 * Where a turn goes, and why.
 *
 * @param confidence from 0 to 1
 * @param engine a name that the workers know; {@value #DEFAULT_ENGINE} is theirs to choose
 * @param reason {@code explicit} where the caller named the intent, {@code default} where nobody did
 */
record Route(String intent, double confidence, String engine, String reason) {

    static final String DEFAULT_INTENT = "chat";
    static final String DEFAULT_ENGINE = "default";

    static Route of(TurnRequest turn) {
        String engine = turn.getEngine() == null ? DEFAULT_ENGINE : turn.getEngine();
        return turn.getIntent() == null
                ? new Route(DEFAULT_INTENT, 1.0, engine, "default")
                : new Route(turn.getIntent(), 1.0, engine, "explicit");
    }
}
