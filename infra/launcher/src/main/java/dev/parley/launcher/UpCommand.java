package dev.parley.launcher;

import dev.parley.config.ConfigurationLog;
import dev.parley.config.ConfigurationLogException;
import dev.parley.config.ConfigurationWatch;
import dev.parley.ingest.IngestSettings;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.Secret;
import dev.parley.schemas.settings.Settings;
import dev.parley.stack.DataDirInUseException;
import dev.parley.stack.PortTakenException;
import dev.parley.stack.Provisioner;
import dev.parley.stack.Stack;
import dev.parley.stack.StackSettings;
import dev.parley.stack.StackStartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Everything on this machine, in one go: Kafka, Postgres, the schema registry, and every role. */
@Command(
        name = "up",
        description =
                "Run everything on this machine: Kafka, Postgres, schema registry and all roles. Ctrl-C stops it all.",
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {

    @Mixin
    private final Flags flags = new Flags();

    @Option(names = "--kafka-port", paramLabel = "PORT", description = "Environment: PARLEY_KAFKA_PORT. Default: 9092.")
    private @Nullable String kafkaPort;

    @Option(
            names = "--registry-port",
            paramLabel = "PORT",
            description = "Environment: PARLEY_REGISTRY_PORT. Default: 8081.")
    private @Nullable String registryPort;

    @Option(
            names = "--postgres-port",
            paramLabel = "PORT",
            description = "Environment: PARLEY_POSTGRES_PORT. Default: 15432.")
    private @Nullable String postgresPort;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description =
                    "Where everything is kept. Environment: PARLEY_DATA_DIR. Default: .parley beside the launcher.")
    private @Nullable String dataDir;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Routes and engines; watched for edits. Environment: PARLEY_CONFIG."
                    + " Default: parley.yaml in the working directory, where there is one.")
    private @Nullable String config;

    @Option(names = "--ephemeral", description = "Keep nothing: use a temporary folder, removed at the end.")
    private boolean ephemeral;

    @Option(
            names = "--without",
            paramLabel = "ROLE",
            split = ",",
            description = "Leave roles out, to run them elsewhere: ${COMPLETION-CANDIDATES}.")
    private Set<RoleName> without = EnumSet.noneOf(RoleName.class);

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = Settings.of(flagValues(), System.getenv());
        Path data = dataDir(settings);
        Console console = new Console();
        StackSettings stackSettings = new StackSettings(
                data,
                settings.port("PARLEY_KAFKA_PORT", 9092),
                settings.port("PARLEY_POSTGRES_PORT", 15432),
                settings.port("PARLEY_REGISTRY_PORT", 8081),
                ephemeral,
                (part, step) -> console.progress(part + ": " + step));
        int httpPort = settings.port("PARLEY_HTTP_PORT", 8080);
        settings.check();
        checkWritable(data);
        ConfigurationWatch.Opened configuration = configuration(settings);
        EnumSet<RoleName> wanted = EnumSet.allOf(RoleName.class);
        wanted.removeAll(without);
        Shutdown shutdown = Shutdown.onSignal(console);
        try {
            return shutdown.run(() -> {
                if (wanted.contains(RoleName.INGEST)) {
                    // Everything that can be known to fail is said before anything slow begins.
                    HttpPort.checkFree(settings.string("PARLEY_HTTP_HOST", "127.0.0.1"), httpPort);
                }
                start(shutdown, console, stackSettings, configuration, wanted);
            });
        } catch (PortTakenException e) {
            throw new CommandFailedException(
                    e.getMessage() + ": stop that process, or choose another port with "
                            + flagOf(e.port(), stackSettings),
                    e);
        } catch (StackStartException e) {
            throw new CommandFailedException(
                    e.getMessage() + System.lineSeparator()
                            + "Ports are chosen with --kafka-port, --postgres-port and --registry-port; logs are in "
                            + data.resolve("logs"),
                    e);
        } catch (ConfigurationLogException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        } catch (DataDirInUseException e) {
            throw new CommandFailedException(e.getMessage() + " with --data-dir", e);
        }
    }

    private void start(
            Shutdown shutdown,
            Console console,
            StackSettings stackSettings,
            ConfigurationWatch.Opened configuration,
            Set<RoleName> wanted)
            throws InterruptedException {
        Stack stack = shutdown.close(Stack.start(stackSettings), "Kafka, Postgres and registry");
        Settings wired = Settings.of(
                stack.environment(),
                flagValues(),
                withoutOutside(System.getenv()),
                Map.of(WorkspaceKey.DEFAULT_WORKSPACE, OwnDocuments.WORKSPACE));
        // In force before any role reads it.
        shutdown.close(ConfigurationWatch.start(configuration, provisioned(wired), console::progress), "configuration");
        Roles roles = shutdown.close(Roles.start(wanted, wired, false, console::progress), "roles");
        roles.awaitReady();
        console.banner(Banner.of(stack, roles, ephemeral));
        if (roles.httpUrl().isPresent()) {
            Map<Secret, String> tenantsByKey = IngestSettings.from(wired).tenantsByKey();
            shutdown.close(
                    OwnDocuments.start(roles.httpUrl().orElseThrow(), tenantsByKey, console::progress),
                    "documentation");
        }
    }

    private static String flagOf(int port, StackSettings settings) {
        if (port == settings.kafkaPort()) {
            return "--kafka-port";
        }
        if (port == settings.postgresPort()) {
            return "--postgres-port";
        }
        return port == settings.registryPort() ? "--registry-port" : "--http-port";
    }

    private Map<String, String> flagValues() {
        Map<String, String> values = new HashMap<>(flags.values());
        put(values, "PARLEY_KAFKA_PORT", kafkaPort);
        put(values, "PARLEY_REGISTRY_PORT", registryPort);
        put(values, "PARLEY_POSTGRES_PORT", postgresPort);
        put(values, "PARLEY_DATA_DIR", dataDir);
        put(values, ConfigCommand.CONFIG, config);
        return values;
    }

    private static void put(Map<String, String> values, String key, @Nullable String value) {
        if (value != null) {
            values.put(key, value);
        }
    }

    /** A file that was named has to be there; the usual one may be missing. */
    private static ConfigurationWatch.Opened configuration(Settings settings) {
        Optional<Path> named = settings.string(ConfigCommand.CONFIG).map(Path::of);
        named.filter(file -> !Files.exists(file)).ifPresent(file -> {
            throw new CommandFailedException("there is no file " + file + ", which --config or PARLEY_CONFIG names");
        });
        return ConfigurationWatch.open(named.orElseGet(() -> Path.of(ConfigCommand.USUAL_FILE)));
    }

    /** The topics have to be there before a configuration can be put in force. */
    private static ConfigurationLog provisioned(Settings settings) {
        ClusterFlags.Cluster cluster = ClusterFlags.cluster(settings);
        new Provisioner(cluster.kafka(), cluster.registry()).provision(cluster.topics());
        return new ConfigurationLog(cluster.kafka(), cluster.topics().configuration());
    }

    private Path dataDir(Settings settings) {
        if (ephemeral) {
            // The stack makes it, once a signal to end is taken: nothing is left of a start that was called off.
            return Path.of(
                    System.getProperty("java.io.tmpdir"),
                    "parley-" + Long.toUnsignedString(new SecureRandom().nextLong()));
        }
        return settings.string("PARLEY_DATA_DIR")
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("parley.home", "."), ".parley"))
                .toAbsolutePath()
                .normalize();
    }

    /** An installation may be read-only, and the folder beside it is what is meant where nobody says otherwise. */
    private static void checkWritable(Path data) {
        Path existing = data;
        while (!Files.exists(existing)) {
            Path parent = existing.getParent();
            if (parent == null) {
                return;
            }
            existing = parent;
        }
        if (!Files.isWritable(existing)) {
            throw new CommandFailedException("cannot write to " + data
                    + ": name another folder with --data-dir or PARLEY_DATA_DIR, or keep nothing with --ephemeral");
        }
    }

    /** 'up' brings its own Kafka: settings meant for an outside cluster must not leak into its clients. */
    private static Map<String, String> withoutOutside(Map<String, String> environment) {
        Map<String, String> values = new HashMap<>(environment);
        values.keySet().removeIf(key -> key.startsWith("KAFKA_"));
        return values;
    }
}
