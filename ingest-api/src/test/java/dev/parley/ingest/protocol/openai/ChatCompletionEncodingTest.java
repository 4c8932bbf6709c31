package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import java.time.Duration;
import java.time.Instant;
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

class ChatCompletionEncodingTest {

    private static final Instant ASKED = Instant.parse("2026-01-01T00:00:00Z");

    private final ChatCompletionEncoding encoding = encoding(true);

    private static ChatCompletionEncoding encoding(boolean includeUsage) {
        return new ChatCompletionEncoding("chatcmpl-1", TurnEvents.TURN, "default", ASKED, includeUsage);
    }

    private static List<FeedEvent> turn(Answer answer, FeedEvent end, Random random) {
        List<FeedEvent> events =
                new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1)));
        events.addAll(TurnEvents.deltas(answer, 1, random));
        events.add(end);
        return events;
    }

    private List<JsonNode> chunks(FeedEvent... events) {
        return ServerSentEvents.json(ServerSentEvents.encoded(encoding, List.of(events)));
    }

    private static JsonNode delta(JsonNode chunk) {
        return chunk.at("/choices/0/delta");
    }

    /** {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whoAppendsWhatIsSentHasTheAnswer(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 200; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            Answer answer = TurnEvents.randomAnswer(random);
            boolean usage = random.nextBoolean();
            String context = "seed " + seed + " round " + round;

            List<byte[]> pieces =
                    ServerSentEvents.encoded(encoding(usage), turn(answer, TurnEvents.completed(answer, 1), random));

            assertThat(ServerSentEvents.data(pieces))
                    .as(context)
                    .containsOnlyOnce("[DONE]")
                    .endsWith("[DONE]");
            List<JsonNode> chunks = ServerSentEvents.json(pieces);
            StringBuilder text = new StringBuilder();
            StringBuilder refusal = new StringBuilder();
            StringBuilder reasoning = new StringBuilder();
            List<ToolCall> calls = new ArrayList<>();
            for (JsonNode chunk : chunks) {
                assertThat(chunk.path("object").asText()).isEqualTo("chat.completion.chunk");
                assertThat(chunk.path("id").asText()).isEqualTo("chatcmpl-1");
                assertThat(chunk.path("created").asLong()).isEqualTo(TurnEvents.NOW.getEpochSecond());
                assertThat(chunk.path("model").asText()).isEqualTo("a-model");
                text.append(delta(chunk).path("content").asText());
                refusal.append(delta(chunk).path("refusal").asText(""));
                reasoning.append(delta(chunk).path("reasoning_content").asText());
                for (JsonNode call : delta(chunk).path("tool_calls")) {
                    add(call, calls, context);
                }
            }
            assertThat(text).as(context).hasToString(answer.text());
            assertThat(refusal).as(context).hasToString(answer.refusal());
            assertThat(reasoning).as(context).hasToString(answer.reasoning());
            assertThat(calls).as(context).isEqualTo(answer.calls());
            assertThat(delta(chunks.getFirst()).path("role").asText())
                    .as(context)
                    .isEqualTo("assistant");
            assertThat(chunks.stream().filter(chunk -> delta(chunk).has("role")))
                    .as(context)
                    .hasSize(1);
            assertThat(chunks.stream()
                            .filter(chunk ->
                                    chunk.at("/choices/0/finish_reason").isTextual()))
                    .as(context)
                    .hasSize(1);
            expectUsage(chunks, usage, context);
        }
    }

    /** As OpenAI's own clients do. */
    private static void add(JsonNode piece, List<ToolCall> calls, String context) {
        int index = piece.path("index").asInt();
        String arguments = piece.at("/function/arguments").asText();
        if (piece.has("id")) {
            assertThat(index).as(context).isEqualTo(calls.size());
            calls.add(new ToolCall(
                    piece.path("id").asText(), piece.at("/function/name").asText(), arguments));
        } else {
            ToolCall call = calls.get(index);
            calls.set(index, new ToolCall(call.getId(), call.getName(), call.getArguments() + arguments));
        }
    }

    @Test
    void aCallIsWholeForItsClientWhenTheAnswerIsComplete() {
        ToolCall look = new ToolCall("call_1", "look", "{\"q\":1}");
        ToolCall other = new ToolCall("call_2", "look", "{\"q\":2}");
        Answer answer = new Answer("", "Well.", "", List.of(look, other), 0);
        List<JsonNode> live = chunks(
                TurnEvents.started(1),
                TurnEvents.arguments(1, 0, "call_1", "look", ""),
                TurnEvents.arguments(1, 1, "call_1", null, "{\"q"),
                TurnEvents.arguments(1, 2, "call_1", null, "\":1}"),
                TurnEvents.text(1, 3, "Well."),
                TurnEvents.arguments(1, 4, "call_2", "look", "{"),
                TurnEvents.called(1, 5, look),
                TurnEvents.called(1, 6, other));

        assertThat(live.subList(1, live.size()).stream()
                        .map(chunk -> delta(chunk).toString()))
                .containsExactly(
                        "{\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"look\","
                                + "\"arguments\":\"\"},\"index\":0}]}",
                        "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"\"}}]}",
                        "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"q\\\":1\"}}]}",
                        "{\"tool_calls\":[{\"id\":\"call_2\",\"type\":\"function\",\"function\":{\"name\":\"look\","
                                + "\"arguments\":\"\"},\"index\":1}]}");
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode chunk : live) {
            delta(chunk).path("tool_calls").forEach(piece -> add(piece, calls, "live"));
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode chunk : chunks(TurnEvents.completed(answer, 1))) {
            text.append(delta(chunk).path("content").asText());
            delta(chunk).path("tool_calls").forEach(piece -> add(piece, calls, "end"));
        }
        assertThat(calls).isEqualTo(answer.calls());
        assertThat(text).hasToString("Well.");
    }

    @Test
    void aCallThatCameWholeIsToldWhole() {
        Answer asking = new Answer("", "", List.of(new ToolCall("call_1", "look", "{\"q\":1}")));

        List<JsonNode> chunks = chunks(TurnEvents.started(1), TurnEvents.completed(asking, 1));

        assertThat(delta(chunks.get(1)).at("/tool_calls/0/function/arguments").asText())
                .isEqualTo("{\"q\":1}");
    }

    private static void expectUsage(List<JsonNode> chunks, boolean asked, String context) {
        if (!asked) {
            assertThat(chunks).as(context).noneMatch(chunk -> chunk.has("usage"));
            return;
        }
        JsonNode last = chunks.getLast();
        assertThat(last.path("choices")).as(context).isEmpty();
        assertThat(last.path("usage").toString())
                .isEqualTo("{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}");
        assertThat(chunks.subList(0, chunks.size() - 1))
                .as(context)
                .allMatch(chunk -> chunk.has("usage") && chunk.path("usage").isNull());
    }

    @ParameterizedTest
    @CsvSource({
        "stop, stop, ''",
        "length, length, ''",
        "tool_calls, tool_calls, ''",
        "content_filter, content_filter, ''",
        "refusal, content_filter, refusal",
        "model_context_window_exceeded, length, model_context_window_exceeded",
        "other, stop, other",
        "of a later version, stop, of a later version"
    })
    void theFinishSaysWhyInTheNearestWordAndByItsOwnName(String reason, String finish, String own) {
        FeedEvent end = TurnEvents.completed(Answer.saying("x"), 1, reason);
        List<JsonNode> chunks = chunks(TurnEvents.started(1), end);
        JsonNode last = chunks.get(chunks.size() - 2);

        assertThat(last.at("/choices/0/finish_reason").asText()).isEqualTo(finish);
        assertThat(last.at("/parley/finish_reason").asText()).isEqualTo(own);
        assertThat(delta(last)).isEmpty();
        JsonNode whole = whole(end);
        assertThat(whole.at("/choices/0/finish_reason").asText()).isEqualTo(finish);
        assertThat(whole.at("/parley/finish_reason").asText()).isEqualTo(own);
    }

    private static ObjectNode whole(FeedEvent end) {
        ConversationEvent event = ((FeedEvent.Logged) end).event();
        return ChatCompletionJson.whole("chatcmpl-1", event.getTime(), (MessageCompleted) event.getBody());
    }

    @Test
    void aRefusalThatWasToldApartIsOne() {
        FeedEvent end = TurnEvents.completed(Answer.refusing("", "I cannot."), 1, "refusal");
        List<JsonNode> chunks = chunks(TurnEvents.started(1), TurnEvents.refusal(1, 0, "I "), end);

        assertThat(delta(chunks.get(1)).toString()).isEqualTo("{\"refusal\":\"I \"}");
        assertThat(delta(chunks.get(2)).toString()).isEqualTo("{\"refusal\":\"cannot.\"}");
        assertThat(chunks.get(3).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(chunks.get(3).path("parley").toString()).isEqualTo("{\"finish_reason\":\"refusal\"}");
        JsonNode message = whole(end).at("/choices/0/message");
        assertThat(message.path("content").isNull()).isTrue();
        assertThat(message.path("refusal").asText()).isEqualTo("I cannot.");
    }

    @Test
    void wordsBeforeARefusalAreContent() {
        JsonNode message = whole(TurnEvents.completed(Answer.refusing("Well. ", "No."), 1, "length"))
                .at("/choices/0/message");

        assertThat(message.path("content").asText()).isEqualTo("Well. ");
        assertThat(message.path("refusal").asText()).isEqualTo("No.");
    }

    private static Upstream known() {
        return Upstream.newBuilder()
                .setCalls(3)
                .setLeftOut(List.of("seed", "user"))
                .setUsageDetails(new UsageDetails(1, null, 2, 3, null))
                .build();
    }

    @Test
    void whatBecameKnownUpstreamIsToldAtTheEnd() {
        FeedEvent completed = TurnEvents.knowing(TurnEvents.completed(Answer.saying("x"), 1), known());

        List<JsonNode> chunks = chunks(TurnEvents.started(1), completed);

        String told = "{\"attempts\":3,\"left_out\":[\"seed\",\"user\"]}";
        String usage = "{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,"
                + "\"prompt_tokens_details\":{\"cached_tokens\":1,\"audio_tokens\":3},"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":2}}";
        assertThat(chunks.get(chunks.size() - 2).path("parley").toString()).isEqualTo(told);
        assertThat(chunks.getLast().path("usage").toString()).isEqualTo(usage);
        ObjectNode whole = whole(completed);
        assertThat(whole.path("parley").toString()).isEqualTo(told);
        assertThat(whole.path("usage").toString()).isEqualTo(usage);
    }

    private static FeedEvent rateLimited() {
        return TurnEvents.knowing(
                TurnEvents.failed("engine_rate_limited", ""),
                Upstream.newBuilder().setCalls(2).setRetryAfterMillis(29_001L).build());
    }

    @Test
    void whenTheModelServerWantsToBeAskedAgainIsTold() {
        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> chunks(rateLimited()));

        assertThat(problem.retryAfter()).contains(Duration.ofMillis(29_001));

        ChatCompletionEncoding begun = encoding(false);
        assertThat(begun.heartbeat()).isNotEmpty();
        JsonNode error = ServerSentEvents.json(ServerSentEvents.encoded(begun, List.of(rateLimited())))
                .getFirst();
        assertThat(error.at("/error/parley").toString()).isEqualTo("{\"attempts\":2,\"retry_after_ms\":29001}");
    }

    @ParameterizedTest
    @CsvSource({"stop, tool_calls", "end_turn, tool_calls", "length, length"})
    void whoGetsCallsIsToldToMakeThemWhateverTheModelServerCalledItsEnd(String reason, String finish) {
        Answer asking = new Answer("", "", List.of(new ToolCall("call_1", "look", "{}")));

        List<JsonNode> chunks = chunks(TurnEvents.started(1), TurnEvents.completed(asking, 1, reason));

        assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asText())
                .isEqualTo(finish);
    }

    @Test
    void anEmptyAnswerSaysWhoSpeaksAndThatItIsOver() {
        List<JsonNode> chunks = chunks(TurnEvents.started(1), TurnEvents.completed(Answer.NOTHING, 1));

        assertThat(chunks).hasSize(3);
        assertThat(delta(chunks.getFirst()).toString())
                .isEqualTo("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
        assertThat(chunks.get(1).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(TurnEvents.failed("engine_error", ""), ErrorCode.ENGINE_ERROR),
                Arguments.of(TurnEvents.failed("of a later version", ""), ErrorCode.INTERNAL),
                Arguments.of(TurnEvents.cancelled(""), ErrorCode.CANCELLED),
                Arguments.of(TurnEvents.rejected("queue_full"), ErrorCode.QUEUE_FULL),
                Arguments.of(TurnEvents.gap(), ErrorCode.UNAVAILABLE));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatFailsBeforeAnythingIsSentIsTheAnswerOfTheRequest(FeedEvent failure, ErrorCode code) {
        chunks(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1));

        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> chunks(failure));

        assertThat(problem.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatFailsLaterIsAnErrorInTheStream(FeedEvent failure, ErrorCode code) {
        chunks(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.started(1), TurnEvents.text(1, 0, "Ha"));

        List<JsonNode> events = chunks(failure, TurnEvents.text(1, 1, "not told"));

        assertThat(events).hasSize(1);
        assertThat(events.getFirst().at("/error/code").asText()).isEqualTo(code.wire());
        assertThat(events.getFirst().at("/error/message").asText()).isNotBlank();
        assertThat(encoding.isOver()).isTrue();
    }

    @Test
    void aHeartbeatIsSomethingSentToo() {
        assertThat(encoding.heartbeat()).isEqualTo(new byte[] {':', '\n', '\n'});

        assertThat(chunks(TurnEvents.failed("engine_error", ""))
                        .getFirst()
                        .at("/error/type")
                        .asText())
                .isEqualTo("server_error");
    }

    @Test
    void anAnswerThatIsBegunAnewIsAnErrorOnceSomeOfItWasSent() {
        chunks(TurnEvents.started(1), TurnEvents.text(1, 0, "void"));

        List<JsonNode> events = chunks(TurnEvents.reset(2), TurnEvents.started(2), TurnEvents.text(2, 0, "anew"));

        assertThat(events).hasSize(1);
        assertThat(events.getFirst().at("/error/code").asText()).isEqualTo("stream_reset");
        assertThat(encoding.isOver()).isTrue();
    }

    @Test
    void anAttemptThatSaidNothingIsNoNews() {
        List<JsonNode> chunks = chunks(
                TurnEvents.started(1),
                TurnEvents.reset(2),
                TurnEvents.started(2),
                TurnEvents.text(2, 0, "x"),
                TurnEvents.completed(Answer.saying("x"), 2));

        assertThat(chunks).noneMatch(chunk -> chunk.has("error"));
        assertThat(encoding.isOver()).isTrue();
    }
}
