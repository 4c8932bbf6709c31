package dev.parley.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.settings.RegistrySettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Schema SCHEMA =
            SchemaBuilder.record("Kept").fields().requiredString("text").endRecord();

    @TempDir
    Path dir;

    @Test
    void survivesAKillThatLeavesNothingBehind() throws Exception {
        Host host = Host.start(dir);
        writeEverywhere(host.bootstrapServers, host.jdbcUrl, host.registryUrl);
        List<ProcessHandle> children = host.process.descendants().toList();
        assertThat(children).isNotEmpty();

        host.process.destroyForcibly().waitFor();

        await().atMost(PATIENCE).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
        try (Stack stack = Stack.start(StackSettings.kept(dir).withPorts(0, 0, 0))) {
            readEverywhere(stack.bootstrapServers(), stack.jdbcUrl(), stack.registryUrl());
        }
    }

    @Test
    void stopsAPostgresThatOutlivedItsWatcherToo() throws Exception {
        Host host = Host.start(dir);
        writeEverywhere(host.bootstrapServers, host.jdbcUrl, host.registryUrl);
        host.process
                .descendants()
                .filter(child -> child.info()
                        .commandLine()
                        .map(line -> line.contains("parley-postgres-watcher"))
                        .orElse(false))
                .forEach(ProcessHandle::destroyForcibly);
        host.process.destroyForcibly().waitFor();
        try (Connection orphaned = DriverManager.getConnection(host.jdbcUrl)) {
            assertThat(orphaned.isValid(10)).as("an orphan is still there").isTrue();

            try (Stack stack = Stack.start(StackSettings.kept(dir).withPorts(0, 0, 0))) {
                readEverywhere(stack.bootstrapServers(), stack.jdbcUrl(), stack.registryUrl());
            }
        }
    }

    @Test
    void refusesADirectoryThatAnotherProcessHas() throws Exception {
        Host host = Host.start(dir);
        try {
            assertThatThrownBy(() -> Stack.start(StackSettings.kept(dir).withPorts(0, 0, 0)))
                    .isInstanceOf(DataDirInUseException.class)
                    .hasMessageContaining(dir.toString())
                    .hasMessageContaining(Long.toString(host.process.pid()));
        } finally {
            host.process.getOutputStream().close();
            assertThat(host.process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
        assertThat(host.process.exitValue()).isZero();
    }

    @Test
    void closesWhatStartedWhenOnePartFails() throws Exception {
        int postgresPort = Ports.free();
        int registryPort = Ports.free();
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            StackSettings settings =
                    StackSettings.kept(dir).withPorts(other.getLocalPort(), postgresPort, registryPort);
            assertThatThrownBy(() -> Stack.start(settings))
                    .isInstanceOf(PortTakenException.class)
                    .hasMessageContaining("Kafka");
        }
        assertThat(Ports.isFree(postgresPort)).isTrue();
        assertThat(Ports.isFree(registryPort)).isTrue();
        DataDirLock.take(dir).close();
    }

    @Test
    void namesEveryPortThatIsTaken() throws Exception {
        try (ServerSocket first = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket second = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            StackSettings settings = StackSettings.kept(dir).withPorts(first.getLocalPort(), second.getLocalPort(), 0);
            assertThatThrownBy(() -> Stack.start(settings))
                    .isInstanceOf(StackStartException.class)
                    .hasMessageContaining("Kafka")
                    .hasMessageContaining("Postgres");
        }
    }

    @Test
    void leavesNothingBehindWhenEphemeral() throws Exception {
        Path inside = dir.resolve("throw-away");
        try (Stack stack = Stack.start(StackSettings.ephemeral(inside))) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(inside)))
                    .isEqualTo("rwx------");
            writeEverywhere(stack.bootstrapServers(), stack.jdbcUrl(), stack.registryUrl());
            readEverywhere(stack.bootstrapServers(), stack.jdbcUrl(), stack.registryUrl());
        }
        assertThat(inside).doesNotExist();
    }

    @Test
    void leavesNothingBehindWhenAnEphemeralStartIsCalledOffAtOnce() {
        Path inside = dir.resolve("called-off");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Stack.start(StackSettings.ephemeral(inside))).isInstanceOf(RuntimeException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(inside).doesNotExist();
    }

    @Test
    void testsShareOneOfEachAndGetDatabasesOfTheirOwn() throws Exception {
        TestStack shared = TestStack.shared();
        assertThat(shared.bootstrapServers()).isEqualTo(TestStack.shared().bootstrapServers());
        String fresh = shared.freshDatabase();
        assertThat(fresh).isNotEqualTo(shared.freshDatabase()).isNotEqualTo(shared.jdbcUrl());
        writeEverywhere(shared.bootstrapServers(), fresh, shared.registryUrl());
        readEverywhere(shared.bootstrapServers(), fresh, shared.registryUrl());
    }

    private static void writeEverywhere(String bootstrapServers, String jdbcUrl, String registryUrl) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic("kept", 3, (short) 1)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        try (Connection connection = DriverManager.getConnection(jdbcUrl);
                Statement statement = connection.createStatement()) {
            statement.execute("create table kept as select 'text' as text");
        }
        RegistryClient.of(RegistrySettings.of(URI.create(registryUrl))).register("kept-value", SCHEMA);
    }

    private static void readEverywhere(String bootstrapServers, String jdbcUrl, String registryUrl) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            assertThat(admin.listTopics().names().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .contains("kept");
        }
        try (Connection connection = DriverManager.getConnection(jdbcUrl);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select text from kept")) {
            assertThat(row.next()).isTrue();
        }
        assertThat(RegistryClient.of(RegistrySettings.of(URI.create(registryUrl)))
                        .id("kept-value", SCHEMA))
                .isPositive();
    }

    /** A stack in a process of its own. */
    private record Host(Process process, String bootstrapServers, String jdbcUrl, String registryUrl) {

        static Host start(Path dir) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx512m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-D" + SchemaRegistry.HOME_PROPERTY + "=" + SchemaRegistry.home(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            StackHost.class.getName(),
                            dir.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader said = process.inputReader();
            StringBuilder all = new StringBuilder();
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                all.append(line).append('\n');
                if (line.startsWith("READY ")) {
                    System.out.println(all);
                    String[] words = line.split(" ", 0);
                    return new Host(process, words[1], words[2], words[3]);
                }
            }
            throw new IllegalStateException("the stack did not start:\n" + all);
        }
    }
}
