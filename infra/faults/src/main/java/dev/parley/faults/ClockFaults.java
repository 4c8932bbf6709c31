package dev.parley.faults;

import dev.parley.faults.Trial.Question;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Wall clocks that jump by an hour in running processes, ahead, back, or both. */
final class ClockFaults {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SEEN_WITHIN = Duration.ofSeconds(15);

    /** How far Kafka's clock may be off after a jump: what it slews, and a process that got no processor, and nothing else. */
    private static final Duration STEADY = Duration.ofSeconds(2);

    /** Kafka's session timeout is 10 s, and the lease no longer: by then all who would be thrown out are. */
    private static final int SESSION_MILLIS = 10_000;

    private ClockFaults() {}

    static void clockJump(Trial trial) {
        Path library = MovableClocks.library()
                .orElseThrow(() -> new SkippedException("libfaketime is not installed, nor named by "
                        + MovableClocks.LIBRARY + ": no clock was moved"));
        Cluster cluster = trial.cluster();
        MovableClocks clocks = cluster.movableClocks(library);
        Map<String, String> before = settledGroups(trial);
        List<String> conversations = new ArrayList<>();
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
            questions.add(ask(trial, conversation, 80));
        }
        trial.awaitDeltas(3);
        List<Duration> jumps = switch (trial.chance().between(0, 3)) {
            case 0 -> List.of(HOUR);
            case 1 -> List.of(HOUR.negated());
            case 2 -> List.of(HOUR, HOUR.negated());
            default -> List.of(HOUR.negated(), HOUR);
        };
        for (Duration jump : jumps) {
            trial.chance().pauseMillis(0, 1_500);
            jump(trial, clocks, jump);
            conversations.forEach(conversation ->
                    questions.add(ask(trial, conversation, trial.chance().between(3, 20))));
        }
        trial.chance().pauseMillis(SESSION_MILLIS + 1_000, SESSION_MILLIS + 3_000);
        Map<String, String> after = Groups.members(cluster.kafka());
        trial.expect(
                after.equals(before), "members of groups were changed by the jump: " + before + " became " + after);
        // Nobody was killed or cut: a second attempt would be a lease that a clock has ended.
        trial.atRest(() -> questions.forEach(question -> trial.expect(
                trial.model().callsOf(question.ask()) == 1,
                question.ask() + " was asked " + trial.model().callsOf(question.ask()) + " times")));
    }

    /** Sets the clocks, and waits until every process that wears one has seen it. */
    private static void jump(Trial trial, MovableClocks clocks, Duration by) {
        Map<JavaProcess, Integer> seen = new HashMap<>();
        clocks.processes()
                .forEach(process -> seen.put(process, clocks.seenBy(process).size()));
        clocks.move(by);
        for (JavaProcess process : clocks.processes()) {
            trial.await(
                    "the jump in " + process,
                    SEEN_WITHIN,
                    () -> clocks.seenBy(process).size() > seen.getOrDefault(process, 0));
            MovableClocks.Jump jump = clocks.seenBy(process).getLast();
            trial.expect(
                    jump.wall().minus(by).abs().compareTo(STEADY) < 0,
                    process + " saw its clock move by " + jump.wall().toMillis() + " ms");
            trial.expect(
                    jump.kafka().abs().compareTo(STEADY) < 0,
                    "Kafka's clock in " + process + " moved by " + jump.kafka().toMillis()
                            + " ms with the wall clock: see docs/decisions/0013");
            trial.count(by.isNegative() ? "jumps back seen by a process" : "jumps ahead seen by a process");
        }
    }

    /** Members of the groups once they are the same twice, some time apart. */
    private static Map<String, String> settledGroups(Trial trial) {
        Map<String, String> last = new HashMap<>();
        trial.await("settled groups", () -> {
            Map<String, String> now = Groups.members(trial.cluster().kafka());
            boolean settled =
                    now.equals(last) && now.size() >= 4 && now.values().stream().allMatch(its -> its.startsWith("["));
            last.clear();
            last.putAll(now);
            Cluster.pause(Duration.ofMillis(500));
            return settled;
        });
        return Map.copyOf(last);
    }

    private static Question ask(Trial trial, String conversation, int words) {
        Question question = trial.question(conversation, words, Duration.ofMillis(40));
        var _ = trial.sendUntilAcknowledged(question, trial.chance().between(0, 1));
        return question;
    }

    /** One process of each role, so that its neighbours have another time. */
    static List<JavaProcess> wearers(Cluster cluster) {
        return Stream.of("topologies", "llm", "ingest", "sinks")
                .map(role -> cluster.role(role).getFirst().process())
                .toList();
    }
}
