package dev.parley.ingest.protocol.agui;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.ingest.contract.DocumentedEvents;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.ingest.protocol.agui.RunEncoding.Names;
import dev.parley.sinks.feed.FeedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds what is told of runs against the OpenAPI document. */
class DocumentedRunEventsTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    static Stream<List<FeedEvent>> stories() {
        return DocumentedEvents.stories();
    }

    private static List<JsonNode> told(List<FeedEvent> story) {
        Names names = new Names("c", "run-1", DocumentedEvents.TURN);
        List<FeedEvent> whole = new ArrayList<>(story);
        if (story.getLast() instanceof FeedEvent.MessageReset) {
            whole.add(DocumentedEvents.completed(DocumentedEvents.TURN, "It rains", null, "stop"));
        }
        return DocumentedEvents.told(
                new RunEncoding(
                        names,
                        Told.nothing(DocumentedEvents.TURN),
                        (sequence, answerId, thoughts) -> ThreadMessages.of(thread(), answerId, thoughts),
                        Duration.ofSeconds(15)),
                whole);
    }

    /** A question with everything that may come along, and an answer with all that it may have. */
    private static List<ConversationEvent> thread() {
        return Stream.of(
                        DocumentedEvents.accepted(DocumentedEvents.TURN),
                        DocumentedEvents.completed(
                                DocumentedEvents.TURN, "x", "hm", "tool_calls", DocumentedEvents.TOOL_CALL))
                .map(event -> ((FeedEvent.Logged) event).event())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("stories")
    void aRunIsToldAsDocumented(List<FeedEvent> story) {
        openApi.assertDocumented("AgUiEvent", told(story));
    }

    @Test
    void everyEventThatIsDocumentedIsTold() {
        assertThat(DocumentedEvents.types(DocumentedRunEventsTest::told)).isEqualTo(openApi.types("AgUiEvent"));
    }
}
