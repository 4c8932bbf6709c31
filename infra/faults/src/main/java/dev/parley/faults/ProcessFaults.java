package dev.parley.faults;

import dev.parley.faults.History.Submission;
import dev.parley.faults.Trial.Question;
import dev.parley.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Processes that die, hold still, or go away for a while, under load. */
final class ProcessFaults {

    /** So many that each of a topic's partitions has some. */
    private static final int ASKED_OF_THE_OTHERS = 24;

    private ProcessFaults() {}

    /** Conversations with a running answer each, and perhaps one that waits; all are followed. */
    static List<String> load(Trial trial, int minWords, int maxWords) {
        List<String> conversations = new ArrayList<>();
        int count = trial.chance().between(2, 4);
        for (int i = 0; i < count; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
            if (trial.chance().percent(30)) {
                Follower _ = trial.follow(conversation, false, trial::front);
            }
        }
        for (String conversation : conversations) {
            ask(trial, conversation, minWords, maxWords);
            if (trial.chance().percent(40)) {
                ask(trial, conversation, minWords / 2, maxWords / 2);
            }
        }
        return conversations;
    }

    static void ask(Trial trial, String conversation, int minWords, int maxWords) {
        Question question = trial.question(
                conversation,
                trial.chance().between(minWords, maxWords),
                Duration.ofMillis(trial.chance().between(20, 60)));
        var _ = trial.sendUntilAcknowledged(question, trial.chance().between(0, 1));
    }

    /** Proof that all is well again: everyone gets one more answer. */
    static void askAll(Trial trial, List<String> conversations) {
        conversations.forEach(conversation -> ask(trial, conversation, 3, 8));
    }

    /** One of the workers that are generating just now. */
    static JavaProcess busyWorker(Trial trial) {
        return busyWorker(trial, Duration.ofMinutes(1));
    }

    static JavaProcess busyWorker(Trial trial, Duration limit) {
        List<Cluster.Node> busy = new ArrayList<>();
        trial.await("a worker that generates", limit, () -> {
            busy.clear();
            trial.cluster().role("llm").stream()
                    .filter(node -> trial.cluster().metric(node, "parley_llm_running") >= 1)
                    .forEach(busy::add);
            return !busy.isEmpty();
        });
        return trial.chance().one(busy).process();
    }

    static void workerKilled(Trial trial) {
        List<String> conversations = load(trial, 40, 90);
        trial.awaitDeltas(trial.chance().between(1, 60));
        JavaProcess worker = busyWorker(trial);
        worker.kill();
        trial.count("kills -9 of a worker that generated");
        answeredByTheOthers(trial);
        worker.start();
        askAll(trial, conversations);
    }

    /** What is asked right after a worker's death, in conversations of every partition, waits for no one. */
    private static void answeredByTheOthers(Trial trial) {
        long began = System.nanoTime();
        List<Submission> asked = IntStream.range(0, ASKED_OF_THE_OTHERS)
                .mapToObj(i -> {
                    String conversation = trial.conversation();
                    Follower _ = trial.follow(conversation);
                    return trial.sendUntilAcknowledged(trial.question(conversation, 1, Duration.ofMillis(20)), 0);
                })
                .toList();
        trial.await(
                "answers of the workers that are left",
                trial.cluster().lease(),
                () -> asked.stream().allMatch(submission -> trial.hasBeenSeenToEnd(submission.turnId())));
        trial.worst(
                "ms from a worker's death to the last answer to what was asked right after it",
                Duration.ofNanos(System.nanoTime() - began).toMillis());
    }

    static void workerStopped(Trial trial) {
        List<String> conversations = load(trial, 60, 120);
        trial.awaitDeltas(trial.chance().between(1, 60));
        JavaProcess worker = busyWorker(trial);
        worker.stop();
        Duration held = trial.cluster().lease().plusMillis(trial.chance().between(500, 5_000));
        trial.count("workers held while they generated");
        trial.count("seconds held", held.toSeconds());
        Cluster.pause(held);
        worker.resume();
        askAll(trial, conversations);
    }

    static void brokerKilled(Trial trial) {
        List<String> conversations = load(trial, 40, 90);
        for (String conversation : conversations) {
            int retries = trial.chance().percent(60) ? 1 : 0;
            int delay = trial.chance().between(0, 4_000);
            int front = trial.chance().between(0, 1);
            Question question = trial.question(conversation, trial.chance().between(5, 20), Duration.ofMillis(20));
            trial.inBackground(() -> {
                Cluster.pause(Duration.ofMillis(delay));
                if (retries > 0) {
                    var _ = trial.sendUntilAcknowledged(question, front);
                } else {
                    // Whoever does not ask again does not know; the log does.
                    var _ = trial.send(question, trial.front(front));
                }
            });
        }
        trial.chance().pauseMillis(200, 2_500);
        JavaProcess broker = trial.cluster().broker();
        broker.kill();
        boolean longer = !trial.brief() && trial.chance().percent(25);
        int away =
                longer ? trial.chance().between(11_000, 15_000) : trial.chance().between(200, 5_000);
        trial.count("kills -9 of the broker");
        trial.count("milliseconds without it", away);
        Cluster.pause(Duration.ofMillis(away));
        broker.start();
    }

