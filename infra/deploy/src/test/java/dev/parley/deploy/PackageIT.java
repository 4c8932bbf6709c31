package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive as somebody has it who has nothing else: unpacked into a folder of another name with a space in it, not to be
 * written to, run from elsewhere, by a user without a home.
 */
class PackageIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Pattern ADDRESS = Pattern.compile("Web page and API +(http://\\S+)");

    /** None of them lives long enough to be worth more. */
    private static final String QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

    @TempDir
    private static Path folder;

    private static Path installation;

    private record Ended(int status, String out, String err) {}

    @BeforeAll
    static void install() throws Exception {
        Checkout checkout = new Checkout(Path.of("../..").toAbsolutePath().normalize());
        if (!checkout.isBuilt()) {
            assertThat(System.getenv("CI")).as("a build up to 'package'").isNull();
            Assumptions.abort("nothing to pack: the build has not come to 'package'");
        }
        Archive archive = PackageCommand.write(checkout, folder, "0-test", Deflater.NO_COMPRESSION);
        Ended unpacked = end(new ProcessBuilder("tar", "-xzf", archive.file().toString(), "-C", folder.toString()));
        assertThat(unpacked.err()).isEmpty();
        Files.delete(archive.file());
        installation = Files.move(folder.resolve("parley-0-test"), folder.resolve("an installation"));
        try (Stream<Path> all = Files.walk(installation)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                if (!Files.isSymbolicLink(each)) {
                    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(each);
                    permissions.remove(PosixFilePermission.OWNER_WRITE);
                    Files.setPosixFilePermissions(each, permissions);
                }
            }
        }
    }

    private static ProcessBuilder parley(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(installation.resolve("bin/parley").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Files.createDirectories(folder.resolve("elsewhere")).toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.startsWith("KAFKA_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("HOME", "/nonexistent");
        builder.environment().put("PARLEY_JAVA_OPTS", QUICK);
        return builder;
    }

    private static Ended end(ProcessBuilder builder) throws Exception {
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** What lies in the installation, by path, but for the archives of classes that the first processes leave where they may. */
    private static Map<String, Long> lying() throws IOException {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(installation)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                String path = installation.relativize(each).toString();
                boolean archive = path.equals("parley.jsa") || path.startsWith("registry/.parley/");
                if (Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS) && !archive) {
                    found.put(path, Files.size(each));
                }
            }
        }
        return found;
    }

    @Test
    void saysWhatItIsAndWhatItCan() throws Exception {
        assertThat(end(parley("--version"))).satisfies(version -> {
            assertThat(version.status()).as(version.err()).isZero();
            assertThat(version.out()).startsWith("parley ");
        });
        assertThat(end(parley("--help")).out()).contains("up", "provision", "run", "chat");
    }

    @Test
    void aSettingThatIsWrongIsNamedAndNotTriedAgain() throws Exception {
        ProcessBuilder run = parley("run", "ingest");
        run.environment().put("PARLEY_HTTP_PORT", "no");

        Ended ended = end(run);

        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err())
                .contains("PARLEY_HTTP_PORT must be a whole number from 0 to 65535, not 'no'")
                .contains("KAFKA_BOOTSTRAP_SERVERS is missing")
                .doesNotContain("\tat ");
    }

    @Test
    void aJavaOfAnotherVersionIsNamed() throws Exception {
        Path old = Files.createDirectories(folder.resolve("old java/bin")).resolve("java");
        Files.writeString(old, "#!/bin/sh\necho 'openjdk version \"17.0.9\" 2023-10-17' >&2\n");
        assertThat(old.toFile().setExecutable(true)).isTrue();
        ProcessBuilder version = parley("--version");
        version.environment().put("JAVA_HOME", folder.resolve("no java").toString());
        version.environment().put("PATH", old.getParent() + ":" + System.getenv("PATH"));

        Ended ended = end(version);

        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err())
                .contains("needs Java 25", "no java/bin/java is no Java", old + " is Java 17", "set JAVA_HOME");
    }

    @Test
    void everythingComesUpAnswersAndEnds() throws Exception {
        Map<String, Long> before = lying();
        Path temporary = Files.createDirectories(folder.resolve("temporary"));
        Path out = folder.resolve("up.out");
        Path err = folder.resolve("up.err");
        ProcessBuilder builder = parley(
                "up",
                "--ephemeral",
                "--http-port",
                "0",
                "--kafka-port",
                "0",
                "--registry-port",
                "0",
                "--postgres-port",
                "0");
        builder.environment().put("PARLEY_JAVA_OPTS", QUICK + " -Xmx512m -Djava.io.tmpdir=" + temporary);
        Process up =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        List<ProcessHandle> children;
        try {
            await().atMost(PATIENCE)
                    .until(() -> !up.isAlive()
                            || ADDRESS.matcher(Files.readString(out)).find());
            Matcher address = ADDRESS.matcher(Files.readString(out));
            assertThat(address.find()).as(Files.readString(err)).isTrue();

            Ended chat = end(parley("chat", "--url", address.group(1), "What is a turn?"));

            assertThat(chat.status()).as(chat.err()).isZero();
            assertThat(chat.out()).isNotBlank();
            everythingThatRulesAskForIsTold(address.group(1));
            children = up.descendants().toList();
        } finally {
            up.destroy();
        }
        assertThat(up.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(up.exitValue()).as(Files.readString(err)).isEqualTo(128 + 15);
        await().atMost(PATIENCE).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(Files.readString(err))
                .doesNotContain("did not stop cleanly", "could not stop", "does not run on this machine");
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("parley-")))
                    .isEmpty();
        }
        assertThat(lying()).isEqualTo(before);
    }

    private static void everythingThatRulesAskForIsTold(String address) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(address + "/metrics")).build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            String metrics =
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body();
            Set<String> missing = Measurements.asked();
            missing.removeAll(Measurements.told(metrics));
            assertThat(Measurements.withoutSource(missing)).as(metrics).isEmpty();
        }
    }
}
