package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.sinks.feed.FeedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the events of the server's own streams against the OpenAPI document. */
class StreamEventsTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    static Stream<FeedEvent> events() {
        return DocumentedEvents.events();
    }

    private static JsonNode data(FeedEvent event) {
        try {
            return DoorUnderTest.MAPPER.readTree(WireEvents.data(event));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("events")
    void anEventIsAsDocumented(FeedEvent event) {
        JsonNode data = data(event);
        String schema = openApi.at("/components/schemas/StreamEvent/discriminator/mapping")
                .path(data.path("type").asText())
                .asText();

        assertThat(openApi.objectionsTo(schema.substring(schema.lastIndexOf('/') + 1), data))
                .as(data.toString())
                .isEmpty();
        assertThat(openApi.objectionsTo("StreamEvent", data)).isEmpty();
    }

    @Test
    void everyEventIsDocumented() {
        Set<String> types =
                events().map(event -> data(event).path("type").asText()).collect(Collectors.toSet());
        types.add("conversation.changed"); // What this version does not know, no test can make.
        JsonNode mapping = openApi.at("/components/schemas/StreamEvent/discriminator/mapping");

        assertThat(mapping.properties().stream().map(Map.Entry::getKey)).containsExactlyInAnyOrderElementsOf(types);
        assertThat(openApi.at("/components/schemas/StreamEvent/oneOf"))
                .extracting(branch -> branch.path("$ref").asText())
                .containsExactlyInAnyOrderElementsOf(
                        mapping.valueStream().map(JsonNode::asText).toList());
    }
}
