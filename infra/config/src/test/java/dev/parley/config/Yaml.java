package dev.parley.config;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.Configuration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Files as tests write them. */
final class Yaml {

    static final Path FILE = Path.of("conf", "parley.yaml");

    private Yaml() {}

    static Configuration parse(String text) {
        return ConfigurationFile.parse(FILE, text.getBytes(StandardCharsets.UTF_8));
    }

    /** What is wrong with a file, each as one line. */
    static List<String> problems(String text) {
        return problems(text.getBytes(StandardCharsets.UTF_8));
    }

    static List<String> problems(byte[] content) {
        InvalidConfigurationException refused =
                catchThrowableOfType(InvalidConfigurationException.class, () -> ConfigurationFile.parse(FILE, content));
        return refused == null
                ? List.of()
                : refused.problems().stream().map(Problem::toString).toList();
    }
}
