package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.SchemaNotRegisteredException;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegistryWatchTest {

    private static final List<TopicSpec> TOPICS = Topics.of(
                    TopicSettings.from(Settings.of(Map.of())), InMemoryRegistry.serdes())
            .specs();

    private final Registry registry = new Registry();
    private final RegistryWatch watch = RegistryWatch.start(registry, URI.create("http://registry.invalid"), TOPICS);

    @AfterEach
    void stop() {
        watch.close();
    }

    @Test
    void isReadyOnceAllSchemasAreKnownAndStaysSoWhateverBecomesOfTheRegistry() {
        await().until(() -> watch.health().detail().contains("away"));
        assertThat(watch.health().ready()).isFalse();

        registry.away = false;
        await().until(() -> watch.health().detail().contains("./parley provision"));
        assertThat(watch.health().ready()).isFalse();

        registry.provisioned = true;
        await().until(() -> watch.health().ready());
        assertThat(watch.health().detail()).isEqualTo("answers, and all schemas are known");

        registry.away = true;
        await().until(() -> watch.health().detail().contains("does not answer at http://registry.invalid"));
        assertThat(watch.health().ready()).isTrue();

        registry.away = false;
        await().until(() -> watch.health().detail().startsWith("answers"));
        assertThat(watch.health().ready()).isTrue();
    }

    /** One that is away, and empty, until it is told otherwise. */
    private static final class Registry implements RegistryClient {
        private volatile boolean away = true;
        private volatile boolean provisioned;

        @Override
        public int learn(String subject) {
            if (away) {
                throw new RegistryUnavailableException("away");
            }
            return provisioned ? 1 : 0;
        }

        @Override
        public int id(String subject, Schema schema) {
            if (!provisioned) {
                throw new SchemaNotRegisteredException(subject, schema.getFullName());
            }
            return 1;
        }

        @Override
        public Schema schema(int id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int register(String subject, Schema schema) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void compatibility(String subject, String rule) {
            throw new UnsupportedOperationException();
        }
    }
}
