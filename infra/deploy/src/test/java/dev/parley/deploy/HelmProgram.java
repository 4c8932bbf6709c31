package dev.parley.deploy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Helm in a process of its own, since it is another runtime: {@code lint|template CHART VALUES}. */
final class HelmProgram {

    /** That the chart takes. */
    private static final String OLDEST_KUBERNETES = "1.30.0";

    private static final int SECONDS = 60;

    /** What it printed, and whether all was well. */
    record Ended(boolean well, String printed) {}

    private HelmProgram() {}

    public static void main(String[] args) {
        Helm helm = new Helm(Path.of(args[1]));
        Path values = Path.of(args[2]);
        try {
            if (args[0].equals("lint")) {
                LintResult result = helm.lint().strict().call();
                result.getMessages().forEach(System.out::println);
                System.exit(result.isFailed() ? 1 : 0);
            }
            TemplateCommand template = helm.template()
                    .withName("chat")
                    .withNamespace("talk")
                    .withKubeVersion(OLDEST_KUBERNETES)
                    .withValuesFile(values);
            System.out.print(template.call());
        } catch (RuntimeException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }

    static Ended run(String command, Path chart, Path values) throws IOException, InterruptedException {
        Path out = Files.createTempFile("helm-", ".out");
        try {
            Process process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            HelmProgram.class.getName(),
                            command,
                            chart.toString(),
                            values.toString()))
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("helm does not end");
            }
            return new Ended(process.exitValue() == 0, Files.readString(out, StandardCharsets.UTF_8));
        } finally {
            Files.deleteIfExists(out);
        }
    }
}
