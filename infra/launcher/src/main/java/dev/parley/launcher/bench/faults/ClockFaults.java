package dev.parley.launcher.bench.faults;

import dev.parley.launcher.bench.faults.Trial.Question;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Wall clocks that jump by an hour, forwards and backwards, in running processes: libfaketime makes them, told through a file
 * that each process reads anew every second. The monotonic clock goes on as it does when a real clock jumps.
 */
final class ClockFaults {

    /** Names the library where it is in none of the usual places. */
    static final String LIBRARY = "PARLEY_FAKETIME_LIBRARY";

    private static final List<String> USUAL = List.of(
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/faketime/libfaketimeMT.so.1",
            "/usr/lib64/faketime/libfaketimeMT.so.1",
            "/usr/local/lib/faketime/libfaketimeMT.so.1");

    private ClockFaults() {}

    /** Where libfaketime is on this machine. */
    static Optional<Path> library() {
        return Stream.concat(Optional.ofNullable(System.getenv(LIBRARY)).stream(), USUAL.stream())
                .map(Path::of)
                .filter(Files::exists)
                .findFirst();
    }

    static void clockJump(Trial trial) {
        Path library = library()
                .orElseThrow(() -> new SkippedException(
                        "libfaketime is not installed, nor named by " + LIBRARY + ": no clock was moved"));
        Path time = trial.cluster().dir().resolve("clock");
        tell(time, "+0s");
        List<Cluster.Node> nodes = Stream.of("topologies", "llm", "ingest", "sinks")
                .map(role -> trial.cluster().role(role).getFirst())
                .toList();
        wear(trial, nodes, library, time);
        List<String> conversations = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
            ask(trial, conversation, 80);
        }
        int jumps = trial.between(1, 3);
        for (int i = 0; i < jumps; i++) {
            trial.pauseMillis(200, 2_000);
            // The first always moves; later ones may move back.
            String to = trial.one(i == 0 ? List.of("+3600s", "-3600s") : List.of("+3600s", "-3600s", "+0s"));
            tell(time, to);
            trial.note("clocks at " + to);
            conversations.forEach(conversation -> ask(trial, conversation, trial.between(3, 20)));
        }
    }

    /** A scenario that this machine cannot play. */
    static final class SkippedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SkippedException(String why) {
            super(why);
        }
    }

    private static void ask(Trial trial, String conversation, int words) {
        Question question = trial.question(conversation, words, Duration.ofMillis(40));
        var _ = trial.sendUntilAcknowledged(question, trial.between(0, 1));
    }

    /** Starts processes again with a clock that can be moved, until the trial is over. */
    private static void wear(Trial trial, List<Cluster.Node> nodes, Path library, Path time) {
        for (Cluster.Node node : nodes) {
            node.process().set("LD_PRELOAD", library.toString());
            node.process().set("FAKETIME_TIMESTAMP_FILE", time.toString());
            node.process().set("FAKETIME_CACHE_DURATION", "1");
            node.process().set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            node.process().set("DONT_FAKE_MONOTONIC", "1");
            node.process().end();
            node.process().start();
        }
        trial.afterwards(() -> {
            for (Cluster.Node node : nodes) {
                node.process().set("LD_PRELOAD", null);
                node.process().end();
                node.process().start();
            }
            trial.cluster().awaitReady();
        });
        trial.cluster().awaitReady();
    }

    private static void tell(Path file, String offset) {
        try {
            // In one step: a process must not read half of it.
            Path whole = Files.writeString(file.resolveSibling("clock-next"), offset + "\n");
            Files.move(
                    whole,
                    file,
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
