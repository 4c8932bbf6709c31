package dev.parley.faults;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A build of Parley, as processes are started from it.
 *
 * @param name in the words of a report
 * @param archive of class data, for processes of its class path; empty where there is none
 * @param registry the folder that its schema registry was unpacked into
 */
record Build(String name, String classPath, Optional<Path> archive, Path registry) {

    private static final String ARCHIVE = "-XX:SharedArchiveFile=";
    private static final String REGISTRY = "parley.registry.home";

    /** What this process is of. */
    static Build today() {
        return new Build(
                "today's",
                System.getProperty("java.class.path"),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                        .filter(argument -> argument.startsWith(ARCHIVE))
                        .map(argument -> Path.of(argument.substring(ARCHIVE.length())))
                        .filter(Files::exists)
                        .findFirst(),
                Path.of(System.getProperty(REGISTRY, "")).toAbsolutePath());
    }

    /** What {@code ./parley} of a checkout has built there. */
    static Build in(Path checkout) {
        Path folder = checkout.resolve("infra/launcher/target/parley");
        // In this order: a class of ours comes before Kafka's own of the same name.
        String classPath = folder.resolve("clock") + "/*:" + folder.resolve("lib") + "/*";
        return new Build(
                "the release's",
                classPath,
                Optional.of(folder.resolve("parley.jsa")).filter(Files::exists),
                checkout.resolve("infra/stack/target/registry"));
    }

    /** Options of a virtual machine that runs its programs. */
    List<String> options() {
        return List.of(archive.map(file -> ARCHIVE + file).orElse("-Xshare:auto"), "-D" + REGISTRY + "=" + registry);
    }
}
