package dev.parley.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {

    private final Topics topics = Topics.of(
            new TopicSettings("dev.", 3, (short) 2),
            new ValueSerdes(RegistrySettings.of(URI.create("http://127.0.0.1:1"))));

    @Test
    void theCatalogueIsTheOneTheArchitectureNames() {
        assertThat(topics.specs().stream().map(TopicSpec::name))
                .isEqualTo(List.of(
                        "dev.chat.commands.v1",
                        "dev.chat.events.v1",
                        "dev.chat.turns.v1",
                        "dev.chat.documents.v1",
                        "dev.chat.passages.v1",
                        "dev.chat.generation-requests.v1",
                        "dev.chat.chunks.v1",
                        "dev.chat.generation-results.v1",
                        "dev.chat.controls.v1",
                        "dev.chat.configuration.v1",
                        "dev.chat.searches.v1",
                        "dev.chat.search-results.v1",
                        "dev.chat.files.v1",
                        "dev.chat.dead-letters.v1"));
    }

    @Test
    void conversationTopicsAreCoPartitioned() {
        assertThat(topics.specs()).allMatch(spec -> spec.replicationFactor() == 2);
        assertThat(topics.specs())
                .filteredOn(spec -> !spec.equals(topics.configuration().spec())
                        && !spec.equals(topics.generationRequests().spec()))
                .allMatch(spec -> spec.partitions() == 3 && spec.ordered());
    }

    @Test
    void everyWorkerHasAShareInAllRequests() {
        assertThat(topics.generationRequests().spec().partitions()).isEqualTo(1);
        assertThat(topics.generationRequests().spec().ordered()).isFalse();
    }

    @Test
    void configurationsAreInOneOrder() {
        assertThat(topics.configuration().spec().partitions()).isEqualTo(1);
    }

    @Test
    void theLogOfRecordIsKeptForEver() {
        assertThat(topics.events().spec().configs())
                .containsAllEntriesOf(
                        Map.of("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "-1"));
        assertThat(topics.documents().spec().configs()).containsEntry("cleanup.policy", "compact");
        assertThat(topics.controls().spec().configs()).containsEntry("retention.ms", "3600000");
    }

    @Test
    void filesAreKeptWhereMessagesSayThatTheyAre() {
        assertThat(topics.files().spec().configs())
                .containsAllEntriesOf(
                        Map.of("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "-1"));
    }

    @Test
    void noTopicRefusesARecordOfAClockThatIsAhead() {
        assertThat(topics.specs())
                .allSatisfy(spec -> assertThat(spec.configs())
                        .containsEntry("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE)));
    }

    @Test
    void everyValueButADeadLetterHasASchema() {
        assertThat(topics.specs().stream()
                        .filter(spec -> spec.schema().isEmpty())
                        .map(TopicSpec::name))
                .containsExactly("dev.chat.dead-letters.v1");
        assertThat(topics.events().spec().valueSubject()).isEqualTo("dev.chat.events.v1-value");
    }

    /** The topologies' own descriptions say what they read and write; the catalogue is held to them. */
    @ParameterizedTest
    @ValueSource(strings = {"conversation", "routing", "assembly"})
    void theCatalogueNamesWhatATopologyReadsAndWrites(String topology) throws IOException {
        String description = Files.readString(Path.of("../topologies/src/test/resources/golden/" + topology + ".txt"));

        assertThat(used(topology, TopicUse::readers))
                .isEqualTo(named(description, "Source: \\S+ \\(topics: \\[(\\S+)]\\)"));
        assertThat(used(topology, TopicUse::writers)).isEqualTo(named(description, "Sink: \\S+ \\(topic: (\\S+)\\)"));
    }

    private Set<String> used(String part, Function<TopicUse, List<String>> by) {
        return topics.specs().stream()
                .filter(spec -> by.apply(spec.use()).contains(part))
                .map(TopicSpec::name)
                .collect(Collectors.toSet());
    }

    private static Set<String> named(String description, String pattern) {
        return Pattern.compile(pattern)
                .matcher(description)
                .results()
                .map(found -> "dev." + found.group(1))
                .collect(Collectors.toSet());
    }
}
