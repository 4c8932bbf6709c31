package dev.parley.ingest.protocol.aisdk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.ingest.door.ShownPath;
import dev.parley.sinks.feed.FeedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UiMessageChunksTest {

    /** One client's stream. */
    private static final class Stream {
        private final AnswerReader reader = new AnswerReader(TurnEvents.TURN);
        private final UiMessageChunks chunks;

        Stream(boolean resets) {
            chunks = new UiMessageChunks(TurnEvents.KEY, TurnEvents.TURN, resets);
        }

        List<JsonNode> tell(FeedEvent... events) {
            List<JsonNode> told = new ArrayList<>();
            for (FeedEvent event : events) {
                for (Step step : reader.read(event)) {
                    if (!chunks.isOver()) {
                        List<ObjectNode> made = chunks.of(step);
                        told.addAll(made);
                    }
                }
            }
            return told;
        }
    }

    private final Stream stream = new Stream(false);

    private static List<String> types(List<JsonNode> chunks) {
        return chunks.stream().map(chunk -> chunk.path("type").asText()).toList();
    }

    @Test
    void anAnswerToWhatCameOfToolsGoesOnWithTheMessageThatCalledThem() {
        List<JsonNode> chunks =
                stream.tell(TurnEvents.accepted(Map.of(ShownPath.CONTINUED, "shown"), null), TurnEvents.begun());

        assertThat(chunks.getFirst().path("messageId").asText()).isEqualTo("shown");
    }

    @Test
    void anAnswerIsOneMessageOfOneStep() {
        Answer answer = new Answer("Hm.", "Well.", List.of(new ToolCall("call_1", "look", "{\"q\":1}")));

        List<JsonNode> chunks = stream.tell(
                TurnEvents.accepted(),
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.reasoning(1, 0, "Hm."),
                TurnEvents.text(1, 1, "We"),
                TurnEvents.text(1, 2, "ll."),
                TurnEvents.completed(answer, 1));

        assertThat(types(chunks))
                .containsExactly(
                        "start",
                        "start-step",
                        "reasoning-start",
                        "reasoning-delta",
                        "reasoning-end",
                        "text-start",
                        "text-delta",
                        "text-delta",
                        "text-end",
                        "tool-input-start",
                        "tool-input-delta",
                        "tool-input-available",
                        "finish-step",
                        "finish");
        assertThat(chunks.getFirst().path("messageId").asText()).isEqualTo(TurnEvents.ANSWER);
        assertThat(chunks.getFirst().at("/messageMetadata/conversationId").asText())
                .isEqualTo(TurnEvents.KEY.conversation());
        assertThat(chunks.get(9).toString())
                .isEqualTo(
                        "{\"type\":\"tool-input-start\",\"toolCallId\":\"call_1\",\"toolName\":\"look\",\"dynamic\":true}");
        assertThat(chunks.get(10).toString())
                .isEqualTo(
                        "{\"type\":\"tool-input-delta\",\"toolCallId\":\"call_1\",\"inputTextDelta\":\"{\\\"q\\\":1}\"}");
        assertThat(chunks.get(11).toString())
                .isEqualTo("{\"type\":\"tool-input-available\",\"toolCallId\":\"call_1\",\"toolName\":\"look\","
                        + "\"dynamic\":true,\"input\":{\"q\":1}}");
        assertThat(chunks.getLast().path("finishReason").asText()).isEqualTo("tool-calls");
        assertThat(chunks.getLast().at("/messageMetadata/model").asText()).isEqualTo("a-model");
        assertThat(stream.chunks.isOver()).isTrue();
    }

    @Test
    void aCallsInputIsToldAsTheModelWritesIt() {
        Answer answer = new Answer("", "Well.", "", List.of(new ToolCall("call_1", "look", "{\"q\":1}")), 2);

        List<JsonNode> chunks = stream.tell(
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.text(1, 0, "We"),
                TurnEvents.arguments(1, 1, "call_1", "look", ""),
                TurnEvents.arguments(1, 2, "call_1", null, "{\"q\""),
                TurnEvents.text(1, 3, "ll."));
        assertThat(types(chunks))
                .containsExactly(
                        "start",
                        "start-step",
                        "text-start",
                        "text-delta",
                        "text-end",
                        "tool-input-start",
                        "tool-input-delta");

        assertThat(types(stream.tell(TurnEvents.completed(answer, 1))))
                .containsExactly(
                        "tool-input-delta",
                        "text-start",
                        "text-delta",
                        "text-end",
                        "tool-input-available",
                        "finish-step",
                        "finish");
    }

    /** A client that builds a message of parts as the AI SDK does; {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void partsBeginAndEndInPairsHoweverOftenTheAnswerIsBegunAnew(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 300; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            String context = "seed " + seed + " round " + round;
            Stream telling = new Stream(true);
            List<JsonNode> chunks = new ArrayList<>(telling.tell(TurnEvents.begun()));
            int attempts = 1 + random.nextInt(3);
            Answer answer = Answer.NOTHING;
            for (int attempt = 1; attempt <= attempts; attempt++) {
                answer = TurnEvents.randomAnswer(random);
                if (attempt > 1) {
                    chunks.addAll(telling.tell(TurnEvents.reset(attempt)));
                }
                chunks.addAll(telling.tell(TurnEvents.started(attempt)));
                List<FeedEvent> deltas = TurnEvents.deltas(answer, attempt, random);
                int said = attempt == attempts ? deltas.size() : random.nextInt(deltas.size() + 1);
                for (FeedEvent delta : deltas.subList(0, said)) {
                    chunks.addAll(telling.tell(delta));
                }
            }
            chunks.addAll(telling.tell(TurnEvents.completed(answer, attempts)));

            Message message = Message.of(chunks, context);
            assertThat(message.text).as(context).hasToString(answer.said().whole());
            assertThat(message.reasoning).as(context).hasToString(answer.reasoning());
            assertThat(message.calls).as(context).isEqualTo(answer.calls().size());
            assertThat(types(chunks))
                    .as(context)
                    .startsWith("start", "start-step")
                    .endsWith("finish-step", "finish");
        }
    }

    private static final class Message {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final List<String> ids = new ArrayList<>();
        private final Map<String, String> inputs = new LinkedHashMap<>();
        private int calls;
        private @Nullable String open;

        static Message of(List<JsonNode> chunks, String context) {
            Message message = new Message();
            chunks.forEach(chunk -> message.take(chunk, context));
            assertThat(message.open).as("%s: nothing is left open", context).isNull();
            return message;
        }

        private void take(JsonNode chunk, String context) {
            String id = chunk.path("id").asText();
            switch (chunk.path("type").asText()) {
                case "text-start", "reasoning-start" -> {
                    assertThat(open).as(context).isNull();
                    assertThat(ids).as("%s: an id of its own", context).doesNotContain(id);
                    ids.add(id);
                    open = id;
                }
                case "text-delta" -> append(text, chunk, context);
                case "reasoning-delta" -> append(reasoning, chunk, context);
                case "text-end", "reasoning-end" -> {
                    assertThat(id).as(context).isEqualTo(open);
                    open = null;
                }
                case "reset-step" -> {
                    text.setLength(0);
                    reasoning.setLength(0);
                    inputs.clear();
                    open = null;
                }
                case "tool-input-start" -> {
                    assertThat(open).as(context).isNull();
                    assertThat(inputs.put(chunk.path("toolCallId").asText(), ""))
                            .as(context)
                            .isNull();
                }
                case "tool-input-delta" -> {
                    assertThat(inputs.computeIfPresent(
                                    chunk.path("toolCallId").asText(),
                                    (call, so) ->
                                            so + chunk.path("inputTextDelta").asText()))
                            .as("%s: only a call that has begun goes on", context)
                            .isNotNull();
                }
                case "tool-input-available" -> {
                    assertThat(open).as(context).isNull();
                    assertThat(inputs)
                            .as(context)
                            .containsKey(chunk.path("toolCallId").asText());
                    calls++;
                }
                default -> assertThat(open).as(context).isNull();
            }
        }

        private void append(StringBuilder part, JsonNode chunk, String context) {
            assertThat(chunk.path("id").asText()).as(context).isEqualTo(open);
            part.append(chunk.path("delta").asText());
        }
    }

    @Test
    void aClientThatKnowsNoResetIsToldToResume() {
        List<JsonNode> chunks = stream.tell(
                TurnEvents.begun(), TurnEvents.started(1), TurnEvents.text(1, 0, "void"), TurnEvents.reset(2));

        assertThat(types(chunks))
                .containsExactly("start", "start-step", "text-start", "text-delta", "text-end", "error");
        assertThat(chunks.getLast().path("errorText").asText())
                .contains("worker_lost")
                .contains("resume");
        assertThat(stream.chunks.isOver()).isTrue();
    }

    @Test
    void aTurnThatIsStoppedIsAborted() {
        List<JsonNode> chunks = stream.tell(
                TurnEvents.begun(), TurnEvents.started(1), TurnEvents.text(1, 0, "Ha"), TurnEvents.cancelled("Ha"));

        assertThat(types(chunks))
                .containsExactly(
                        "start", "start-step", "text-start", "text-delta", "text-end", "message-metadata", "abort");
        assertThat(stream.chunks.isOver()).isTrue();
    }

    @Test
    void whatFailsIsAnErrorWithItsDetail() {
        assertThat(stream.tell(TurnEvents.begun(), TurnEvents.failed("engine_error", ""))
                        .getLast()
                        .toString())
                .isEqualTo("{\"type\":\"error\",\"errorText\":\"it broke\"}");
        assertThat(new Stream(false).tell(TurnEvents.rejected("busy")).toString())
                .isEqualTo("[{\"type\":\"error\",\"errorText\":\"not now\"}]");
        assertThat(new Stream(true)
                        .tell(TurnEvents.gap())
                        .getFirst()
                        .path("errorText")
                        .asText())
                .contains("archive_unavailable");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {
                "https://example.org/a, source-url",
                "http://example.org, source-url",
                "file:///etc/passwd, source-document",
                "javascript:alert(1), source-document",
                "none, source-document"
            })
    void onlyWhatCanBeVisitedIsAUrl(@Nullable String uri, String type) {
        JsonNode source = stream.tell(TurnEvents.retrieved(new Source("s1", "A title", uri, 0.5)))
                .getFirst();

        assertThat(source.path("type").asText()).isEqualTo(type);
        assertThat(source.path("sourceId").asText()).isEqualTo("s1");
        assertThat(source.path("title").asText()).isEqualTo("A title");
        assertThat(source.has("url")).isEqualTo(type.equals("source-url"));
        assertThat(source.has("mediaType")).isEqualTo(type.equals("source-document"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"q\":1} | {\"q\":1}",
                "[1] | [1]",
                "{\"q\": | \"{\\\"q\\\":\"",
                "no JSON | \"no JSON\"",
                "{} {} | \"{} {}\"",
                "'' | {}",
                "' ' | {}"
            })
    void whatAModelAsksAToolIsToldAsItIs(String arguments, String input) {
        Answer answer = new Answer("", "", List.of(new ToolCall("call_1", "look", arguments)));

        List<JsonNode> chunks = stream.tell(TurnEvents.begun(), TurnEvents.completed(answer, 1));

        assertThat(chunks.get(chunks.size() - 3).path("input").toString()).isEqualTo(input);
    }

    @ParameterizedTest
    @CsvSource({
        "stop, stop",
        "length, length",
        "tool_calls, tool-calls",
        "content_filter, content-filter",
        "refusal, content-filter",
        "model_context_window_exceeded, length",
        "of a later version, other"
    })
    void theFinishSaysWhy(String reason, String finish) {
        JsonNode last = stream.tell(TurnEvents.begun(), TurnEvents.completed(Answer.saying("x"), 1, reason))
                .getLast();

        assertThat(last.path("finishReason").asText()).isEqualTo(finish);
        assertThat(last.at("/messageMetadata/finishReason").asText()).isEqualTo(reason);
    }

    @Test
    void aRefusalIsTextWithANote() {
        List<JsonNode> chunks = stream.tell(
                TurnEvents.begun(),
                TurnEvents.started(1),
                TurnEvents.text(1, 0, "Well. "),
                TurnEvents.refusal(1, 1, "I cannot."),
                TurnEvents.completed(Answer.refusing("Well. ", "I cannot."), 1, "refusal"));

        assertThat(types(chunks))
                .containsExactly(
                        "start",
                        "start-step",
                        "text-start",
                        "text-delta",
                        "text-end",
                        "text-start",
                        "text-delta",
                        "text-end",
                        "finish-step",
                        "finish");
        assertThat(chunks.get(2).has("providerMetadata")).isFalse();
        assertThat(chunks.get(5).at("/providerMetadata/parley/refusal").asBoolean())
                .isTrue();
        assertThat(chunks.get(6).path("delta").asText()).isEqualTo("I cannot.");
    }

    @Test
    void whatBecameKnownUpstreamIsInTheMetadata() {
        Upstream known = Upstream.newBuilder()
                .setCalls(3)
                .setLeftOut(List.of("seed"))
                .setUsageDetails(new UsageDetails(1, null, 2, null, null))
                .build();
        FeedEvent completed = TurnEvents.knowing(TurnEvents.completed(Answer.saying("x"), 1), known);
        FeedEvent failed = TurnEvents.knowing(
                TurnEvents.failed("engine_rate_limited", ""),
                Upstream.newBuilder().setCalls(1).setRetryAfterMillis(30_000L).build());

        JsonNode finish = stream.tell(TurnEvents.begun(), completed).getLast();
        assertThat(finish.at("/messageMetadata/modelCalls").asInt()).isEqualTo(3);
        assertThat(finish.at("/messageMetadata/leftOut").toString()).isEqualTo("[\"seed\"]");
        assertThat(finish.at("/messageMetadata/usage/cachedInputTokens").asInt())
                .isEqualTo(1);
        assertThat(finish.at("/messageMetadata/usage/reasoningTokens").asInt()).isEqualTo(2);

        List<JsonNode> broken = new Stream(false).tell(TurnEvents.begun(), failed);
        assertThat(types(broken)).endsWith("message-metadata", "error");
        JsonNode told = broken.get(broken.size() - 2).path("messageMetadata");
        assertThat(told.path("code").asText()).isEqualTo("engine_rate_limited");
        assertThat(told.path("retryAfterMillis").asLong()).isEqualTo(30_000);
        assertThat(told.path("modelCalls").asInt()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"stop, tool-calls", "end_turn, tool-calls", "length, length"})
    void whoGetsCallsIsToldToMakeThemWhateverTheModelServerCalledItsEnd(String reason, String finish) {
        Answer asking = new Answer("", "", List.of(new ToolCall("call_1", "look", "{}")));

        JsonNode last = stream.tell(TurnEvents.begun(), TurnEvents.completed(asking, 1, reason))
                .getLast();

        assertThat(last.path("finishReason").asText()).isEqualTo(finish);
    }

    @Test
    void overHttpAnEndIsMarkedAsOne() {
        UiMessageEncoding encoding = new UiMessageEncoding(TurnEvents.KEY, TurnEvents.TURN, Duration.ofSeconds(15));

        List<byte[]> pieces = ServerSentEvents.encoded(
                encoding,
                List.of(
                        TurnEvents.begun(),
                        TurnEvents.completed(Answer.saying("x"), 1),
                        TurnEvents.text(1, 0, "not told")));

        assertThat(ServerSentEvents.data(pieces)).containsOnlyOnce("[DONE]").endsWith("[DONE]");
        assertThat(encoding.isOver()).isTrue();
    }
}
