package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.ConfigurationFile;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.settings.Settings;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code parley config} as people use it. */
class ConfigCommandIT {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private final Map<String, String> environment = new HashMap<>();

    /** What a run of the command printed, and its exit status. */
    private record Run(int status, String out, String err) {}

    private Run config(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream printed = new PrintStream(err, true, StandardCharsets.UTF_8);
        int status = new CommandLine(
                        new ConfigCommand(environment, new PrintStream(out, true, StandardCharsets.UTF_8), printed))
                .setExecutionExceptionHandler((exception, line, parsed) -> {
                    printed.println(exception.getMessage());
                    return Parley.FAILED;
                })
                .execute(arguments);
        return new Run(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("routes.yaml"), text).toString();
    }

    @Test
    void checkNeedsNoServer() throws IOException {
        String good = file("routes: {chat: {engine: extractive}}");
        assertThat(config("check", good).status()).isZero();
        assertThat(config("check", good).out()).contains("is good: version", "1 route, 0 engines");

        environment.put("PARLEY_CONFIG", file("routes: {chat: {engine: gpt, colour: red}}"));
        Run bad = config("check");
        assertThat(bad.status()).isEqualTo(1);
        assertThat(bad.err())
                .contains(
                        "routes.yaml:1: routes.chat.engine: there is no engine 'gpt'",
                        "routes.chat.colour: is unknown");

        assertThat(config("check", folder.resolve("none.yaml").toString()))
                .extracting(Run::status, Run::err)
                .containsExactly(
                        2,
                        "parley: cannot read " + folder.resolve("none.yaml") + ": there is no such file"
                                + System.lineSeparator());
        assertThat(config("check", "--frob").status()).isEqualTo(2);
        assertThat(config("--help").status()).isZero();
        assertThat(config("apply", "--help").status()).isZero();
    }

    @Test
    void whatIsAppliedIsShownAndListedAndCanBeBroughtBack() throws IOException {
        TestStack stack = TestStack.shared();
        environment.put("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
        environment.put("SCHEMA_REGISTRY_URL", stack.registryUrl());
        environment.put("PARLEY_PREFIX", "t" + UUID.randomUUID().toString().substring(0, 8) + ".");
        environment.put("PARLEY_PARTITIONS", "1");

        Run missing = config("show");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).contains("./parley provision");
        ClusterFlags.Cluster cluster = ClusterFlags.cluster(Settings.of(environment));
        new Provisioner(cluster.kafka(), cluster.registry()).provision(cluster.topics());

        assertThat(config("history").out()).contains("nothing was put in force yet");
        assertThat(config("show").out()).contains("# from built-in", "default-route: chat");

        String file = file("""
                routes:
                  chat: {engine: local, system-prompt: "Be brief.\\nBe kind."}
                engines:
                  local: {kind: openai, endpoints: http://127.0.0.1:8000/v1, key: LOCAL_KEY}
                """);
        Run applied = config("apply", file);
        assertThat(applied.status()).as(applied.err()).isZero();
        assertThat(applied.out())
                .contains("is in force, was " + BuiltInConfiguration.get().getVersion())
                .contains("  + routes.chat.engine: local", "  + engines.local");
        assertThat(config("apply", file).out()).contains("is in force already");

        Run shown = config("show");
        assertThat(shown.out()).contains("# version ", "# put in force ", "# from routes.yaml", "key: LOCAL_KEY");
        String version = ConfigurationFile.parse(Path.of(file), Files.readAllBytes(Path.of(file)))
                .getVersion();
        assertThat(ConfigurationFile.parse(Path.of("shown.yaml"), shown.out().getBytes(StandardCharsets.UTF_8))
                        .getVersion())
                .isEqualTo(version);

        Run back = config("apply", "--version", "built-in");
        assertThat(back.out()).as(back.err()).contains("  - routes.chat.engine", "  - engines.local");
        assertThat(config("apply", "--version", version).status()).isZero();
        assertThat(config("history").out().lines())
                .first()
                .asString()
                .startsWith(version)
                .endsWith("routes.yaml  1 route, 1 engine  (in force)");
        assertThat(config("show", "--version", "built-in").out()).doesNotContain("engines:");
        assertThat(config("show", "--version", "nope").status()).isEqualTo(1);
        assertThat(config("apply", "--version", version, file).status()).isEqualTo(2);
    }
}
