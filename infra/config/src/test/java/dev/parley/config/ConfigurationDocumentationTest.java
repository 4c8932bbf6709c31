package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.RouteConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/configuration.md names every key there is, and its files are good. */
class ConfigurationDocumentationTest {

    /** Maven runs a module's tests in the module's folder. */
    private static final Path DOCS = Path.of("..", "..", "docs");

    private static final Pattern KEY = Pattern.compile("^\\| `([^`]+)` \\|", Pattern.MULTILINE);
    private static final Pattern YAML = Pattern.compile("^```yaml\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static String page() throws IOException {
        return Files.readString(DOCS.resolve("configuration.md"));
    }

    @Test
    void theTableHasEveryKeyOnce() throws IOException {
        List<String> documented = new ArrayList<>();
        Matcher row = KEY.matcher(page());
        while (row.find()) {
            documented.add(row.group(1));
        }

        assertThat(documented).containsExactlyInAnyOrderElementsOf(Keys.paths());
    }

    @Test
    void theFilesInItAreGood() throws IOException {
        for (String text : List.of(page(), Files.readString(DOCS.resolveSibling("README.md")))) {
            Matcher block = YAML.matcher(text);
            assertThat(block.find()).isTrue();
            do {
                assertThat(Yaml.problems(block.group(1))).isEmpty();
            } while (block.find());
        }
    }

    @Test
    void theExampleIsGoodAndShowsMost() throws IOException {
        Path file = DOCS.resolve("parley.example.yaml");
        Configuration example = ConfigurationFile.parse(file, ConfigurationFile.read(file));

        assertThat(example.getRoutes())
                .extracting(RouteConfiguration::getIntent)
                .containsExactly("chat", "help", "sql");
        assertThat(example.getEngines()).hasSize(3);
        String text = Files.readString(file);
        assertThat(Keys.paths())
                .filteredOn(path -> !path.matches(".*\\.(enabled|strict|classifier\\..*)"))
                .filteredOn(path -> !path.equals("classifier.engine") && !path.equals("classifier.timeout"))
                .allSatisfy(path -> assertThat(text).contains(path.substring(path.lastIndexOf('.') + 1) + ":"));
    }

    @Test
    void defaultsAreAsTheTableSays() throws IOException {
        assertThat(page())
                .contains("| " + ConfigurationParser.THRESHOLD + " | confidence")
                .contains("| `" + Durations.text(ConfigurationParser.CLASSIFIER_TIMEOUT_MILLIS) + "` | for `model`")
                .contains("| `" + Durations.text(EngineKeys.USUAL_FIRST_TOKEN_MILLIS) + "` | until")
                .contains("| `" + Durations.text(EngineKeys.USUAL_IDLE_MILLIS) + "` | between")
                .contains("| " + EngineKeys.USUAL_CONCURRENCY + " | generations")
                .contains("| " + EngineKeys.USUAL_RETRIES + " | further");
    }
}
