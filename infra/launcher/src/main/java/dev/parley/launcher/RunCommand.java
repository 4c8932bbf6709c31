package dev.parley.launcher;

import dev.parley.schemas.settings.Settings;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Roles of this process against outside Kafka, Postgres and registry; any number of processes share the work. */
@Command(
        name = "run",
        description = {
            "Run roles against outside services: KAFKA_BOOTSTRAP_SERVERS (and any KAFKA_* client setting),",
            "SCHEMA_REGISTRY_URL, DATABASE_URL. Start as many processes of a role as you like: they share the work."
        },
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {

    @Mixin
    private final Flags flags = new Flags();

    @Parameters(
            arity = "1..*",
            paramLabel = "ROLE",
            description = "ingest (HTTP and event streams), topologies, llm (workers), sinks (Postgres).")
    @SuppressWarnings("NullAway.Init") // Set by picocli before call().
    private List<RoleName> roles;

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = Settings.of(flags.values(), System.getenv());
        Console console = new Console();
        Shutdown shutdown = Shutdown.onSignal(console);
        return shutdown.run(() -> {
            Roles running =
                    shutdown.close(Roles.start(EnumSet.copyOf(roles), settings, false, console::progress), "roles");
            running.awaitReadyHoweverLong();
            console.progress("Ready: " + running.names());
        });
    }
}
