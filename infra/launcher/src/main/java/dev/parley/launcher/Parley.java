package dev.parley.launcher;

import dev.parley.config.InvalidConfigurationException;
import dev.parley.schemas.settings.InvalidSettingsException;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code parley} command. */
@Command(
        name = "parley",
        description = "A Kafka-native backend for LLM chat.",
        mixinStandardHelpOptions = true,
        versionProvider = Parley.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            UpCommand.class,
            ChatCommand.class,
            IngestCommand.class,
            ConfigCommand.class,
            RunCommand.class,
            HealthCommand.class,
            ProvisionCommand.class,
            AclsCommand.class,
            DeadLettersCommand.class,
            RebuildCommand.class,
            ScriptedModelCommand.class
        },
        footer = {
            "",
            "In a checkout, also:",
            "  bench           Measure, and play what must hold under faults.",
            "  package         Make an archive that runs without a checkout.",
            "  test            Run every test; with --fast, unit tests and simulation alone.",
            "",
            "'parley COMMAND --help' explains a command, with its flags and their environment variables.",
            ""
        })
public final class Parley implements Callable<Integer> {

    /** Exit status where the command cannot do what it was asked, for a reason that it has printed. */
    static final int FAILED = 1;

    /** Lucene says at each start that it would be faster with an incubating module; docs/retrieval.md says it once. */
    private static final Logger LUCENE = Logger.getLogger("org.apache.lucene.internal.vectorization");

    @Spec
    @SuppressWarnings("NullAway.Init") // Set by picocli before call().
    private CommandSpec spec;

    public static void main(String[] args) {
        System.exit(execute(new Parley(), args));
    }

    /**
     * Runs a command as this program does: what goes wrong is said in words.
     *
     * @param command a class with picocli's annotations
     * @return the exit status
     */
    public static int execute(Object command, String... args) {
        LUCENE.setLevel(Level.SEVERE);
        Shutdown.guardOthers();
        return new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((exception, line, parsed) -> report(exception))
                .execute(args);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(System.err);
        return CommandLine.ExitCode.USAGE;
    }

    /** What went wrong, in words, without a stack trace where the words say it all. */
    static int report(Exception exception) throws Exception {
        switch (exception) {
            case InvalidSettingsException invalid -> {
                System.err.println("parley: these settings are not valid:");
                invalid.problems().forEach(problem -> System.err.println("  " + problem));
                // As with wrong arguments: whoever starts it again need not try.
                return CommandLine.ExitCode.USAGE;
            }
            case InvalidConfigurationException invalid -> {
                System.err.println("parley: the configuration file is not valid:");
                invalid.lines().forEach(line -> System.err.println("  " + line));
            }
            case CommandFailedException failed -> System.err.println("parley: " + failed.getMessage());
            default -> throw exception;
        }
        return FAILED;
    }

    /** How whoever started this process calls it. */
    static String command() {
        return System.getProperty("parley.command", "./parley");
    }

    /** The version of the build. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Parley.class.getPackage().getImplementationVersion();
            return new String[] {"parley " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
