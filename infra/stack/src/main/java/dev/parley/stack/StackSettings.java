package dev.parley.stack;

import java.nio.file.Path;

/**
 * What to start, and where.
 *
 * @param dataDir holds {@code kafka}, {@code postgres}, {@code registry} and {@code logs}
 * @param kafkaPort 0 for a free one, as with the others
 * @param ephemeral for tests: nothing waits for the disk, schemas stay in memory, and the directory is removed at the
 *     end
 */
public record StackSettings(
        Path dataDir, int kafkaPort, int postgresPort, int registryPort, boolean ephemeral, Progress progress) {

    private static final int HIGHEST_PORT = 65_535;

    public StackSettings {
        dataDir = dataDir.toAbsolutePath().normalize();
        checkPort("kafkaPort", kafkaPort);
        checkPort("postgresPort", postgresPort);
        checkPort("registryPort", registryPort);
    }

    /** A kept stack on the ports that the three are known by. */
    public static StackSettings kept(Path dataDir) {
        return new StackSettings(dataDir, 9092, 5432, 8081, false, Progress.logged());
    }

    /** A throw-away stack on free ports. */
    public static StackSettings ephemeral(Path dataDir) {
        return new StackSettings(dataDir, 0, 0, 0, true, Progress.silent());
    }

    public StackSettings withPorts(int kafka, int postgres, int registry) {
        return new StackSettings(dataDir, kafka, postgres, registry, ephemeral, progress);
    }

    public StackSettings withProgress(Progress listener) {
        return new StackSettings(dataDir, kafkaPort, postgresPort, registryPort, ephemeral, listener);
    }

    private static void checkPort(String name, int port) {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new IllegalArgumentException(name + " must be 0 to " + HIGHEST_PORT + ", not " + port);
        }
    }
}
