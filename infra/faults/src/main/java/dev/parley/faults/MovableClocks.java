package dev.parley.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Wall clocks of running processes that can be set, all by the same amount: libfaketime makes them, told through a file that
 * each process reads anew every second. The monotonic clock goes on as it does when a real clock is set. Used by one thread.
 */
final class MovableClocks {

    /** Names the library where it is in none of the usual places. */
    static final String LIBRARY = "PARLEY_FAKETIME_LIBRARY";

    private static final List<String> USUAL = List.of(
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/faketime/libfaketimeMT.so.1",
            "/usr/lib64/faketime/libfaketimeMT.so.1",
            "/usr/local/lib/faketime/libfaketimeMT.so.1");

    private final Path dir;
    private final List<JavaProcess> processes;
    private Duration offset = Duration.ZERO;

    /** A jump that a process saw: by how much its wall clock and Kafka's clock left the monotonic one. */
    record Jump(Duration wall, Duration kafka) {}

    private MovableClocks(Path dir, List<JavaProcess> processes) {
        this.dir = dir;
        this.processes = List.copyOf(processes);
    }

    /** Where libfaketime is on this machine. */
    static Optional<Path> library() {
        return Stream.concat(Optional.ofNullable(System.getenv(LIBRARY)).stream(), USUAL.stream())
                .map(Path::of)
                .filter(Files::exists)
                .findFirst();
    }

    /** Starts the processes again, with clocks that can be moved. They are not ready when this returns. */
    static MovableClocks wornBy(List<JavaProcess> processes, Path dir, Path library) {
        MovableClocks clocks = new MovableClocks(dir, processes);
        clocks.tell();
        processes.forEach(process -> {
            process.set("LD_PRELOAD", library.toString());
            process.set("FAKETIME_TIMESTAMP_FILE", clocks.time().toString());
            process.set("FAKETIME_CACHE_DURATION", "1");
            process.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            process.set("DONT_FAKE_MONOTONIC", "1");
            // Without this, waits of Java's that go by the monotonic clock return at once, and whoever waits spins.
            process.set("FAKETIME_FORCE_MONOTONIC_FIX", "0");
            process.runThrough(List.of(
                    ClockWitness.class.getName(), clocks.witnessOf(process).toString()));
            process.end();
        });
        processes.forEach(JavaProcess::start);
        return clocks;
    }

    /** Starts the processes again, with the machine's clock. They are not ready when this returns. */
    void takeOff() {
        processes.forEach(process -> {
            process.set("LD_PRELOAD", null);
            process.runThrough(List.of());
            process.end();
        });
        processes.forEach(JavaProcess::start);
    }

    List<JavaProcess> processes() {
        return processes;
    }

    /** Sets all the clocks, from where they are. They follow within a second or two. */
    void move(Duration by) {
        offset = offset.plus(by);
        tell();
    }

    private Path time() {
        return dir.resolve("clock");
    }

    private Path witnessOf(JavaProcess process) {
        return dir.resolve(process.name() + ".clock");
    }

    private void tell() {
        try {
            // In one step: a process must not read half of it.
            Path whole = Files.writeString(dir.resolve("clock-next"), "%+d%n".formatted(offset.toSeconds()));
            Files.move(whole, time(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The jumps that a process saw since it was started with these clocks. */
    List<Jump> seenBy(JavaProcess process) {
        try {
            return Files.readAllLines(witnessOf(process)).stream()
                    .map(line -> line.split(" ", -1))
                    .filter(parts -> parts.length == 3)
                    .map(parts -> new Jump(
                            Duration.ofMillis(Long.parseLong(parts[1])), Duration.ofMillis(Long.parseLong(parts[2]))))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
