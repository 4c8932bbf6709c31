package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs programs of one source file. Those in {@code infra/clients/java} have a {@code pom.xml} of their own beside them, since
 * what they are built with does not get on with what Parley is built with, nor with each other.
 */
final class JavaPrograms {

    /** Maven runs a module's tests in the module's folder. */
    private static final Path CLIENTS =
            Path.of("..", "clients", "java").toAbsolutePath().normalize();

    private static final int RESOLVING_SECONDS = 300;
    private static final int RUNNING_SECONDS = 120;

    private JavaPrograms() {}

    /**
     * What a program in {@code infra/clients/java} prints.
     *
     * @param name of its folder
     */
    static String printedByClient(String name, String... arguments) throws IOException, InterruptedException {
        Path folder = CLIENTS.resolve(name);
        try (DirectoryStream<Path> sources = Files.newDirectoryStream(folder, "*.java")) {
            return printed(classPath(folder), sources.iterator().next(), arguments);
        }
    }

    /** What a source file prints, errors included, run as {@code java File.java} does. */
    static String printed(String classPath, Path source, String... arguments) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command = new ArrayList<>(List.of(java.toString(), "-cp", classPath, source.toString()));
        command.addAll(List.of(arguments));
        return run(command, RUNNING_SECONDS);
    }

    private static synchronized String classPath(Path folder) throws IOException, InterruptedException {
        Path pom = folder.resolve("pom.xml");
        Path resolved = folder.resolve("target").resolve("class-path");
        if (!Files.exists(resolved)
                || Files.getLastModifiedTime(resolved).compareTo(Files.getLastModifiedTime(pom)) < 0) {
            run(
                    List.of(
                            "mvn",
                            "-B",
                            "-q",
                            "-f",
                            pom.toString(),
                            "dependency:build-classpath",
                            "-Dmdep.regenerateFile=true",
                            "-Dmdep.outputFile=" + resolved),
                    RESOLVING_SECONDS);
        }
        return Files.readString(resolved);
    }

    private static String run(List<String> command, int limitSeconds) throws IOException, InterruptedException {
        // A file, because a reader of a pipe would wait for whatever keeps it open.
        Path output = Files.createTempFile("java-program-", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                boolean ended = process.waitFor(limitSeconds, TimeUnit.SECONDS);
                String printed = Files.readString(output, StandardCharsets.UTF_8);
                assertThat(ended).as("%s ended:%n%s", command, printed).isTrue();
                assertThat(process.exitValue()).as("%s:%n%s", command, printed).isZero();
                return printed;
            } finally {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } finally {
            Files.delete(output);
        }
    }
}
