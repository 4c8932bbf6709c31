package dev.parley.launcher.bench.faults;

import dev.parley.launcher.bench.faults.Trial.Question;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Processes that die, hold still, or go away for a while, under load. */
final class ProcessFaults {

    private ProcessFaults() {}

    /** Conversations with a running answer each, and perhaps one that waits; all are followed. */
    private static List<String> load(Trial trial, int minWords, int maxWords) {
        List<String> conversations = new ArrayList<>();
        int count = trial.between(2, 4);
        for (int i = 0; i < count; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
            if (trial.chance(30)) {
                Follower _ = trial.follow(conversation, false, trial::front);
            }
        }
        for (String conversation : conversations) {
            ask(trial, conversation, minWords, maxWords);
            if (trial.chance(40)) {
                ask(trial, conversation, minWords / 2, maxWords / 2);
            }
        }
        return conversations;
    }

    private static void ask(Trial trial, String conversation, int minWords, int maxWords) {
        Question question = trial.question(
                conversation, trial.between(minWords, maxWords), Duration.ofMillis(trial.between(20, 60)));
        var _ = trial.sendUntilAcknowledged(question, trial.between(0, 1));
    }

    /** Proof that all is well again: everyone gets one more answer. */
    private static void askAll(Trial trial, List<String> conversations) {
        conversations.forEach(conversation -> ask(trial, conversation, 3, 8));
    }

    static void workerKilled(Trial trial) {
        List<String> conversations = load(trial, 40, 90);
        trial.awaitDeltas(trial.between(1, 60));
        JavaProcess worker = trial.one(trial.cluster().role("llm")).process();
        worker.kill();
        trial.note(worker + " killed after " + trial.deltas() + " deltas");
        trial.pauseMillis(0, 3_000);
        worker.start();
        askAll(trial, conversations);
    }

    static void workerStopped(Trial trial) {
        List<String> conversations = load(trial, 60, 120);
        trial.awaitDeltas(trial.between(1, 60));
        JavaProcess worker = trial.one(trial.cluster().role("llm")).process();
        worker.stop();
        Duration held = trial.cluster().lease().plusMillis(trial.between(500, 5_000));
        trial.note(worker + " held for " + held.toMillis() + " ms after " + trial.deltas() + " deltas");
        Cluster.pause(held);
        worker.resume();
        askAll(trial, conversations);
    }

    static void brokerKilled(Trial trial) {
        List<String> conversations = load(trial, 40, 90);
        for (String conversation : conversations) {
            int retries = trial.chance(60) ? 1 : 0;
            int delay = trial.between(0, 4_000);
            int front = trial.between(0, 1);
            Question question = trial.question(conversation, trial.between(5, 20), Duration.ofMillis(20));
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
        trial.pauseMillis(200, 2_500);
        JavaProcess broker = trial.cluster().broker();
        broker.kill();
        boolean longer = !trial.brief() && trial.chance(25);
        int away = longer ? trial.between(11_000, 15_000) : trial.between(200, 5_000);
        trial.note("broker away for " + away + " ms");
        Cluster.pause(Duration.ofMillis(away));
        broker.start();
    }

    static void topologiesKilled(Trial trial) {
        List<String> conversations = load(trial, 30, 80);
        List<Cluster.Node> nodes = trial.cluster().role("topologies");
        int kills = trial.between(1, 3);
        for (int i = 0; i < kills; i++) {
            trial.pauseMillis(0, 2_500);
            JavaProcess process = trial.one(nodes).process();
            process.kill();
            for (String conversation : conversations) {
                if (trial.chance(50)) {
                    ask(trial, conversation, 3, 20);
                }
            }
            trial.pauseMillis(0, 2_000);
            process.start();
        }
        trial.note(kills + " kills");
        askAll(trial, conversations);
    }

    static void postgresAway(Trial trial) {
        List<String> conversations = load(trial, 20, 60);
        trial.pauseMillis(0, 1_500);
        trial.cluster().stopPostgres();
        long began = System.nanoTime();
        Duration away = trial.brief() ? Duration.ofSeconds(8) : Duration.ofSeconds(60);
        String conversation = trial.one(conversations);
        Question question = trial.question(conversation, 20, Duration.ofMillis(20));
        String turn = trial.sendUntilAcknowledged(question, trial.between(0, 1)).turnId();
        Follower newcomer = trial.follow(conversation);
        trial.await("an answer without Postgres", () -> newcomer.hasSeenEndOf(turn));
        while (System.nanoTime() - began < away.toNanos()) {
            ask(trial, trial.one(conversations), 3, 20);
            trial.pauseMillis(200, 3_000);
        }
        trial.note("Postgres away for "
                + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms");
        trial.cluster().startPostgres();
        askAll(trial, conversations);
    }

    static void sinkKilled(Trial trial) {
        List<String> conversations = load(trial, 20, 60);
        JavaProcess sink = trial.cluster().role("sinks").getFirst().process();
        if (trial.chance(50)) {
            int kills = trial.between(1, 4);
            for (int i = 0; i < kills; i++) {
                trial.pauseMillis(0, 1_500);
                ask(trial, trial.one(conversations), 2, 8);
                sink.kill();
                sink.start();
                if (trial.chance(60)) {
                    trial.cluster().awaitReady(trial.cluster().role("sinks").getFirst());
                }
            }
            trial.note(sink + " killed " + kills + " times");
        } else {
            trial.pauseMillis(0, 1_500);
            sink.stop();
            Cluster.Node heir = trial.cluster().add(trial.name("sinks-"), "sinks", Map.of());
            trial.afterwards(() -> trial.cluster().remove(heir));
            heir.process().start();
            trial.cluster().awaitReady(heir);
            conversations.forEach(conversation -> ask(trial, conversation, 2, 8));
            // Members that are silent leave the group after 10 s; the heir has its partitions then.
            trial.pauseMillis(9_000, 14_000);
            sink.resume();
            trial.note(sink + " stale");
        }
        askAll(trial, conversations);
    }
}
