package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.contract.DocumentedEvents;
import dev.parley.ingest.contract.OpenAiTypes;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.sinks.feed.FeedEvent;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds what is told of answers against the OpenAPI document. */
class DocumentedAnswersTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();
    private static final String COMPLETION = "chatcmpl-0123456789abcdef01234567";
    private static final String TURN = DocumentedEvents.TURN;

    static Stream<List<FeedEvent>> stories() {
        return DocumentedEvents.stories();
    }

    private static List<JsonNode> toldAsCompletion(List<FeedEvent> story, boolean includeUsage) {
        List<JsonNode> told = DocumentedEvents.told(
                new ChatCompletionEncoding(COMPLETION, TURN, "default", Instant.EPOCH, includeUsage), story);
        OpenAiTypes.checkChunks(told);
        return told;
    }

    private static List<JsonNode> toldAsResponse(List<FeedEvent> story) {
        List<JsonNode> told = DocumentedEvents.told(
                new ResponseEncoding(ResponseId.of(TURN, "c"), ResponseEncoding.NOTHING_SEEN, true), story);
        OpenAiTypes.checkResponseEvents(told);
        return told;
    }

    private static List<JsonNode> toldInBackground() {
        Map<String, String> metadata = Map.of(ResponseRequest.BACKGROUND, "true", ResponseRequest.QUEUED, "true");
        return ServerSentEvents.json(ServerSentEvents.encoded(
                new ResponseEncoding(
                        ResponseId.of(TurnEvents.TURN, TurnEvents.KEY.conversation()),
                        ResponseEncoding.NOTHING_SEEN,
                        true),
                List.of(
                        TurnEvents.accepted(metadata, null),
                        TurnEvents.begun(),
                        TurnEvents.completed(TurnEvents.Answer.saying("Well."), 1))));
    }

    @ParameterizedTest
    @MethodSource("stories")
    void aTurnIsToldAsDocumented(List<FeedEvent> story) {
        openApi.assertDocumented("ChatCompletionEvent", toldAsCompletion(story, false));
        openApi.assertDocumented("ChatCompletionEvent", toldAsCompletion(story, true));
        openApi.assertDocumented("ResponseEvent", toldAsResponse(story));
        if (story.getLast() instanceof FeedEvent.Logged(var key, ConversationEvent end)
                && end.getBody() instanceof MessageCompleted completed) {
            openApi.assertDocumented(
                    "ChatCompletion", List.of(ChatCompletionJson.whole(COMPLETION, Instant.EPOCH, completed)));
        }
    }

    @Test
    void everyStreamEventThatIsDocumentedIsTold() {
        Set<String> told = new TreeSet<>(DocumentedEvents.types(DocumentedAnswersTest::toldAsResponse));
        List<JsonNode> background = toldInBackground();
        openApi.assertDocumented("ResponseEvent", background);
        background.forEach(event -> told.add(event.path("type").asText()));

        assertThat(told).isEqualTo(openApi.types("ResponseEvent"));
    }
}
