package dev.parley.launcher;

import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.postgres.PostgresSettings;
import dev.parley.sinks.postgres.Rebuild;
import dev.parley.sinks.postgres.Rebuild.Progress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Makes the read model anew while the one in use serves. */
@Command(
        name = "rebuild",
        description = {
            "Make the tables anew from the log, beside those in use, and put them in their place once they have all that those",
            "have. Sinks and front doors go on all the while. One that is broken off goes on from where it was."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Takes KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL, DATABASE_URL, PARLEY_DATABASE_SCHEMA and PARLEY_PREFIX,",
            "as the sinks do, and the right to create a schema. The former tables stay, in a schema whose name is told.",
            ""
        })
final class RebuildCommand implements Callable<Integer> {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

    private final Map<String, String> environment;
    private final Consumer<String> progress;

    private long told;

    RebuildCommand() {
        this(System.getenv(), new Console()::progress);
    }

    RebuildCommand(Map<String, String> environment, Consumer<String> progress) {
        this.environment = environment;
        this.progress = progress;
    }

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = Settings.of(environment);
        KafkaSettings kafka = KafkaSettings.from(settings);
        RegistrySettings registry = RegistrySettings.from(settings);
        TopicSettings topicSettings = TopicSettings.from(settings);
        PostgresSettings postgres = PostgresSettings.from(settings);
        settings.check();
        Topics topics = Topics.of(topicSettings, new ValueSerdes(registry));
        try (Rebuild rebuild = Rebuild.start(postgres, kafka, topicSettings, topics)) {
            while (true) {
                @Nullable String former = lookAt(rebuild);
                if (former != null) {
                    progress.accept("The tables are made anew. Those of before are in schema " + former
                            + ": drop it when nobody misses them");
                    return CommandLine.ExitCode.OK;
                }
                Thread.sleep(BETWEEN_LOOKS);
            }
        }
    }

    /** The name of the former schema, once the tables have changed places. */
    private @Nullable String lookAt(Rebuild rebuild) throws InterruptedException {
        if (!rebuild.health().ready()) {
            tell(rebuild.health().detail());
            return null;
        }
        try {
            Progress now = rebuild.progress();
            tell("folded " + now.folded() + " of " + now.of());
            return now.isNearlyDone() ? rebuild.changePlaces() : null;
        } catch (SQLException e) {
            tell(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private void tell(String line) {
        long now = System.nanoTime();
        if (told == 0 || now - told > BETWEEN_LINES.toNanos()) {
            told = now;
            progress.accept(line);
        }
    }
}
