package dev.parley.ingest.protocol.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.ingest.contract.DocumentedEvents;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.sinks.feed.FeedEvent;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds what is told of messages against the OpenAPI document. */
class DocumentedMessagesTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();
    private static final AnswerId ID = new AnswerId("msg_0123456789abcdef01234567");

    static Stream<List<FeedEvent>> stories() {
        return DocumentedEvents.stories();
    }

    private static MessageEncoding encoding() {
        return new MessageEncoding(ID, DocumentedEvents.TURN, "req-1", "default", 7);
    }

    private static List<JsonNode> told(List<FeedEvent> story) {
        return DocumentedEvents.told(encoding(), story);
    }

    private static List<JsonNode> signsOfLife() {
        return PublishedOpenApi.told(new String(encoding().heartbeat(), StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @MethodSource("stories")
    void aTurnIsToldAsDocumented(List<FeedEvent> story) {
        openApi.assertDocumented("AnthropicEvent", told(story));
        if (story.getLast() instanceof FeedEvent.Logged(var key, ConversationEvent end)
                && end.getBody() instanceof MessageCompleted completed) {
            openApi.assertDocumented("AnthropicMessage", List.of(MessageJson.whole(ID, completed)));
        }
    }

    @Test
    void everyStreamEventThatIsDocumentedIsTold() {
        openApi.assertDocumented("AnthropicEvent", signsOfLife());
        Set<String> types = new HashSet<>(DocumentedEvents.types(DocumentedMessagesTest::told));
        signsOfLife().forEach(event -> types.add(event.path("type").asText()));

        assertThat(types).isEqualTo(openApi.types("AnthropicEvent"));
    }
}
