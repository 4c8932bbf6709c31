package dev.parley.schemas.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {

    @Test
    void theFirstSourceWinsAndBlankIsAbsent() {
        Settings settings = Settings.of(Map.of("A", "flag", "B", " "), Map.of("A", "environment", "B", "b"));

        assertThat(settings.string("A")).contains("flag");
        assertThat(settings.string("B")).contains("b");
        assertThat(settings.string("C")).isEmpty();
    }

    @Test
    void durationsAreReadInTheUsualForms() {
        Settings settings = Settings.of(Map.of("A", "500ms", "B", "10s", "C", "5m", "D", "7d", "E", "PT2H"));

        assertThat(settings.duration("A", Duration.ZERO)).isEqualTo(Duration.ofMillis(500));
        assertThat(settings.duration("B", Duration.ZERO)).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.duration("C", Duration.ZERO)).isEqualTo(Duration.ofMinutes(5));
        assertThat(settings.duration("D", Duration.ZERO)).isEqualTo(Duration.ofDays(7));
        assertThat(settings.duration("E", Duration.ZERO)).isEqualTo(Duration.ofHours(2));
        settings.check();
    }

    @Test
    void allProblemsAreReportedTogetherByKey() {
        Settings settings = Settings.of(Map.of(
                "PORT", "70000", "TIME", "soon", "FLAG", "maybe", "PARLEY_PARTITIONS", "0", "PARLEY_PREFIX", "a b"));
        settings.port("PORT", 1);
        settings.duration("TIME", Duration.ZERO);
        settings.flag("FLAG", false);
        TopicSettings.from(settings);
        KafkaSettings.from(settings);
        RegistrySettings.from(settings);

        InvalidSettingsException exception = catchThrowableOfType(InvalidSettingsException.class, settings::check);

        assertThat(exception.problems())
                .anyMatch(problem -> problem.startsWith("PORT must be a whole number from 0 to 65535"))
                .anyMatch(problem -> problem.startsWith("TIME must be a duration"))
                .anyMatch(problem -> problem.startsWith("FLAG must be true or false"))
                .anyMatch(problem -> problem.startsWith("PARLEY_PARTITIONS must be"))
                .anyMatch(problem -> problem.startsWith("PARLEY_PREFIX must be"))
                .anyMatch(problem -> problem.startsWith("KAFKA_BOOTSTRAP_SERVERS is missing"))
                .anyMatch(problem -> problem.startsWith("SCHEMA_REGISTRY_URL is missing"))
                .hasSize(7);
    }

    @Test
    void topicDefaultsSuitALaptop() {
        assertThat(TopicSettings.from(Settings.of())).isEqualTo(new TopicSettings("", 6, (short) -1));
        assertThat(new TopicSettings("dev.", 1, (short) 1).groupId("conversation"))
                .isEqualTo("dev.parley.conversation");
    }

    @Test
    void anyKafkaClientSettingIsTakenFromTheEnvironment() {
        KafkaSettings kafka = KafkaSettings.from(Settings.of(Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", "broker:9092",
                "KAFKA_SECURITY_PROTOCOL", "SASL_SSL",
                "KAFKA_SASL_JAAS_CONFIG", "password=hush")));

        assertThat(kafka.client("worker", Map.of("acks", "all")))
                .containsEntry("bootstrap.servers", "broker:9092")
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("client.id", "worker")
                .containsEntry("acks", "all");
        assertThat(kafka.toString()).doesNotContain("hush");
    }

    @Test
    void secretsDoNotShow() {
        RegistrySettings registry = RegistrySettings.from(Settings.of(Map.of(
                "SCHEMA_REGISTRY_URL", "http://registry:8081/",
                "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", "me:hush")));

        assertThat(registry.url()).isEqualTo(URI.create("http://registry:8081"));
        assertThat(registry.toString()).doesNotContain("hush");
    }
}
