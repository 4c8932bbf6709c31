package dev.parley.config;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.ClientThread;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what one file says in force: puts it in force at the start, then whenever it was edited. A bad edit changes
 * nothing; a deleted file brings back the built-in configuration.
 *
 * <p>The file is looked at every second, by its bytes, whichever way it is written, replaced or linked. What is seen must
 * be there for two looks, so that a file which is being written is not taken for a whole one. One thread, which owns the
 * Kafka clients while they are open.
 */
public final class ConfigurationWatch implements AutoCloseable {

    /** Between two looks, for {@link #start}. */
    public static final Duration PAUSE = Duration.ofSeconds(1);

    private static final int MAX_TOLD = 10;

    private final Path file;
    private final ConfigurationLog log;
    private final Consumer<String> notices;
    private final ClientThread thread;
    private boolean watching;
    private Look handled;
    private Look last;
    private String inForce;
    private String trouble = "";

    /** What was there when the file was looked at. */
    private sealed interface Look {
        record Missing() implements Look {}

        record Unreadable(String why) implements Look {}

        @SuppressWarnings("ArrayRecordComponent") // Compared by content, below; never handed out.
        record Content(byte[] bytes) implements Look {
            @Override
            public boolean equals(@Nullable Object other) {
                return other instanceof Content content && Arrays.equals(bytes, content.bytes);
            }

            @Override
            public int hashCode() {
                return Arrays.hashCode(bytes);
            }
        }
    }

    /** What a file said when it was first read, which is good. */
    public static final class Opened {
        private final Path file;
        private final Look look;
        private final Configuration configuration;

        private Opened(Path file, Look look, Configuration configuration) {
            this.file = file;
            this.look = look;
            this.configuration = configuration;
        }

        public Configuration configuration() {
            return configuration;
        }
    }

    /**
     * Reads a file for the first time; where there is none, the built-in configuration stands for it.
     *
     * @throws InvalidConfigurationException with everything that is wrong with it
     */
    public static Opened open(Path file) {
        Look look = look(file);
        return new Opened(
                file,
                look,
                switch (look) {
                    case Look.Missing() -> BuiltInConfiguration.get();
                    case Look.Unreadable(String why) ->
                        throw new InvalidConfigurationException(file.toString(), List.of(new Problem(0, "", why)));
                    case Look.Content(byte[] bytes) -> ConfigurationFile.parse(file, bytes);
                });
    }

    /**
     * Puts what {@code opened} says in force, and watches the file from then on.
     *
     * @param notices is told, in lines for people to read, of what was put in force and what was wrong
     * @throws ConfigurationLogException where Kafka or the registry does not answer
     */
    public static ConfigurationWatch start(Opened opened, ConfigurationLog log, Consumer<String> notices) {
        return start(opened, log, PAUSE, notices);
    }

    static ConfigurationWatch start(Opened opened, ConfigurationLog log, Duration pause, Consumer<String> notices) {
        ConfigurationWatch watch = new ConfigurationWatch(opened, log, pause, notices);
        watch.put(opened.configuration(), opened.look instanceof Look.Missing ? "no " + opened.file : watch.name());
        watch.watching = true;
        watch.thread.start();
        return watch;
    }

    private ConfigurationWatch(Opened opened, ConfigurationLog log, Duration pause, Consumer<String> notices) {
        this.file = opened.file;
        this.log = log;
        this.notices = notices;
        this.handled = opened.look;
        this.last = opened.look;
        this.inForce = opened.configuration().getVersion();
        this.thread = new ClientThread("configuration-watch", () -> watch(pause));
    }

    private String name() {
        return file.toString();
    }

    private void watch(Duration pause) {
        for (thread.pause(pause); !thread.isClosing(); thread.pause(pause)) {
            Look now = look(file);
            if (!now.equals(handled) && now.equals(last)) {
                tryToHandle(now);
            }
            last = now;
        }
    }

    private static Look look(Path file) {
        try {
            if (!Files.exists(file)) {
                return new Look.Missing();
            }
            if (!Files.isRegularFile(file)) {
                return new Look.Unreadable("is not a file");
            }
            return new Look.Content(ConfigurationFile.read(file));
        } catch (NoSuchFileException e) {
            return new Look.Missing();
        } catch (IOException e) {
            return new Look.Unreadable("cannot be read: " + e.getClass().getSimpleName());
        }
    }

    /** What Kafka's absence keeps from being done is done at a later look. */
    private void tryToHandle(Look look) {
        try {
            handle(look);
            handled = look;
            trouble = "";
        } catch (ConfigurationLogException e) {
            String now = String.valueOf(e.getMessage());
            if (!thread.isClosing() && !now.equals(trouble)) {
                trouble = now;
                notices.accept(name() + " has changed, but " + now + "; trying again");
            }
        }
    }

    private void handle(Look look) {
        switch (look) {
            case Look.Missing() -> put(BuiltInConfiguration.get(), name() + " is gone: the built-in configuration");
            case Look.Unreadable(String why) -> refuse(List.of(new Problem(0, "", why).in(name())));
            case Look.Content(byte[] bytes) -> {
                try {
                    put(ConfigurationFile.parse(file, bytes), name());
                } catch (InvalidConfigurationException e) {
                    refuse(e.lines());
                }
            }
        }
    }

    private void refuse(List<String> problems) {
        problems.forEach(notices);
        notices.accept("refused, with " + problems.size() + (problems.size() == 1 ? " problem" : " problems")
                + ": version " + inForceNow() + " stays in force");
    }

    /** Someone else may have put another one in force in the meantime. */
    private String inForceNow() {
        try {
            inForce = log.inForce().getVersion();
        } catch (ConfigurationLogException e) {
            // The last that is known will do for a notice.
        }
        return inForce;
    }

    private void put(Configuration configuration, String why) {
        Applied applied = log.apply(configuration);
        inForce = applied.now().getVersion();
        if (applied.published()) {
            List<Change> changes = applied.changes();
            String keys = changes.stream().limit(MAX_TOLD).map(Change::key).collect(Collectors.joining(", "));
            notices.accept(why + ": configuration " + configuration.getVersion() + " is in force, was "
                    + applied.before().getVersion() + (keys.isEmpty() ? "" : "; changed: " + keys)
                    + (changes.size() > MAX_TOLD ? " and " + (changes.size() - MAX_TOLD) + " more" : ""));
        } else if (watching) {
            notices.accept(why + ": configuration " + inForce + " is in force as before");
        }
        if (applied.overtaken()) {
            notices.accept("configuration " + inForce + " was put in force by someone else right after");
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
