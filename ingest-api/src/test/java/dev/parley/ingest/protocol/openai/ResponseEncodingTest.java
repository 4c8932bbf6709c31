package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.ingest.contract.OpenAiTypes;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A response's events, and that their numbers lead back to the exact character. */
class ResponseEncodingTest {

    private static final ResponseId ID = ResponseId.of(TurnEvents.TURN, TurnEvents.KEY.conversation());
    private static final long ATTEMPT = 1L << 29;

    private static ResponseEncoding encoding(long after) {
        return new ResponseEncoding(ID, after, true);
    }

    private static List<JsonNode> encoded(long after, List<FeedEvent> events) {
        List<JsonNode> told = ServerSentEvents.json(ServerSentEvents.encoded(encoding(after), events));
        if (after == ResponseEncoding.NOTHING_SEEN) { // The rest of a stream is of the same events.
            OpenAiTypes.checkResponseEvents(told);
        }
        return told;
    }

    private static List<JsonNode> encoded(FeedEvent... events) {
        return encoded(ResponseEncoding.NOTHING_SEEN, List.of(events));
    }

    private static long number(JsonNode event) {
        return event.path("sequence_number").asLong();
    }

    private static List<String> types(List<JsonNode> events) {
        return events.stream().map(event -> event.path("type").asText()).toList();
    }

