package dev.parley.deploy;

import dev.parley.launcher.RoleName;
import dev.parley.launcher.Roles;
import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** What a process of ours reads of its environment, and what it has to say about it: the settings themselves are asked. */
final class KnownSettings {

    /** Names that are ours to know. */
    private static final Pattern OURS = Pattern.compile("(PARLEY|KAFKA|DATABASE|SCHEMA_REGISTRY)_.*");

    private static final String KAFKA = "KAFKA_";

    /** Read by the launcher's script and by the logging, before there are settings. */
    private static final Set<String> OF_THE_PROCESS =
            Set.of("PARLEY_JAVA_OPTS", "PARLEY_LOG_FORMAT", "PARLEY_LOG_LEVEL", "PARLEY_DATA_DIR");

    private static final String END = "CHECK";

    private KnownSettings() {}

    /**
     * Everything that is wrong with the environment of a process that runs {@code roles}: names that nobody reads, values that
     * are not taken, and what is missing. Keys of model servers, which the configuration names, are nobody's.
     */
    static List<String> problems(Set<RoleName> roles, Map<String, String> environment) {
        Set<String> read = new TreeSet<>();
        List<String> problems = read(roles, Settings.of(environment), read);
        // The rest about a model server is read where one is named.
        read(roles, Settings.of(environment, Map.of("PARLEY_LLM_BASE_URL", "http://127.0.0.1/v1")), read);
        environment.keySet().stream()
                .filter(name -> OURS.matcher(name).matches())
                .filter(name -> !OF_THE_PROCESS.contains(name) && !read.contains(name) && !isKafkas(name))
                .forEach(name -> problems.add(name + " is read by nobody"));
        return problems;
    }

    /** What {@code settings} have to say; {@code read} gets the names that they were asked for. */
    private static List<String> read(Set<RoleName> roles, Settings settings, Set<String> read) {
        // All settings are read and checked before anything starts; and so nothing does.
        settings.problem(END, "ends here");
        try (Roles started = Roles.start(roles, settings, false, line -> {})) {
            throw new AssertionError("started " + started.httpUrl());
        } catch (InvalidSettingsException e) {
            read.addAll(settings.asked());
            return new ArrayList<>(e.problems().stream()
                    .filter(problem -> !problem.startsWith(END))
                    .toList());
        }
    }

    static List<String> problems(RoleName role, Map<String, String> environment) {
        return problems(EnumSet.of(role), environment);
    }

    private static boolean isKafkas(String name) {
        if (!name.startsWith(KAFKA)) {
            return false;
        }
        String setting = name.substring(KAFKA.length()).toLowerCase(Locale.ROOT).replace('_', '.');
        return ConsumerConfig.configNames().contains(setting)
                || ProducerConfig.configNames().contains(setting)
                || AdminClientConfig.configNames().contains(setting);
    }
}
