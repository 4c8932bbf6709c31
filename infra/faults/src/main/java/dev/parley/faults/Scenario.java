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
    MODEL_RUDE("model server plays every quirk of real ones at random, while workers are killed", false),
    SUBMIT_REPEATED("submit retried with the same key, concurrently, on two nodes", true),
    CANCELS("cancel before, during, after; cancel storm", true),
    CLOCK_JUMP("clock jumps by an hour", false),
    MIXED_VERSIONS(
            "the last release beside today's build, which replaces it process by process",
            Place.CLUSTER_OF_THE_RELEASE),
    UPGRADE_IN_PLACE("data directory of the last release, killed with a turn running", Place.STANDALONE_OF_THE_RELEASE);

    /** What a scenario is played on. */
    enum Place {
        /** The one that all share. */
        CLUSTER,
        /** A cluster of its own, whose roles are of the last release. */
        CLUSTER_OF_THE_RELEASE,
        /** An {@code up} of its own, of the last release. */
        STANDALONE_OF_THE_RELEASE
    }

    private final String fault;
    private final boolean cheap;
    private final Place place;

    Scenario(String fault, boolean cheap) {
        this(fault, cheap, Place.CLUSTER);
    }

    Scenario(String fault, Place place) {
        this(fault, false, place);
    }

    Scenario(String fault, boolean cheap, Place place) {
        this.fault = fault;
        this.cheap = cheap;
        this.place = place;
    }

    /** The fault, in the table's words. */
    String fault() {
        return fault;
    }

    Place place() {
        return place;
    }

    /** Whether it takes so little that the test suite can have it, on the cluster that all share. */
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
            case MODEL_RUDE -> RudeModelFaults.modelRude(trial);
            case SUBMIT_REPEATED -> InputFaults.submitRepeated(trial);
            case CANCELS -> InputFaults.cancels(trial);
            case CLOCK_JUMP -> ClockFaults.clockJump(trial);
            case MIXED_VERSIONS -> VersionFaults.mixedVersions(trial);
            case UPGRADE_IN_PLACE -> VersionFaults.upgradeInPlace(trial);
        }
    }

    /** As it is called on the command line. */
    String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