    private static List<FeedEvent> turn(Consumer<List<FeedEvent>> middle, FeedEvent end) {
        List<FeedEvent> events = new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun()));
        middle.accept(events);
        events.add(end);
        return events;
    }

    /** Live: the deltas one by one. */
    private static List<FeedEvent> live(Answer answer, int attempt, FeedEvent end, Random random) {
        return turn(
                events -> {
                    events.add(TurnEvents.started(attempt));
                    events.addAll(TurnEvents.deltas(answer, attempt, random));
                },
                end);
    }

    /** Joined in the middle: a snapshot of what was said by then, and the deltas after it. */
    private static List<FeedEvent> joined(Answer answer, int attempt, FeedEvent end, Random random) {
        return turn(
                events -> {
                    events.add(TurnEvents.started(attempt));
                    List<FeedEvent> deltas = TurnEvents.deltas(answer, attempt, random);
                    int by = random.nextInt(deltas.size() + 1);
                    Answer soFar = Answer.NOTHING;
                    for (FeedEvent delta : deltas.subList(0, by)) {
                        soFar = soFar.with(delta);
                    }
                    events.add(TurnEvents.snapshot(attempt, by - 1, soFar));
                    events.addAll(deltas.subList(by, deltas.size()));
                },
                end);
    }

    /** Long over: from the log's events alone. */
    private static List<FeedEvent> over(FeedEvent end) {
        return turn(events -> {}, end);
    }

    /** A stream as the numbers and characters that it tells, however it was cut. */
    private static List<String> content(List<JsonNode> events) {
        List<String> content = new ArrayList<>();
        for (JsonNode event : events) {
            String type = event.path("type").asText();
            if (type.endsWith(".delta")) {
                String delta = event.path("delta").asText();
                ObjectNode rest =
                        ((ObjectNode) event.deepCopy()).put("delta", "").put("sequence_number", 0);
                for (int i = 0; i < delta.length(); i++) {
                    content.add((number(event) - delta.length() + 1 + i) + " " + (int) delta.charAt(i) + " " + rest);
                }
            } else {
                content.add(event.toString());
            }
        }
        return content;
    }

    private static List<String> after(long number, List<JsonNode> events) {
        return content(events).stream()
                .filter(line -> line.startsWith("{") || Long.parseLong(line.substring(0, line.indexOf(' '))) > number)
                .filter(line -> !line.startsWith("{") || numberOf(line) > number)
                .toList();
    }

    private static long numberOf(String json) {
        try {
            return number(Json.MAPPER.readTree(json));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }

    private static void expectRising(List<JsonNode> events, String context) {
        long last = ResponseEncoding.NOTHING_SEEN;
        for (JsonNode event : events) {
            assertThat(number(event)).as(context).isGreaterThan(last);
            last = number(event);
        }
    }

    private static void expectAnswer(List<JsonNode> events, Answer answer, String context) {
        StringBuilder text = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        List<String> calls = new ArrayList<>();
        StringBuilder arguments = new StringBuilder();
        for (JsonNode event : events) {
            switch (event.path("type").asText()) {
                case "response.output_text.delta" ->
                    text.append(event.path("delta").asText());
                case "response.output_text.done" ->
                    assertThat(event.path("text").asText()).as(context).isEqualTo(answer.text());
                case "response.refusal.delta" ->
                    refusal.append(event.path("delta").asText());
                case "response.refusal.done" ->
                    assertThat(event.path("refusal").asText()).as(context).isEqualTo(answer.refusal());
                case "response.reasoning_summary_text.delta" ->
                    reasoning.append(event.path("delta").asText());
                case "response.reasoning_summary_text.done" ->
                    assertThat(event.path("text").asText()).as(context).isEqualTo(answer.reasoning());
                case "response.function_call_arguments.delta" ->
                    arguments.append(event.path("delta").asText());
                case "response.function_call_arguments.done" ->
                    calls.add(event.path("arguments").asText());
                default -> {} // Not about what was said.
            }
        }
        assertThat(text).as(context).hasToString(answer.text());
        assertThat(refusal).as(context).hasToString(answer.refusal());
        assertThat(reasoning).as(context).hasToString(answer.reasoning());
        assertThat(calls)
                .as(context)
                .isEqualTo(answer.calls().stream().map(ToolCall::getArguments).toList());
        assertThat(arguments).as(context).hasToString(String.join("", calls));
        JsonNode output = events.getLast().at("/response/output");
        List<String> done = events.stream()
                .filter(event -> event.path("type").asText().equals("response.output_item.done"))
                .sorted(Comparator.comparingInt(
                        (JsonNode event) -> event.path("output_index").asInt()))
                .map(event -> event.path("output_index").asInt() + " " + event.path("item"))
                .toList();
        assertThat(done).as("%s: the items are the response's output", context).hasSize(output.size());
        for (int i = 0; i < output.size(); i++) {
            assertThat(done.get(i)).as(context).isEqualTo(i + " " + output.get(i));
        }
    }

    static Stream<Arguments> breaks() {
        return Stream.of(
                Arguments.of(TurnEvents.failed("engine_error", "Hal"), "response.failed", "failed"),
                Arguments.of(TurnEvents.cancelled("Hal"), "response.incomplete", "cancelled"));
    }

    private static ErrorCode refused(ResponseEncoding encoding, List<FeedEvent> events) {
        ProblemException problem =
                catchThrowableOfType(ProblemException.class, () -> ServerSentEvents.encoded(encoding, events));
        assertThat(problem).isNotNull();
        return problem.code();
    }

    private static JsonNode errorAfterHeartbeat(long after, List<FeedEvent> events) {
        ResponseEncoding encoding = encoding(after);
        assertThat(encoding.heartbeat()).startsWith(':');
        JsonNode error = ServerSentEvents.json(ServerSentEvents.encoded(encoding, events))
                .getLast();
        assertThat(encoding.isOver()).isTrue();
        assertThat(error.path("type").asText()).isEqualTo("error");
        assertThat(number(error)).isGreaterThan(after);
        return error;
    }

    @Nested
    class WaysToTellTheSame {

        /** {@code -Dparley.seed=N} runs one seed again. */
        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5})
        void everyNumberLeadsBackToTheExactCharacterHoweverTheAnswerIsTold(long given) {
            long seed = Long.getLong("parley.seed", given);
            for (int round = 0; round < 40; round++) {
                Random random = new Random(seed * 1_000_003 + round);
                Answer answer = TurnEvents.randomAnswer(random);
                int attempt = 1 + random.nextInt(3);
                FeedEvent end = TurnEvents.completed(
                        answer,
                        attempt,
                        List.of("stop", "length", "tool_calls", "content_filter", "refusal")
                                .get(random.nextInt(5)));
                String context = "seed " + seed + " round " + round;
                List<JsonNode> first = encoded(ResponseEncoding.NOTHING_SEEN, live(answer, attempt, end, random));

                expectRising(first, context);
                expectAnswer(first, answer, context);
                for (JsonNode event : first) {
                    long seen = number(event);
                    List<String> rest = after(seen, first);
                    for (List<FeedEvent> again : List.of(
                            live(answer, attempt, end, random), joined(answer, attempt, end, random), over(end))) {
                        assertThat(content(encoded(seen, again)))
                                .as("%s after %d", context, seen)
                                .isEqualTo(rest);
                    }
                }
            }
        }

        /** Every stretch of text, too, that no event ended at: a client may ask from anywhere, and is told whole characters. */
        @ParameterizedTest
        @ValueSource(longs = {6, 7})
        void anyOtherNumberLeadsToWholeCharacters(long given) {
            long seed = Long.getLong("parley.seed", given);
            for (int round = 0; round < 40; round++) {
                Random random = new Random(seed * 1_000_003 + round);
                Answer answer = TurnEvents.randomAnswer(random);
                FeedEvent end = TurnEvents.completed(answer, 1);
                List<JsonNode> whole = encoded(ResponseEncoding.NOTHING_SEEN, over(end));
                for (JsonNode event : whole) {
                    String delta = event.path("type").asText().endsWith(".delta")
                            ? event.path("delta").asText()
                            : "";
                    for (int i = 1; i < delta.length(); i++) {
                        int from = Character.isLowSurrogate(delta.charAt(i)) ? i - 1 : i;
                        JsonNode rest = encoded(number(event) - delta.length() + i, over(end))
                                .getFirst();
                        assertThat(rest.path("delta").asText())
                                .as("seed %d round %d", seed, round)
                                .isEqualTo(delta.substring(from));
                    }
                }
            }
        }

        /** Some models go on thinking once they have begun to speak. */
        @Test
        void thoughtsAfterWordsMoveNoWord() {
            Answer answer = new Answer("one two", "Words and more.", List.of());
            FeedEvent end = TurnEvents.completed(answer, 1);
            List<FeedEvent> live = turn(
                    events -> events.addAll(List.of(
                            TurnEvents.started(1),
                            TurnEvents.reasoning(1, 0, "one "),
                            TurnEvents.text(1, 1, "Words"),
                            TurnEvents.reasoning(1, 2, "two"),
                            TurnEvents.text(1, 3, " and more."))),
                    end);
            List<JsonNode> first = encoded(ResponseEncoding.NOTHING_SEEN, live);
            JsonNode words = first.stream()
                    .filter(event -> event.path("delta").asText().equals("Words"))
                    .findFirst()
                    .orElseThrow();

            for (List<FeedEvent> again : List.of(live, over(end))) {
                List<JsonNode> rest = encoded(number(words), again);
                assertThat(rest.getFirst().path("delta").asText()).isEqualTo(" and more.");
                assertThat(rest.getFirst().path("output_index")).isEqualTo(words.path("output_index"));
            }
        }

        @Test
        void thoughtsThatOnlyCameAfterWordsMoveNoWord() {
            Answer answer = new Answer("late", "Words and more.", List.of(new ToolCall("call_1", "f", "{}")));
            FeedEvent end = TurnEvents.completed(answer, 1);
            List<FeedEvent> live = turn(
                    events -> events.addAll(List.of(
                            TurnEvents.started(1),
                            TurnEvents.text(1, 0, "Words"),
                            TurnEvents.reasoning(1, 1, "late"),
                            TurnEvents.text(1, 2, " and more."))),
                    end);
            for (List<FeedEvent> telling : List.of(live, over(end))) {
                List<JsonNode> first = encoded(ResponseEncoding.NOTHING_SEEN, telling);
                expectRising(first, "late thoughts");
                for (JsonNode event : first) {
                    if (event.path("type").asText().startsWith("response.output_text.")) {
                        for (List<FeedEvent> again : List.of(live, over(end))) {
                            assertThat(after(number(event), encoded(number(event), again)))
                                    .isEqualTo(after(number(event), first));
                        }
                    }
                }
            }
        }
    }

    @Nested
    class OrderOfEvents {

        @Test
        void anAnswersEventsComeInOpenAisOrder() {
            Answer answer = new Answer("Hm.", "Well.", List.of(new ToolCall("call_1", "look", "{\"q\":1}")));

            List<JsonNode> events = encoded(
                    TurnEvents.accepted(),
                    TurnEvents.begun(),
                    TurnEvents.retrieved(),
                    TurnEvents.started(1),
                    TurnEvents.reasoning(1, 0, "Hm."),
                    TurnEvents.text(1, 1, "Well."),
                    TurnEvents.completed(answer, 1));

            assertThat(types(events))
                    .containsExactly(
                            "response.created",
                            "response.in_progress",
                            "response.output_item.added",
                            "response.reasoning_summary_part.added",
                            "response.reasoning_summary_text.delta",
                            "response.reasoning_summary_text.done",
                            "response.reasoning_summary_part.done",
                            "response.output_item.done",
                            "response.output_item.added",
                            "response.content_part.added",
                            "response.output_text.delta",
                            "response.output_item.added",
                            "response.function_call_arguments.delta",
                            "response.output_text.done",
                            "response.content_part.done",
                            "response.output_item.done",
                            "response.function_call_arguments.done",
                            "response.output_item.done",
                            "response.completed");
            assertThat(events.getFirst().at("/response/status").asText()).isEqualTo("in_progress");
            assertThat(events.get(1).at("/response/status").asText()).isEqualTo("in_progress");
            assertThat(events.getLast().at("/response/status").asText()).isEqualTo("completed");
            assertThat(events.getLast().at("/response/id").asText()).isEqualTo(ID.toString());
        }

        /** A turn that another protocol asked for is a response as well. */
        @Test
        void aTurnWithoutOptionsIsToldWithTheUsualOnes() {
            JsonNode response = encoded(TurnEvents.accepted(Map.of("mine", "v", "openai.store", "true"), null))
                    .getFirst()
                    .path("response");

            assertThat(response.path("tools")).isEmpty();
            assertThat(response.path("tool_choice").asText()).isEqualTo("auto");
            assertThat(response.at("/text/format/type").asText()).isEqualTo("text");
            assertThat(response.path("metadata").toString()).isEqualTo("{\"mine\":\"v\"}");
        }

        @Test
        void argumentsComeAsTheModelWritesThemAndWhatEndsACallAtTheEnd() {
            ToolCall look = new ToolCall("call_1", "look", "{\"q\":1}");
            ToolCall bare = new ToolCall("call_2", "bare", "{}");
            Answer answer = new Answer("", "Well.", "", List.of(look, bare), 0);
            List<FeedEvent> live = turn(
                    events -> events.addAll(List.of(
                            TurnEvents.started(1),
                            TurnEvents.arguments(1, 0, "call_1", "look", "{\"q"),
                            TurnEvents.text(1, 1, "Well."),
                            TurnEvents.arguments(1, 2, "call_1", null, "\":1}"),
                            TurnEvents.arguments(1, 3, "call_2", "bare", ""))),
                    TurnEvents.completed(answer, 1));

            List<JsonNode> events = encoded(ResponseEncoding.NOTHING_SEEN, live);

            assertThat(types(events).subList(2, events.size()))
                    .containsExactly(
                            "response.output_item.added",
                            "response.function_call_arguments.delta",
                            "response.function_call_arguments.delta",
                            "response.output_item.added",
                            "response.function_call_arguments.delta",
                            "response.output_item.added",
                            "response.content_part.added",
                            "response.output_text.delta",
                            "response.output_text.done",
                            "response.content_part.done",
                            "response.output_item.done",
                            "response.function_call_arguments.done",
                            "response.output_item.done",
                            "response.function_call_arguments.done",
                            "response.output_item.done",
                            "response.completed");
            assertThat(events.get(2).at("/item/call_id").asText()).isEqualTo("call_1");
            assertThat(events.get(2).at("/item/arguments").asText()).isEmpty();
            assertThat(events.get(3).path("delta").asText()).isEqualTo("{\"q");
            assertThat(events.get(6).path("output_index").asInt()).isEqualTo(1);
            expectAnswer(events, answer, "calls first");
        }

        @Test
        void anAnswerThatBreaksOffInACallEndsWhereverItsReaderIs() {
            FeedEvent end = TurnEvents.failed("engine_error", "Ha");
            List<FeedEvent> live = turn(
                    events -> events.addAll(List.of(
                            TurnEvents.started(1),
                            TurnEvents.text(1, 0, "Ha"),
                            TurnEvents.arguments(1, 1, "call_1", "look", "{\"q"),
                            TurnEvents.arguments(1, 2, "call_1", null, "\":"))),
                    end);
            List<JsonNode> first = encoded(ResponseEncoding.NOTHING_SEEN, live);

            expectRising(first, "broken off");
            for (JsonNode event : first) {
                for (List<FeedEvent> again : List.of(live, over(end))) {
                    List<JsonNode> rest = encoded(number(event), again);
                    expectRising(rest, "broken off");
                    assertThat(number(rest.getFirst())).isGreaterThan(number(event));
                    assertThat(types(rest).getLast()).isEqualTo("response.failed");
                }
            }
        }

        @Test
        void anEmptyAnswerIsAMessageAllTheSame() {
            List<JsonNode> events = encoded(
                    TurnEvents.accepted(),
                    TurnEvents.begun(),
                    TurnEvents.started(1),
                    TurnEvents.completed(Answer.NOTHING, 1));

            assertThat(types(events))
                    .containsExactly(
                            "response.created",
                            "response.in_progress",
                            "response.output_item.added",
                            "response.content_part.added",
                            "response.output_text.done",
                            "response.content_part.done",
                            "response.output_item.done",
                            "response.completed");
            assertThat(events.getLast().at("/response/output/0/content/0/text").asText())
                    .isEmpty();
        }

        @Test
        void aRefusalIsAPartOfTheMessage() {
            Answer answer = Answer.refusing("Well.", "I cannot.");

            List<JsonNode> events = encoded(
                    TurnEvents.accepted(),
                    TurnEvents.begun(),
                    TurnEvents.started(1),
                    TurnEvents.text(1, 0, "Well."),
                    TurnEvents.refusal(1, 1, "I cannot."),
                    TurnEvents.completed(answer, 1, "refusal"));

            assertThat(types(events))
                    .containsExactly(
                            "response.created",
                            "response.in_progress",
                            "response.output_item.added",
                            "response.content_part.added",
                            "response.output_text.delta",
                            "response.output_text.done",
                            "response.content_part.done",
                            "response.content_part.added",
                            "response.refusal.delta",
                            "response.refusal.done",
                            "response.content_part.done",
                            "response.output_item.done",
                            "response.completed");
            assertThat(events.get(8).path("content_index").asInt()).isEqualTo(1);
            assertThat(events.getLast().at("/response/output/0/content/1").toString())
                    .isEqualTo("{\"type\":\"refusal\",\"refusal\":\"I cannot.\"}");
            assertThat(events.getLast().at("/response/parley/finish_reason").asText())
                    .isEqualTo("refusal");
            JsonNode alone = encoded(over(TurnEvents.completed(Answer.refusing("", "No."), 1, "refusal"))
                            .toArray(FeedEvent[]::new))
                    .getLast();
            assertThat(alone.at("/response/output/0/content/0/refusal").asText())
                    .isEqualTo("No.");
            assertThat(alone.at("/response/output/0/content")).hasSize(1);
        }

        @Test
        void whatBecameKnownUpstreamIsInTheResponse() {
            FeedEvent completed = TurnEvents.knowing(
                    TurnEvents.completed(Answer.saying("x"), 1),
                    Upstream.newBuilder()
                            .setCalls(3)
                            .setLeftOut(List.of("seed"))
                            .setUsageDetails(new UsageDetails(1, null, 0, null, 4))
                            .build());

            JsonNode response =
                    encoded(over(completed).toArray(FeedEvent[]::new)).getLast().path("response");

            assertThat(response.path("parley").toString())
                    .isEqualTo("{\"attempts\":3,\"left_out\":[\"seed\"],\"engine\":\"engine\",\"model\":\"a-model\"}");
            assertThat(response.at("/usage/input_tokens_details").toString())
                    .isEqualTo("{\"cached_tokens\":1,\"cache_write_tokens\":0}");
            assertThat(response.at("/usage/output_tokens_details").toString())
                    .isEqualTo("{\"reasoning_tokens\":0,\"audio_tokens\":4}");
        }

        @ParameterizedTest
        @CsvSource({
            "length, response.incomplete, incomplete, max_output_tokens",
            "content_filter, response.incomplete, incomplete, content_filter",
            "model_context_window_exceeded, response.incomplete, incomplete, max_output_tokens",
            "refusal, response.incomplete, incomplete, content_filter",
            "of a later version, response.completed, completed, ''",
            "stop, response.completed, completed, ''"
        })
        void anAnswerThatWasCutSaysSo(String reason, String type, String status, String why) {
            JsonNode last = encoded(over(TurnEvents.completed(Answer.saying("cut"), 1, reason))
                            .toArray(FeedEvent[]::new))
                    .getLast();

            assertThat(last.path("type").asText()).isEqualTo(type);
            assertThat(last.at("/response/status").asText()).isEqualTo(status);
            assertThat(last.at("/response/incomplete_details/reason").asText()).isEqualTo(why);
        }

        @ParameterizedTest
        @MethodSource("dev.parley.ingest.protocol.openai.ResponseEncodingTest#breaks")
        void anAnswerThatBreaksOffEndsWhereverItsReaderIs(FeedEvent end, String type, String status) {
            List<FeedEvent> live = turn(
                    events -> events.addAll(
                            List.of(TurnEvents.started(1), TurnEvents.text(1, 0, "Ha"), TurnEvents.text(1, 1, "l"))),
                    end);
            List<JsonNode> first = encoded(ResponseEncoding.NOTHING_SEEN, live);

            expectRising(first, type);
            for (JsonNode event : first) {
                for (List<FeedEvent> again : List.of(live, over(end))) {
                    List<JsonNode> rest = encoded(number(event), again);
                    expectRising(rest, type);
                    assertThat(number(rest.getFirst())).isGreaterThan(number(event));
                    JsonNode last = rest.getLast();
                    assertThat(last.path("type").asText()).isEqualTo(type);
                    assertThat(last.at("/response/status").asText()).isEqualTo(status);
                    assertThat(last.at("/response/output/0/content/0/text").asText())
                            .isEqualTo("Hal");
                }
            }
        }

        @Test
        void aTurnThatWasStoppedBeforeItsStartIsOverAtOnce() {
            ResponseEncoding encoding = encoding(ResponseEncoding.NOTHING_SEEN);

            List<JsonNode> events = ServerSentEvents.json(ServerSentEvents.encoded(
                    encoding, List.of(TurnEvents.accepted(), TurnEvents.cancelled(""), TurnEvents.text(1, 0, "x"))));

            assertThat(types(events)).containsExactly("response.created", "response.incomplete");
            assertThat(encoding.isOver()).isTrue();
            assertThat(events.getLast().at("/response/output")).isEmpty();
        }
    }

    @Nested
    class WhatCannotBeTold {

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        void numbersOfAnotherAttemptTellOfAReset(int attempt) {
            Answer answer = new Answer("Hm.", "The same text in every attempt", List.of());
            Random random = new Random(attempt);
            FeedEvent end = TurnEvents.completed(answer, attempt);
            for (int other = 1; other <= 3; other++) {
                List<JsonNode> seen = encoded(ResponseEncoding.NOTHING_SEEN, over(TurnEvents.completed(answer, other)));
                for (JsonNode event : seen.subList(2, seen.size())) {
                    for (List<FeedEvent> telling : List.of(live(answer, attempt, end, random), over(end))) {
                        if (other != attempt) {
                            assertThat(refused(encoding(number(event)), telling))
                                    .isEqualTo(ErrorCode.STREAM_RESET);
                            assertThat(errorAfterHeartbeat(number(event), telling)
                                            .path("code")
                                            .asText())
                                    .isEqualTo("stream_reset");
                        }
                    }
                }
            }
        }

        @Test
        void theBeginningBelongsToEveryAttempt() {
            FeedEvent end = TurnEvents.completed(Answer.saying("x"), 3);

            assertThat(types(encoded(0, over(end)))).startsWith("response.in_progress", "response.output_item.added");
            assertThat(types(encoded(1, over(end)))).startsWith("response.output_item.added");
            assertThat(number(encoded(1, over(end)).getFirst())).isBetween(2 * ATTEMPT + 2, 3 * ATTEMPT + 1);
        }

        @Test
        void anAttemptThatIsTakenBackEndsTheStreamForThoseWhoSawSomeOfIt() {
            List<JsonNode> events = encoded(
                    TurnEvents.accepted(),
                    TurnEvents.begun(),
                    TurnEvents.started(1),
                    TurnEvents.text(1, 0, "void"),
                    TurnEvents.reset(2),
                    TurnEvents.started(2),
                    TurnEvents.text(2, 0, "not told"));

            expectRising(events, "reset");
            assertThat(types(events).getLast()).isEqualTo("error");
            assertThat(events.getLast().path("code").asText()).isEqualTo("stream_reset");
            assertThat(events.toString()).doesNotContain("not told");
        }

        @Test
        void anAttemptThatIsTakenBackUnseenIsNoNews() {
            List<JsonNode> events = encoded(
                    TurnEvents.accepted(),
                    TurnEvents.begun(),
                    TurnEvents.started(1),
                    TurnEvents.reset(2),
                    TurnEvents.started(2),
                    TurnEvents.text(2, 0, "told"),
                    TurnEvents.completed(Answer.saying("told"), 2));

            expectRising(events, "reset unseen");
            assertThat(types(events).getLast()).isEqualTo("response.completed");
            assertThat(types(events)).containsOnlyOnce("response.output_text.delta");
        }

        @Test
        void aNumberBeyondTheEndIsNoCursor() {
            Answer answer = new Answer("Hm.", "Well.", List.of());
            FeedEvent end = TurnEvents.completed(answer, 1);
            long last = number(encoded(ResponseEncoding.NOTHING_SEEN, over(end)).getLast());

            assertThat(encoded(last, over(end))).isEmpty();
            for (long beyond : new long[] {last + 1, last + 1000, ATTEMPT + 1}) {
                ProblemException problem = catchThrowableOfType(
                        ProblemException.class,
                        () -> ServerSentEvents.encoded(encoding(beyond), live(answer, 1, end, new Random(1))));
                assertThat(problem.code()).isEqualTo(ErrorCode.INVALID_CURSOR);
                assertThat(problem.field()).contains("starting_after");
                assertThat(errorAfterHeartbeat(beyond, over(end)).path("code").asText())
                        .isEqualTo("invalid_cursor");
            }
        }

        @Test
        void whatFailsBeforeAnythingIsSentIsTheAnswerOfTheRequest() {
            assertThat(refused(encoding(-1), List.of(TurnEvents.rejected("busy"))))
                    .isEqualTo(ErrorCode.BUSY);
            assertThat(refused(encoding(-1), List.of(TurnEvents.rejected("of a later version"))))
                    .isEqualTo(ErrorCode.INTERNAL);
            assertThat(refused(encoding(-1), List.of(TurnEvents.gap()))).isEqualTo(ErrorCode.UNAVAILABLE);
            assertThat(errorAfterHeartbeat(-1, List.of(TurnEvents.gap()))
                            .path("message")
                            .asText())
                    .contains("archive_unavailable");
        }

        @Test
        void aReaderThatNothingRunsWithoutIsAskedOftenWhetherItIsThere() {
            assertThat(new ResponseEncoding(ID, -1, false).heartbeatAfter())
                    .isLessThan(new ResponseEncoding(ID, -1, true).heartbeatAfter());
        }
    }
}
