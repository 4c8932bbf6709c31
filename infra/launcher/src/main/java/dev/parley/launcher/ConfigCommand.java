package dev.parley.launcher;

import dev.parley.chat.v1.Configuration;
import dev.parley.config.Applied;
import dev.parley.config.ConfigurationFile;
import dev.parley.config.ConfigurationLog;
import dev.parley.config.ConfigurationLog.Entry;
import dev.parley.config.ConfigurationLogException;
import dev.parley.config.InvalidConfigurationException;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks, applies and shows the configuration of routes and engines. */
@Command(
        name = "config",
        description = {
            "Routes and engines: check a file, put it in force everywhere, show what is in force.",
            "docs/configuration.md explains the file."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  ./parley config check                      is parley.yaml good?",
            "  ./parley config apply routes.yaml          put it in force, on every node",
            "  ./parley config show > parley.yaml         what is in force, as a file",
            "  ./parley config history                    what was in force, and when",
            "  ./parley config apply --version V          back to a version of the history",
            "  ./parley config apply --version built-in   back to no configuration",
            "",
            "'./parley up' applies parley.yaml by itself, at its start and at every edit.",
            "Exit status: 0 done; 1 not valid, or not put in force; 2 wrong usage, or no such file.",
            ""
        })
final class ConfigCommand implements Callable<Integer> {

    /** The variable that names the file. */
    static final String CONFIG = "PARLEY_CONFIG";

    /** In the working directory. */
    static final String USUAL_FILE = "parley.yaml";

    private static final String FILE_HELP = "Environment: PARLEY_CONFIG. Default: parley.yaml.";

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    @Spec
    @SuppressWarnings("NullAway.Init") // Set by picocli before call().
    private CommandSpec spec;

    ConfigCommand() {
        this(
                System.getenv(),
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8));
    }

    ConfigCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(err);
        return CommandLine.ExitCode.USAGE;
    }

    @Command(
            name = "check",
            description = "Say everything that is wrong with a file. Needs no server.",
            footer = {"", "Example: ./parley config check parley.yaml && git commit parley.yaml", ""})
    int check(
            @Parameters(arity = "0..1", paramLabel = "FILE", description = FILE_HELP) @Nullable Path file,
            @Mixin HelpFlag help) {
        return withFile(file, configuration -> {
            out.println(chosen(file) + " is good: version " + configuration.getVersion() + ", " + size(configuration));
            return CommandLine.ExitCode.OK;
        });
    }

    @Command(
            name = "apply",
            description = "Put a file in force on every node, for new turns, unless it is in force already.",
            footer = {
                "",
                "Examples:",
                "  ./parley config apply",
                "  ./parley config apply --kafka kafka1:9092 --registry http://registry1:8081",
                "  ./parley config apply --version built-in",
                ""
            })
    int apply(
            @Parameters(arity = "0..1", paramLabel = "FILE", description = FILE_HELP) @Nullable Path file,
            @Option(
                            names = "--version",
                            paramLabel = "V",
                            description = "Instead of a file, a version that was in force once, or built-in.")
                    @Nullable
                    String version,
            @Mixin ClusterFlags cluster,
            @Mixin HelpFlag help) {
        if (version == null) {
            return withFile(file, configuration -> apply(log(cluster), configuration));
        }
        if (file != null) {
            err.println("parley: name a file or a version, not both");
            return CommandLine.ExitCode.USAGE;
        }
        return withLog(cluster, log -> apply(log, found(log, version)));
    }

    @Command(
            name = "show",
            description = "Print the configuration in force, as a file with its version, time and origin.",
            footer = {"", "Example: ./parley config show --version 1f0c2d3e4a5b", ""})
    int show(
            @Option(names = "--version", paramLabel = "V", description = "One that was in force once, or built-in.")
                    @Nullable
                    String version,
            @Mixin ClusterFlags cluster,
            @Mixin HelpFlag help) {
        return withLog(cluster, log -> {
            Configuration configuration = version == null ? log.inForce() : found(log, version);
            out.println("# version " + configuration.getVersion());
            if (!configuration.getOrigin().equals(BuiltInConfiguration.ORIGIN)) {
                out.println("# put in force " + configuration.getTime());
            }
            out.println("# from " + configuration.getOrigin());
            out.print(ConfigurationFile.write(configuration));
            return CommandLine.ExitCode.OK;
        });
    }

    @Command(
            name = "history",
            description = "List what was put in force, newest first; of each version, the last time is kept for good.",
            footer = {"", "Example: ./parley config history", ""})
    int history(@Mixin ClusterFlags cluster, @Mixin HelpFlag help) {
        return withLog(cluster, log -> {
            List<Entry> entries = log.history().reversed();
            if (entries.isEmpty()) {
                out.println("nothing was put in force yet: the built-in configuration is, version "
                        + BuiltInConfiguration.get().getVersion());
            }
            boolean newest = true;
            for (Entry entry : entries) {
                Configuration configuration = entry.configuration();
                out.println(configuration.getVersion() + "  " + entry.time() + "  " + configuration.getOrigin() + "  "
                        + size(configuration) + (newest ? "  (in force)" : ""));
                newest = false;
            }
            return CommandLine.ExitCode.OK;
        });
    }

    private int apply(ConfigurationLog log, Configuration configuration) {
        Applied applied = log.apply(configuration);
        if (!applied.published()) {
            out.println("version " + configuration.getVersion() + " is in force already");
            return CommandLine.ExitCode.OK;
        }
        out.println("version " + configuration.getVersion() + " is in force, was "
                + applied.before().getVersion());
        applied.changes().forEach(change -> out.println("  " + change));
        if (applied.overtaken()) {
            out.println("version " + applied.now().getVersion() + " was put in force by someone else right after");
        }
        return CommandLine.ExitCode.OK;
    }

    private static Configuration found(ConfigurationLog log, String version) {
        return log.find(version)
                .orElseThrow(() -> new CommandFailedException(
                        "there is no version " + version + ": './parley config history' lists them"));
    }

    private ConfigurationLog log(ClusterFlags flags) {
        ClusterFlags.Cluster cluster = flags.cluster(environment);
        return new ConfigurationLog(cluster.kafka(), cluster.topics().configuration());
    }

    private int withLog(ClusterFlags flags, Function<ConfigurationLog, Integer> action) {
        try {
            return action.apply(log(flags));
        } catch (ConfigurationLogException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        }
    }

    private Path chosen(@Nullable Path file) {
        return Optional.ofNullable(file)
                .orElseGet(() -> Path.of(Optional.ofNullable(environment.get(CONFIG))
                        .filter(name -> !name.isBlank())
                        .orElse(USUAL_FILE)));
    }

    private int withFile(@Nullable Path file, Function<Configuration, Integer> action) {
        Path chosen = chosen(file);
        byte[] content;
        try {
            content = ConfigurationFile.read(chosen);
        } catch (IOException e) {
            err.println("parley: cannot read " + chosen + ": "
                    + (Files.exists(chosen) ? "it is not a readable file" : "there is no such file"));
            return CommandLine.ExitCode.USAGE;
        }
        try {
            return action.apply(ConfigurationFile.parse(chosen, content));
        } catch (InvalidConfigurationException e) {
            e.lines().forEach(err::println);
            return Parley.FAILED;
        } catch (ConfigurationLogException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        }
    }

    private static String size(Configuration configuration) {
        return counted(configuration.getRoutes().size(), "route") + ", "
                + counted(configuration.getEngines().size(), "engine");
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
