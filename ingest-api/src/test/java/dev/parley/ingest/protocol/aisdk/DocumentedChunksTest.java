package dev.parley.ingest.protocol.aisdk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.contract.DocumentedEvents;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.sinks.feed.FeedEvent;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds what is told of answers against the OpenAPI document. */
class DocumentedChunksTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    static Stream<List<FeedEvent>> stories() {
        return DocumentedEvents.stories();
    }

    private static List<JsonNode> told(List<FeedEvent> story) {
        return DocumentedEvents.told(
                new UiMessageEncoding(DocumentedEvents.CONVERSATION, DocumentedEvents.TURN, Duration.ofSeconds(15)),
                story);
    }

    @ParameterizedTest
    @MethodSource("stories")
    void aTurnIsToldAsDocumented(List<FeedEvent> story) {
        openApi.assertDocumented("UiMessageChunk", told(story));
    }

    @Test
    void everyStreamEventThatIsDocumentedIsTold() {
        assertThat(DocumentedEvents.types(DocumentedChunksTest::told)).isEqualTo(openApi.types("UiMessageChunk"));
    }
}
