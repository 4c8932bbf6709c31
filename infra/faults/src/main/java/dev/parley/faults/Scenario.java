package dev.parley.faults;

import java.util.Locale;

/** The faults, one for each row of the table in {@code docs/faults.md}. */
enum Scenario {
    WORKER_KILLED("kill -9 of a worker in mid-stream", true),
    WORKER_STOPPED("worker stopped past its lease, then continued", false),
    BROKER_KILLED("broker kill -9, restart", true),
    TOPOLOGIES_KILLED("topologies kill -9 at random points", false),
    POSTGRES_AWAY("Postgres away for 60 s", false),
    SINK_KILLED("sink killed between database commit and next poll; a stale sink continued", false),
    SLOW_CLIENTS("SSE client at 1 byte/s; half-open client", true),
    STREAM_CUT("stream cut at every single event, with and without cursor", true),
    BAD_CURSORS("cursor garbage, from the future, of another tenant, older than the memory tail", false),
    POISON("poison record on each topic", true),
    MODEL_MISBEHAVES("model server: refuses, 429, 500, hangs, garbage, dies mid-stream, no finish reason", false),
    SUBMIT_REPEATED("submit retried with the same key, concurrently, on two nodes", true),
    CANCELS("cancel before, during, after; cancel storm", true),
    CLOCK_JUMP("clock jumps by an hour", false);

    private final String fault;
    private final boolean cheap;

    Scenario(String fault, boolean cheap) {
        this.fault = fault;
        this.cheap = cheap;
    }

    /** The fault, in the table's words. */
    String fault() {
        return fault;
    }

    /** Whether it takes so little that the test suite can have it. */
    boolean cheap() {
        return cheap;
    }

    /** Has it happen; judged afterwards. */
    void play(Trial trial) {
        switch (this) {
            case WORKER_KILLED -> ProcessFaults.workerKilled(trial);
            case WORKER_STOPPED -> ProcessFaults.workerStopped(trial);
            case BROKER_KILLED -> ProcessFaults.brokerKilled(trial);
            case TOPOLOGIES_KILLED -> ProcessFaults.topologiesKilled(trial);
            case POSTGRES_AWAY -> ProcessFaults.postgresAway(trial);
            case SINK_KILLED -> ProcessFaults.sinkKilled(trial);
            case SLOW_CLIENTS -> StreamFaults.slowClients(trial);
            case STREAM_CUT -> StreamFaults.cutEverywhere(trial);
            case BAD_CURSORS -> StreamFaults.badCursors(trial);
            case POISON -> InputFaults.poison(trial);
            case MODEL_MISBEHAVES -> InputFaults.modelMisbehaves(trial);
            case SUBMIT_REPEATED -> InputFaults.submitRepeated(trial);
            case CANCELS -> InputFaults.cancels(trial);
            case CLOCK_JUMP -> ClockFaults.clockJump(trial);
        }
    }

    /** As it is called on the command line. */
    String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
