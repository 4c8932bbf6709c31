package dev.parley.ingest.protocol.anthropic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageEncodingTest {

    private static final AnswerId ID = new AnswerId("msg_0123456789abcdef01234567");
    private static final int ESTIMATED = 11;

    private final MessageEncoding encoding = encoding();

    private static MessageEncoding encoding() {
        return new MessageEncoding(ID, TurnEvents.TURN, "req-1", "default", ESTIMATED);
    }

    private List<JsonNode> events(FeedEvent... events) {
        return ServerSentEvents.json(ServerSentEvents.encoded(encoding, List.of(events)));
    }

    private static List<String> types(List<JsonNode> events) {
        return events.stream().map(event -> event.path("type").asText()).toList();
    }

    private static List<FeedEvent> turn(Answer answer, FeedEvent end, Random random) {
        List<FeedEvent> events =
                new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1)));
        events.addAll(TurnEvents.deltas(answer, 1, random));
        events.add(end);
        return events;
    }

    private static MessageCompleted body(FeedEvent end) {
        return (MessageCompleted) ((FeedEvent.Logged) end).event().getBody();
    }

    private static ObjectNode whole(FeedEvent end) {
        return MessageJson.whole(ID, body(end));
    }

    /** The message that a client has in the end that does what Anthropic's documentation says. */
    private static ObjectNode accumulated(List<JsonNode> events) {
        ObjectNode message = Json.object();
        ArrayNode content = message.arrayNode();
        StringBuilder input = new StringBuilder();
        int open = -1;
        boolean stopped = false;
        for (JsonNode event : events) {
            assertThat(stopped).isFalse();
            switch (event.path("type").asText()) {
                case "message_start" -> {
                    assertThat(message).isEmpty();
                    message = ((ObjectNode) event.path("message")).deepCopy();
                }
                case "content_block_start" -> {
                    assertThat(open).isEqualTo(-1);
                    assertThat(event.path("index").asInt()).isEqualTo(content.size());
                    open = content.size();
                    content.add(event.path("content_block").deepCopy());
                    input.setLength(0);
                }
                case "content_block_delta" -> {
                    assertThat(event.path("index").asInt()).isEqualTo(open);
                    ObjectNode block = (ObjectNode) content.path(open);
                    JsonNode delta = event.path("delta");
                    switch (delta.path("type").asText()) {
                        case "text_delta" -> append(block, "text", delta.path("text"));
                        case "thinking_delta" -> append(block, "thinking", delta.path("thinking"));
                        case "signature_delta" -> append(block, "signature", delta.path("signature"));
                        case "input_json_delta" ->
                            input.append(delta.path("partial_json").asText());
                        default -> throw new AssertionError(delta);
                    }
                }
                case "content_block_stop" -> {
                    assertThat(event.path("index").asInt()).isEqualTo(open);
                    if (!input.isEmpty()) {
                        ((ObjectNode) content.path(open)).set("input", parsed(input.toString()));
                    }
                    open = -1;
                }
                case "message_delta" -> {
                    assertThat(open).isEqualTo(-1);
                    message.setAll((ObjectNode) event.path("delta"));
                    ((ObjectNode) message.path("usage")).setAll((ObjectNode) event.path("usage"));
                    if (event.has("parley")) {
                        message.set("parley", event.path("parley"));
                    }
                }
                case "message_stop" -> stopped = true;
                default -> throw new AssertionError(event);
            }
        }
        assertThat(stopped).isTrue();
        message.set("content", content);
        return message;
    }

    private static void append(ObjectNode block, String member, JsonNode piece) {
        block.put(member, block.path(member).asText() + piece.asText());
    }

    private static JsonNode parsed(String json) {
        try {
            return Json.MAPPER
                    .reader()
                    .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }

    /** {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whoDoesWhatTheEventsSayHasTheWholeAnswer(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 200; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            Answer answer = TurnEvents.randomAnswer(random);
            String context = "seed " + seed + " round " + round;
            FeedEvent end = TurnEvents.completed(answer, 1);

            List<JsonNode> events =
                    ServerSentEvents.json(ServerSentEvents.encoded(encoding(), turn(answer, end, random)));

            checkWhole(events, answer, end, context);
        }
    }

    /** What breaks off has told the beginning of a call of which no object came; a repeat of the request is told it whole. */
    private static void checkWhole(List<JsonNode> told, Answer answer, FeedEvent end, String context) {
        List<JsonNode> events = told;
        if (isBrokenOff(told)) {
            assertThat(MessageJson.inputText(answer.calls().getFirst()))
                    .as(context)
                    .isNotEqualTo(answer.calls().getFirst().getArguments());
            events = ServerSentEvents.json(ServerSentEvents.encoded(encoding(), late(end)));
        }
        assertThat(accumulated(events)).as(context).isEqualTo(whole(end));
    }

    /** As a repeat of the request is told of it. */
    private static List<FeedEvent> late(FeedEvent end) {
        return List.of(TurnEvents.accepted(), TurnEvents.begun(), end);
    }

    private static boolean isBrokenOff(List<JsonNode> events) {
        return events.getLast().path("type").asText().equals("error");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void whoComesLaterIsToldTheSame(long seed) {
        for (int round = 0; round < 100; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            Answer answer = TurnEvents.randomAnswer(random);
            FeedEvent end = TurnEvents.completed(answer, 1);
            List<FeedEvent> late = new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun()));
            if (random.nextBoolean()) {
                late.add(TurnEvents.started(1));
                late.add(TurnEvents.snapshot(1, 0, answer));
            }
            late.add(end);

            checkWhole(
                    ServerSentEvents.json(ServerSentEvents.encoded(encoding(), late)),
                    answer,
                    end,
                    "seed " + seed + " round " + round);
        }
    }

    @Test
    void aMessageBeginsWithWhatIsKnownThen() {
        List<JsonNode> events = events(TurnEvents.accepted(), TurnEvents.started(1), TurnEvents.text(1, 0, "Hel"));

        assertThat(types(events)).containsExactly("message_start", "content_block_start", "content_block_delta");
        JsonNode message = events.getFirst().path("message");
        assertThat(message.path("id").asText()).isEqualTo(ID.text());
        assertThat(message.path("model").asText()).isEqualTo("a-model");
        assertThat(message.path("stop_reason").isNull()).isTrue();
        assertThat(message.at("/usage/input_tokens").asInt()).isEqualTo(ESTIMATED);
        assertThat(events.get(2).toString())
                .isEqualTo("{\"type\":\"content_block_delta\",\"index\":0,"
                        + "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}");
    }

    @Test
    void thoughtsAreSignedWhereTheyEnd() {
        Answer answer = new Answer("Hm.", "So.", List.of());

        List<JsonNode> events = events(
                TurnEvents.started(1),
                TurnEvents.reasoning(1, 0, "Hm."),
                TurnEvents.text(1, 1, "So."),
                TurnEvents.completed(answer, 1));

        assertThat(types(events).subList(1, 6))
                .containsExactly(
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "content_block_start");
        assertThat(events.get(3).path("delta").toString())
                .isEqualTo("{\"type\":\"signature_delta\",\"signature\":\"" + ID.text() + "\"}");
    }

    /** Model servers sign calls, or thoughts that they keep to themselves. */
    @Test
    void whatHasToComeBackIsABlockWhereThereAreNoThoughtsToSign() {
        FeedEvent end = signed(TurnEvents.completed(Answer.saying("So."), 1));

        List<JsonNode> events = events(TurnEvents.started(1), TurnEvents.text(1, 0, "So."), end);

        assertThat(accumulated(events)).isEqualTo(whole(end));
        assertThat(whole(end).path("content").toString())
                .isEqualTo("[{\"type\":\"text\",\"text\":\"So.\",\"citations\":null},"
                        + "{\"type\":\"redacted_thinking\",\"data\":\"" + ID.text() + "\"}]");
        assertThat(whole(signed(TurnEvents.completed(new Answer("Hm.", "So.", List.of()), 1)))
                        .path("content"))
                .extracting(block -> block.path("type").asText())
                .containsExactly("thinking", "text");
    }

    private static FeedEvent signed(FeedEvent end) {
        return TurnEvents.logged(MessageCompleted.newBuilder(body(end))
                .setExtras(new ProviderExtras("engine", "a-model", "{}"))
                .build());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"q\": 1}|{\"q\":1}|{\"q\": 1}",
                "{\"arguments\": 1}|{\"arguments\":1}|{\"arguments\": 1}",
                "``|{}|{}",
                " |{}|{}",
                "{\"q\":|{\"arguments\":\"{\\\"q\\\":\"}|{\"arguments\":\"{\\\"q\\\":\"}",
                "{\"q\":1} {}|{\"arguments\":\"{\\\"q\\\":1} {}\"}|{\"arguments\":\"{\\\"q\\\":1} {}\"}",
                "[1]|{\"arguments\":\"[1]\"}|{\"arguments\":\"[1]\"}",
                "\"x\"|{\"arguments\":\"\\\"x\\\"\"}|{\"arguments\":\"\\\"x\\\"\"}"
            })
    void argumentsAreAnObjectWhateverTheModelWrote(String arguments, String input, String streamed) {
        ToolCall call = new ToolCall("call_1", "look", arguments == null ? "" : arguments);
        FeedEvent end = TurnEvents.completed(new Answer("", "", List.of(call)), 1);

        List<JsonNode> events = events(TurnEvents.started(1), end);

        assertThat(whole(end).at("/content/0/input").toString()).isEqualTo(input);
        assertThat(events.get(1).at("/content_block/input").toString()).isEqualTo("{}");
        assertThat(events.get(2).at("/delta/partial_json").asText()).isEqualTo(streamed);
    }

    private static final String CALL = "call_1";

    private List<JsonNode> calling(String... pieces) {
        List<FeedEvent> events = new ArrayList<>(List.of(TurnEvents.started(1)));
        for (int i = 0; i < pieces.length; i++) {
            events.add(TurnEvents.arguments(1, i, CALL, i == 0 ? "look" : null, pieces[i]));
        }
        return events(events.toArray(FeedEvent[]::new));
    }

    private static Answer calls(String arguments) {
        return new Answer("", "", List.of(new ToolCall(CALL, "look", arguments)));
    }

    private static List<String> inputs(List<JsonNode> events) {
        return events.stream()
                .filter(event -> event.at("/delta/type").asText().equals("input_json_delta"))
                .map(event -> event.at("/delta/partial_json").asText())
                .toList();
    }

    @Test
    void argumentsAreToldAsTheyComeAndTheirBlockEndsWithTheAnswer() {
        List<JsonNode> events = calling("", " ", "{\"q\"", ":1", "}");

        assertThat(types(events))
                .startsWith("message_start", "content_block_start")
                .doesNotContain("content_block_stop");
        assertThat(events.get(1).path("content_block").toString())
                .isEqualTo("{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"look\",\"input\":{},"
                        + "\"caller\":{\"type\":\"direct\"}}");
        assertThat(inputs(events)).containsExactly(" {\"q\"", ":1", "}");
        assertThat(types(events(TurnEvents.completed(calls(" {\"q\":1}"), 1))))
                .containsExactly("content_block_stop", "message_delta", "message_stop");
    }

    @Test
    void onlyOneBlockIsOpenSoThatFurtherCallsAndLaterTextWaitForTheEnd() {
        List<JsonNode> events = new ArrayList<>(calling("{}"));
        events.addAll(events(
                TurnEvents.text(1, 1, "So."),
                TurnEvents.arguments(1, 2, "call_2", "find", "{\"q\":"),
                TurnEvents.arguments(1, 3, "call_2", null, "2}")));
        assertThat(inputs(events)).containsExactly("{}");
        Answer answer = new Answer(
                "",
                "So.",
                "",
                List.of(new ToolCall(CALL, "look", "{}"), new ToolCall("call_2", "find", "{\"q\":2}")),
                0);
        FeedEvent end = TurnEvents.completed(answer, 1);

        events.addAll(events(end));

        assertThat(accumulated(events)).isEqualTo(whole(end));
        assertThat(whole(end).path("content"))
                .extracting(block -> block.path("type").asText())
                .containsExactly("tool_use", "tool_use", "text");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"[1|]", "`\"{`|`}\"`", "look|ing", "7|", "{\"q\"]|", "{'q'|:1}"})
    void whatCanBecomeNoObjectIsNotToldUntilItIsTheMemberOfOne(String first, String second) {
        String rest = second == null ? "" : second;
        FeedEvent end = TurnEvents.completed(calls(first + rest), 1);
        List<JsonNode> events = new ArrayList<>(calling(first, rest));
        assertThat(inputs(events)).isEmpty();

        events.addAll(events(end));

        assertThat(accumulated(events)).isEqualTo(whole(end));
        assertThat(whole(end).at("/content/0/input/arguments").asText()).isEqualTo(first + rest);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"q\":|]}|{\"q\":",
                "{\"q\":1}| {}|{\"q\":1}",
                "{\"q\":\"a|`\n\"}`|{\"q\":\"a",
                "{\"q\":|\"a|{\"q\":\"a"
            })
    void ofWhatBecomesNoObjectLaterTheBlockNeverEnds(String first, String second, String told) {
        List<JsonNode> events = new ArrayList<>(calling(first, second));
        assertThat(String.join("", inputs(events))).isEqualTo(told);
        FeedEvent end = TurnEvents.completed(calls(first + second), 1);

        events.addAll(events(end));

        assertThat(types(events))
                .doesNotContain("content_block_stop", "message_stop")
                .endsWith("error");
        assertThat(events.getLast().at("/error/code").asText()).isEqualTo("stream_reset");
        assertThat(events.getLast().at("/error/message").asText()).contains(CALL);
        assertThat(accumulated(ServerSentEvents.json(ServerSentEvents.encoded(encoding(), late(end)))))
                .as("a repeat of the request")
                .isEqualTo(whole(end));
    }

    /** As from Anthropic's own server: its clients know half a call by the reason. */
    @Test
    void aCallThatIsCutShortEndsWhereItsModelDid() {
        List<JsonNode> events = new ArrayList<>(calling("{\"q\":", "\"a"));

        events.addAll(events(TurnEvents.completed(calls("{\"q\":\"ab"), 1, "length")));

        assertThat(inputs(events)).containsExactly("{\"q\":", "\"a", "b");
        assertThat(types(events)).endsWith("content_block_stop", "message_delta", "message_stop");
        assertThat(events.get(events.size() - 2).at("/delta/stop_reason").asText())
                .isEqualTo("max_tokens");
    }

    @Test
    void anAnswerThatStartsAgainInACallIsAnErrorAndTheBlockNeverEnds() {
        List<JsonNode> events = new ArrayList<>(calling("{\"q\":1}"));

        events.addAll(events(TurnEvents.reset(2), TurnEvents.started(2)));

        assertThat(types(events)).doesNotContain("content_block_stop").endsWith("error");
    }

    @ParameterizedTest
    @CsvSource({
        "stop, end_turn, ''",
        "length, max_tokens, ''",
        "tool_calls, tool_use, ''",
        "content_filter, refusal, content_filter",
        "refusal, refusal, ''",
        "model_context_window_exceeded, model_context_window_exceeded, ''",
        "stop_sequence, stop_sequence, ''",
        "pause_turn, pause_turn, ''",
        "other, end_turn, other",
        "of a later version, end_turn, of a later version"
    })
    void theEndSaysWhyInTheNearestWordAndByItsOwnName(String reason, String word, String own) {
        FeedEvent end = TurnEvents.completed(Answer.saying("x"), 1, reason);

        List<JsonNode> events = events(TurnEvents.started(1), end);

        JsonNode last = events.get(events.size() - 2);
        assertThat(last.at("/delta/stop_reason").asText()).isEqualTo(word);
        assertThat(last.at("/parley/finish_reason").asText()).isEqualTo(own);
        assertThat(whole(end).path("stop_reason").asText()).isEqualTo(word);
    }

    @ParameterizedTest
    @CsvSource({"stop, tool_use", "refusal, tool_use", "length, max_tokens"})
    void whoGetsCallsIsToldToMakeThemWhateverTheModelServerCalledItsEnd(String reason, String word) {
        Answer asking = new Answer("", "", List.of(new ToolCall("call_1", "look", "{}")));

        assertThat(whole(TurnEvents.completed(asking, 1, reason))
                        .path("stop_reason")
                        .asText())
                .isEqualTo(word);
    }

    @Test
    void aRefusalIsTextAndTheReason() {
        FeedEvent end = TurnEvents.completed(Answer.refusing("Well. ", "No."), 1, "stop");

        List<JsonNode> events =
                events(TurnEvents.started(1), TurnEvents.text(1, 0, "Well. "), TurnEvents.refusal(1, 1, "No."), end);

        assertThat(accumulated(events)).isEqualTo(whole(end));
        assertThat(whole(end).at("/content/0/text").asText()).isEqualTo("Well. No.");
        assertThat(whole(end).path("stop_reason").asText()).isEqualTo("refusal");
    }

    @Test
    void anEmptyAnswerIsAMessageWithoutContent() {
        List<JsonNode> events = events(TurnEvents.started(1), TurnEvents.completed(Answer.NOTHING, 1));

        assertThat(types(events)).containsExactly("message_start", "message_delta", "message_stop");
    }

    @Test
    void inputTokensAreThoseThatWentPastTheCache() {
        Upstream upstream = Upstream.newBuilder()
                .setCalls(3)
                .setLeftOut(List.of("seed"))
                .setUsageDetails(new UsageDetails(1, 1, 2, null, null))
                .build();
        FeedEvent end = TurnEvents.knowing(TurnEvents.completed(Answer.saying("x"), 1), upstream);

        List<JsonNode> events = events(TurnEvents.started(1), end);

        JsonNode last = events.get(events.size() - 2);
        assertThat(last.path("usage").toString())
                .isEqualTo(
                        "{\"input_tokens\":1,\"cache_creation_input_tokens\":1,\"cache_read_input_tokens\":1,"
                                + "\"output_tokens\":2,\"output_tokens_details\":{\"thinking_tokens\":2},\"server_tool_use\":null}");
        assertThat(last.path("parley").toString()).isEqualTo("{\"attempts\":3,\"left_out\":[\"seed\"]}");
        assertThat(accumulated(events)).isEqualTo(whole(end));
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(TurnEvents.failed("engine_error", ""), ErrorCode.ENGINE_ERROR, "api_error"),
                Arguments.of(TurnEvents.failed("of a later version", ""), ErrorCode.INTERNAL, "api_error"),
                Arguments.of(
                        TurnEvents.failed("engine_rate_limited", ""),
                        ErrorCode.ENGINE_RATE_LIMITED,
                        "rate_limit_error"),
                Arguments.of(TurnEvents.cancelled(""), ErrorCode.CANCELLED, "invalid_request_error"),
                Arguments.of(TurnEvents.rejected("queue_full"), ErrorCode.QUEUE_FULL, "rate_limit_error"),
                Arguments.of(TurnEvents.gap(), ErrorCode.UNAVAILABLE, "overloaded_error"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatFailsBeforeAnythingIsSentIsTheAnswerOfTheRequest(FeedEvent failure, ErrorCode code, String type) {
        events(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1));

        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> events(failure));

        assertThat(problem.code()).isEqualTo(code);
        assertThat(AnthropicErrors.type(ProblemException.status(code))).isEqualTo(type);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatFailsLaterIsAnErrorInTheStream(FeedEvent failure, ErrorCode code, String type) {
        events(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1), TurnEvents.text(1, 0, "Ha"));

        List<JsonNode> events = events(failure, TurnEvents.text(1, 1, "not told"));

        assertThat(types(events)).containsExactly("error");
        assertThat(events.getFirst().at("/error/type").asText()).isEqualTo(type);
        assertThat(events.getFirst().at("/error/code").asText()).isEqualTo(code.wire());
        assertThat(events.getFirst().at("/error/message").asText()).isNotBlank();
        assertThat(events.getFirst().path("request_id").asText()).isEqualTo("req-1");
        assertThat(encoding.isOver()).isTrue();
    }

    @Test
    void anErrorSaysWhatBecameKnownUpstream() {
        events(TurnEvents.started(1), TurnEvents.text(1, 0, "Ha"));

        List<JsonNode> events = events(TurnEvents.knowing(
                TurnEvents.failed("engine_rate_limited", "Ha"),
                Upstream.newBuilder().setCalls(2).setRetryAfterMillis(29_001L).build()));

        assertThat(events.getFirst().at("/error/parley").toString())
                .isEqualTo("{\"attempts\":2,\"retry_after_ms\":29001}");
    }

    @Test
    void aSignOfLifeIsAnEventAfterTheMessagesBeginning() {
        assertThat(new String(encoding.heartbeat(), StandardCharsets.UTF_8))
                .startsWith("event: message_start\ndata: {\"type\":\"message_start\",")
                .endsWith("\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
        assertThat(new String(encoding.heartbeat(), StandardCharsets.UTF_8))
                .isEqualTo("event: ping\ndata: {\"type\":\"ping\"}\n\n");

        assertThat(types(events(TurnEvents.started(1), TurnEvents.text(1, 0, "x"))))
                .containsExactly("content_block_start", "content_block_delta");
    }

    @Test
    void whatFailsAfterASignOfLifeIsAnEvent() {
        assertThat(encoding.heartbeat()).isNotEmpty();

        assertThat(types(events(TurnEvents.failed("engine_error", "")))).containsExactly("error");
    }

    @Test
    void anAnswerThatIsBegunAnewIsAnErrorOnceSomeOfItWasSent() {
        events(TurnEvents.started(1), TurnEvents.text(1, 0, "void"));

        List<JsonNode> events = events(TurnEvents.reset(2), TurnEvents.started(2), TurnEvents.text(2, 0, "anew"));

        assertThat(types(events)).containsExactly("error");
        assertThat(events.getFirst().at("/error/code").asText()).isEqualTo("stream_reset");
        assertThat(encoding.isOver()).isTrue();
    }

    @Test
    void anAttemptThatSaidNothingIsNoNews() {
        List<JsonNode> events = events(
                TurnEvents.started(1),
                TurnEvents.reset(2),
                TurnEvents.started(2),
                TurnEvents.text(2, 0, "x"),
                TurnEvents.completed(Answer.saying("x"), 2));

        assertThat(types(events)).doesNotContain("error").endsWith("message_stop");
    }
}
