package dev.parley.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import org.apache.kafka.common.utils.Time;

/**
 * Runs another program's {@code main}, and writes down what clocks do in its process: a line {@code jump WALL KAFKA} for each
 * jump of the wall clock, with the milliseconds by which that and Kafka's clock left the monotonic one. So a trial knows that
 * its jump was seen, and by whom.
 */
public final class ClockWitness {

    private static final Duration LOOK = Duration.ofMillis(20);
    private static final long LEAST_MILLIS = 60_000;

    private ClockWitness() {}

    /** {@code arguments}: the file to write to, the class to run, and its arguments. */
    public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
        Path file = Path.of(arguments[0]);
        Files.writeString(file, "");
        Thread.ofPlatform().daemon().name("clock-witness").start(() -> watch(file));
        Class.forName(arguments[1]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(arguments, 2, arguments.length));
    }

    private static void watch(Path file) {
        try {
            long wall = ahead(System.currentTimeMillis());
            long kafka = ahead(Time.SYSTEM.milliseconds());
            while (true) {
                Thread.sleep(LOOK);
                long wallNow = ahead(System.currentTimeMillis());
                long kafkaNow = ahead(Time.SYSTEM.milliseconds());
                if (Math.abs(wallNow - wall) >= LEAST_MILLIS) {
                    Files.writeString(
                            file,
                            "jump " + (wallNow - wall) + " " + (kafkaNow - kafka) + "\n",
                            StandardOpenOption.APPEND);
                }
                wall = wallNow;
                kafka = kafkaNow;
            }
        } catch (IOException | InterruptedException e) {
            // Nothing more is witnessed, which the trial takes for a jump that did not happen.
        }
    }

    private static long ahead(long millis) {
        return millis - System.nanoTime() / 1_000_000;
    }
}
