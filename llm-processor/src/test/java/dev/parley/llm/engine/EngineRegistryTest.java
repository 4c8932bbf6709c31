package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.llm.model.Connections;
import dev.parley.schemas.files.Accepts;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Configurations;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineRegistryTest {

    private static final EngineConfiguration STEADY =
            Fakes.engine("steady", EngineKind.SCRIPTED).setScript("steady").build();

    private final Connections connections = new Connections();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Known known = new Known();

    /** Configurations that come when the test says. */
    private static final class Known implements Configurations {
        private final Map<String, Configuration> all = new HashMap<>();
        private volatile Configuration current = BuiltInConfiguration.get();

        @Override
        public Configuration current() {
            return current;
        }

        @Override
        public synchronized Optional<Configuration> find(String version) {
            return Optional.ofNullable(all.get(version));
        }

        synchronized void take(Configuration configuration) {
            all.put(configuration.getVersion(), configuration);
            current = configuration;
        }
    }

    private EngineRegistry registry(Duration patience) {
        EngineFactory factory = new EngineFactory(connections, name -> Optional.empty(), meters);
        return new EngineRegistry(known, factory, factory.own(Optional.empty(), Accepts.NOTHING, 1), patience, meters);
    }

    private static Configuration with(String script) {
        return Fakes.configuration(
                STEADY,
                Fakes.engine("other", EngineKind.SCRIPTED).setScript(script).build());
    }

    @AfterEach
    void stop() {
        connections.close();
    }

    @Test
    void whatIsTheSameInTwoVersionsIsOneEngine() {
        EngineRegistry registry = registry(Duration.ZERO);
        Configuration first = with("first");
        Configuration second = with("second");
        known.take(first);
        Engines before = registry.find(first.getVersion()).orElseThrow();
        known.take(second);
        Engines after = registry.find("").orElseThrow();

        assertThat(after.find("steady")).containsSame(before.find("steady").orElseThrow());
        assertThat(after.find("other").orElseThrow())
                .isNotSameAs(before.find("other").orElseThrow());
        assertThat(registry.find(first.getVersion())).containsSame(before);
    }

    @Test
    void versionsThatNobodyAsksForAreForgottenAndMadeAnewWhenAsked() {
        EngineRegistry registry = registry(Duration.ZERO);
        Configuration first = with("first");
        known.take(first);
        Engines before = registry.find(first.getVersion()).orElseThrow();
        for (int i = 0; i < EngineRegistry.KEPT; i++) {
            Configuration next = with("next " + i);
            known.take(next);
            registry.comesIntoForce(next);
        }

        Engines again = registry.find(first.getVersion()).orElseThrow();

        assertThat(again).isNotSameAs(before);
        assertThat(again.find("steady")).containsSame(before.find("steady").orElseThrow());
        assertThat(meters.find("parley.engine.endpoint.state").gauges()).hasSize(3);
    }

    @Test
    void aVersionThatIsOnItsWayIsWaitedFor() throws Exception {
        EngineRegistry registry = registry(Duration.ofSeconds(30));
        Configuration late = with("late");
        CompletableFuture<Engines> awaited = CompletableFuture.supplyAsync(() -> {
            try {
                return registry.await(late.getVersion());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        assertThat(registry.find(late.getVersion())).isEmpty();
        registry.comesIntoForce(late);

        assertThat(awaited.get(30, TimeUnit.SECONDS).configuration()).isEqualTo(late);
    }

    @Test
    void aVersionThatNeverComesGivesWayToTheOneInForce() throws Exception {
        EngineRegistry registry = registry(Duration.ofMillis(1));
        known.take(with("in force"));

        assertThat(registry.await("gone").configuration()).isEqualTo(known.current());
        assertThat(registry.await("gone").configuration()).isEqualTo(known.current());
    }
}
