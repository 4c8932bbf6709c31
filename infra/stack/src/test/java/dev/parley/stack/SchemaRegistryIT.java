package dev.parley.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.settings.RegistrySettings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaRegistryIT {

    private static final Schema SCHEMA =
            SchemaBuilder.record("Kept").fields().requiredString("text").endRecord();

    @TempDir
    Path dir;

    @Test
    void registersSchemasAndTakesAGlobalCompatibilityRule() throws Exception {
        try (SchemaRegistry registry = SchemaRegistry.start(dir, 0)) {
            RegistryClient client = client(registry);
            int id = client.register("kept-value", SCHEMA);
            assertThat(client.schema(id)).isEqualTo(SCHEMA);

            HttpResponse<String> answer = send(HttpRequest.newBuilder(URI.create(registry.url() + "/config"))
                    .header("content-type", "application/json")
                    .PUT(HttpRequest.BodyPublishers.ofString("{\"compatibility\":\"BACKWARD_TRANSITIVE\"}"))
                    .build());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(send(HttpRequest.newBuilder(URI.create(registry.url() + "/config"))
                                    .build())
                            .body())
                    .contains("BACKWARD_TRANSITIVE");
        }
    }

    @Test
    void keepsSchemasInPostgres() {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir.resolve("postgres"), 0)) {
            int id;
            try (SchemaRegistry registry = start(postgres)) {
                id = client(registry).register("kept-value", SCHEMA);
            }
            try (SchemaRegistry registry = start(postgres)) {
                assertThat(client(registry).id("kept-value", SCHEMA)).isEqualTo(id);
            }
        }
    }

    @Test
    void namesATakenPort() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> SchemaRegistry.start(dir, other.getLocalPort()))
                    .isInstanceOf(PortTakenException.class)
                    .hasMessageContaining("schema registry");
        }
    }

    @Test
    void saysWhyTheChildEnded() {
        SchemaRegistry.Storage unreachable = new SchemaRegistry.Storage.Postgres("jdbc:nonsense:", "nobody");
        assertThatThrownBy(() -> SchemaRegistry.start(
                        SchemaRegistry.home(),
                        dir,
                        dir.resolve("registry.log"),
                        0,
                        unreachable,
                        false,
                        Progress.silent()))
                .isInstanceOf(StackStartException.class)
                .hasMessageContaining("jdbc:nonsense:");
    }

    @Test
    void saysWhereItLookedForTheRegistry() {
        assertThatThrownBy(() -> SchemaRegistry.start(
                        dir.resolve("nowhere"),
                        dir,
                        dir.resolve("registry.log"),
                        0,
                        new SchemaRegistry.Storage.Memory(),
                        false,
                        Progress.silent()))
                .isInstanceOf(StackStartException.class)
                .hasMessageContaining("nowhere");
    }

    private SchemaRegistry start(EmbeddedPostgres postgres) {
        return SchemaRegistry.start(
                SchemaRegistry.home(),
                dir,
                dir.resolve("registry.log"),
                0,
                new SchemaRegistry.Storage.Postgres(postgres.jdbcUrl(EmbeddedPostgres.REGISTRY), EmbeddedPostgres.USER),
                false,
                Progress.silent());
    }

    private static RegistryClient client(SchemaRegistry registry) {
        return RegistryClient.of(RegistrySettings.of(registry.url()));
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }
}
