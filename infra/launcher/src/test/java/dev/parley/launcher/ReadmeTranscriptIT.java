package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Runs the README's first conversation, command by command, against a fresh server, and compares what it prints. */
class ReadmeTranscriptIT {

    private static final Pattern TRANSCRIPT =
            Pattern.compile("<!-- transcript: .*?-->\\s*```console\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PROMPT = Pattern.compile("^\\$ ", Pattern.MULTILINE);
    private static final String ANY_TEXT = "…";
    private static final String ADDRESS = "http://127.0.0.1:8080";

    private record Step(String command, String expected) {}

    @Test
    void theFirstConversationGoesAsTheReadmeShows() throws Exception {
        List<Step> steps = steps(Files.readString(readme()));
        assertThat(steps).hasSizeGreaterThanOrEqualTo(4);
        try (ParleyUnderTest parley = ParleyUnderTest.startWithoutModel()) {
            for (Step step : steps) {
                String printed = run(step.command().replace(ADDRESS, parley.url()));
                assertThat(printed.strip())
                        .as("%s", step.command())
                        .matches(pattern(step.expected().strip()));
            }
        }
    }

    /** Maven runs a module's tests in the module's folder. */
    private static Path readme() {
        return Path.of("..", "..", "README.md").toAbsolutePath().normalize();
    }

    private static List<Step> steps(String readme) {
        Matcher transcript = TRANSCRIPT.matcher(readme);
        assertThat(transcript.find()).as("the README has a transcript").isTrue();
        List<Step> steps = new ArrayList<>();
        for (String part : PROMPT.splitAsStream(transcript.group(1)).toList()) {
            if (!part.isBlank()) {
                int end = part.indexOf('\n');
                steps.add(new Step(part.substring(0, end), part.substring(end + 1)));
            }
        }
        return steps;
    }

    /** What is expected, with {@code …} for any text, line breaks included. */
    private static Pattern pattern(String expected) {
        StringBuilder regex = new StringBuilder();
        for (String literal : expected.split(ANY_TEXT, -1)) {
            regex.append(regex.isEmpty() ? "" : "[\\s\\S]*?").append(Pattern.quote(literal));
        }
        return Pattern.compile(regex.toString());
    }

    private static String run(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", command)
                .redirectErrorStream(false)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
        return printed;
    }
}
