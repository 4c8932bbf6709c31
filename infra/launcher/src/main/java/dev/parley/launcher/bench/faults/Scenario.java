package dev.parley.launcher.bench.faults;

import java.util.Locale;

/** The faults, one for each row of the table in {@code docs/faults.md}. */
enum Scenario {
    WORKER_KILLED("kill -9 of a worker in mid-stream", true, ProcessFaults::workerKilled),
    WORKER_STOPPED("worker stopped past its lease, then continued", false, ProcessFaults::workerStopped),
    BROKER_KILLED("broker kill -9, restart", true, ProcessFaults::brokerKilled),
    TOPOLOGIES_KILLED("topologies kill -9 at random points", false, ProcessFaults::topologiesKilled),
    POSTGRES_AWAY("Postgres away for 60 s", false, ProcessFaults::postgresAway),
    SINK_KILLED("sink killed between commits; a stale sink continued", false, ProcessFaults::sinkKilled),
    SLOW_CLIENTS("SSE client at 1 byte/s; half-open client", true, StreamFaults::slowClients),
    STREAM_CUT("stream cut at every single event, with and without cursor", true, StreamFaults::cutEverywhere),
    BAD_CURSORS(
            "cursor garbage, from the future, of another tenant, older than the memory tail",
            false,
            StreamFaults::badCursors),
    POISON("poison record on each topic", true, InputFaults::poison),
    MODEL_MISBEHAVES(
            "model server: refuses, 429, 500, hangs, garbage, dies mid-stream, no finish reason",
            false,
            InputFaults::modelMisbehaves),
    SUBMIT_REPEATED("submit retried with the same key, concurrently, on two nodes", true, InputFaults::submitRepeated),
    CANCELS("cancel before, during, after; cancel storm", true, InputFaults::cancels),
    CLOCK_JUMP("clock jumps by an hour", false, ClockFaults::clockJump);

    private final String fault;
    private final boolean cheap;
    private final Play play;

    /** What happens; judged afterwards. */
    interface Play {
        void on(Trial trial);
    }

    Scenario(String fault, boolean cheap, Play play) {
        this.fault = fault;
        this.cheap = cheap;
        this.play = play;
    }

    /** The fault, in the table's words. */
    String fault() {
        return fault;
    }

    /** Whether it takes so little that the test suite can have it. */
    boolean cheap() {
        return cheap;
    }

    void play(Trial trial) {
        play.on(trial);
    }

    /** As it is called on the command line. */
    String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