    static void topologiesKilled(Trial trial) {
        List<String> conversations = load(trial, 30, 80);
        List<Cluster.Node> nodes = trial.cluster().role("topologies");
        int kills = trial.chance().between(1, 3);
        for (int i = 0; i < kills; i++) {
            trial.chance().pauseMillis(0, 2_500);
            JavaProcess process = trial.chance().one(nodes).process();
            process.kill();
            trial.count("kills -9 of topologies");
            for (String conversation : conversations) {
                if (trial.chance().percent(50)) {
                    ask(trial, conversation, 3, 20);
                }
            }
            trial.chance().pauseMillis(0, 2_000);
            process.start();
        }
        askAll(trial, conversations);
    }

    static void postgresAway(Trial trial) {
        List<String> conversations = load(trial, 20, 60);
        trial.chance().pauseMillis(0, 1_500);
        trial.cluster().stopPostgres();
        long began = System.nanoTime();
        Duration away = trial.brief() ? Duration.ofSeconds(8) : Duration.ofSeconds(60);
        String conversation = trial.chance().one(conversations);
        Question question = trial.question(conversation, 20, Duration.ofMillis(20));
        String turn = trial.sendUntilAcknowledged(question, trial.chance().between(0, 1))
                .turnId();
        Follower newcomer = trial.follow(conversation);
        trial.await("an answer without Postgres", () -> newcomer.hasSeenEndOf(turn));
        trial.count("answers seen whole without it");
        while (System.nanoTime() - began < away.toNanos()) {
            ask(trial, trial.chance().one(conversations), 3, 20);
            trial.chance().pauseMillis(200, 3_000);
        }
        trial.count("stops of Postgres");
        trial.count(
                "seconds without it",
                Duration.ofNanos(System.nanoTime() - began).toSeconds());
        trial.cluster().startPostgres();
        askAll(trial, conversations);
    }

    /** What Postgres answers to a transaction's begin and commit, as its protocol has it. */
    private static final String BEGUN = "BEGIN\0";

    private static final String COMMITTED = "COMMIT\0";

    /** A silent member of the sinks' group is out of it after 10 s, and a silent transaction is ended after as many. */
    private static final int SILENCE_MILLIS = 10_000;

    static void sinkKilled(Trial trial) {
        Cluster.Node sink = trial.cluster().gatedSink();
        double before = folded(trial, sink);
        List<String> conversations = load(trial, 20, 60);
        // One that was refused in the trial before starts over first, with transactions that are no batches.
        trial.await("the sink at work", () -> folded(trial, sink) > before);
        trial.chance().pauseMillis(0, 1_500);
        Topics topics = trial.cluster().topics();
        switch (trial.chance().between(0, 3)) {
            case 0, 1 -> killedAfterCommit(trial, conversations);
            // Before the transaction: its begin goes with the first statement, which says how far the batch goes.
            case 2 ->
                stale(
                        trial,
                        conversations,
                        trial.cluster()
                                .postgresGate()
                                .holdRequest(topics.events().name()));
            default ->
                stale(trial, conversations, trial.cluster().postgresGate().holdAnswer(BEGUN));
        }
        askAll(trial, conversations);
    }

    /** Once where Postgres has committed and the sink does not know it yet, and perhaps once more anywhere. */
    private static void killedAfterCommit(Trial trial, List<String> conversations) {
        Cluster.Node sink = trial.cluster().gatedSink();
        FaultyProxy.Hold committed = trial.cluster().postgresGate().holdAnswer(COMMITTED);
        try {
            ask(trial, trial.chance().one(conversations), 2, 8);
            trial.await("a commit of the sink", committed::holds);
            sink.process().kill();
            trial.count("kills -9 between the database's commit and the sink's next poll");
        } finally {
            committed.release();
        }
        sink.process().start();
        if (trial.chance().percent(50)) {
            if (trial.chance().percent(60)) {
                trial.cluster().awaitReady(sink);
            }
            ask(trial, trial.chance().one(conversations), 2, 8);
            trial.chance().pauseMillis(0, 1_500);
            sink.process().kill();
            trial.count("kills -9 of the sink at any moment");
            sink.process().start();
        }
    }

    /** Holds a sink that has a batch in its hands until another has written it, and then lets it go on. */
    private static void stale(Trial trial, List<String> conversations, FaultyProxy.Hold hold) {
        Cluster.Node sink = trial.cluster().gatedSink();
        Cluster.Node heir = trial.cluster().add(trial.name("sinks-"), "sinks", Map.of());
        trial.afterwards(() -> trial.cluster().remove(heir));
        long rejectedBefore = staleBatches(sink);
        try {
            conversations.forEach(conversation -> ask(trial, conversation, 2, 8));
            trial.await("a batch of the sink", hold::holds);
            sink.process().stop();
            heir.process().start();
            trial.cluster().awaitReady(heir);
            trial.chance().pauseMillis(SILENCE_MILLIS, SILENCE_MILLIS + 4_000);
            trial.await("the heir's rows", () -> folded(trial, heir) > 0);
        } finally {
            hold.release();
            sink.process().resume();
        }
        trial.count("sinks held with a batch, until another had written it");
        trial.await("the refusal of the stale batch", () -> staleBatches(sink) > rejectedBefore);
        trial.count("stale batches refused", staleBatches(sink) - rejectedBefore);
    }

    /** Events that a sink has written into the tables since it started. */
    private static double folded(Trial trial, Cluster.Node sink) {
        return trial.cluster().metric(sink, "parley_sink_events_total");
    }

    private static long staleBatches(Cluster.Node sink) {
        return sink.process()
                .printed()
                .lines()
                .filter(line -> line.contains("this instance is stale and starts over"))
                .count();
    }
}
