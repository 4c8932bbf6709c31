package dev.parley.config;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.routes.Versions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A configuration as people write it, in YAML; docs/configuration.md says which keys there are.
 *
 * <p>Order of keys, comments and layout have no part in the version: routes and engines are sorted by name.
 */
public final class ConfigurationFile {

    /** Larger files are refused. */
    public static final int MAX_BYTES = YamlText.MAX_BYTES;

    private ConfigurationFile() {}

    /**
     * The configuration that a file holds, with its version and no time. A file that says nothing is the built-in one.
     *
     * @param file where it is from: problems name it, and its last part is the configuration's origin
     * @throws InvalidConfigurationException with everything that is wrong with it
     */
    public static Configuration parse(Path file, byte[] content) {
        Problems problems = new Problems();
        Section root = YamlText.read(content, problems)
                .map(node -> Section.of("", node, Keys.FILE, problems))
                .orElseGet(() -> Section.empty("", 0, problems));
        Configuration configuration =
                new ConfigurationParser(problems).configuration(root, String.valueOf(file.getFileName()));
        if (!problems.isEmpty()) {
            throw new InvalidConfigurationException(file.toString(), problems.inOrder());
        }
        return Versions.stamped(configuration);
    }

    /** {@code configuration} as YAML, which {@link #parse} makes the same configuration of. */
    public static String write(Configuration configuration) {
        return ConfigurationYaml.text(configuration);
    }

    /**
     * The bytes of {@code file}, of which no more are read than a configuration may have, and one.
     *
     * @throws IOException where it cannot be read
     */
    public static byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(MAX_BYTES + 1);
        }
    }

    /** The time of a configuration that has not been put in force. */
    static final Instant NO_TIME = Instant.EPOCH;
}
