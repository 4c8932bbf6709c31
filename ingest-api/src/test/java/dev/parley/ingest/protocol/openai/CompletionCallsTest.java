package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.answer.ServerSentEvents;
import dev.parley.ingest.answer.TurnEvents;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.sinks.feed.FeedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenAI's first API. */
class CompletionCallsTest {

    private final DoorUnderTest door = DoorUnderTest.start();

    @AfterEach
    void stop() {
        door.close();
    }

    private Reply complete(Object prompt, Object... pairs) {
        Map<String, Object> body = new HashMap<>(Map.of("model", "default", "prompt", prompt));
        for (int i = 0; i < pairs.length; i += 2) {
            body.put((String) pairs[i], pairs[i + 1]);
        }
        return door.post("/v1/completions", body);
    }

    @Test
    void aPromptIsAnswered() {
        for (Object prompt : List.of("Hi", List.of("Hi"))) {
            JsonNode answer = complete(prompt, "max_tokens", 5, "stop", "x", "best_of", 1, "logprobs", 0)
                    .json();

            assertThat(answer.at("/choices/0/text").asText()).isEqualTo("You said: Hi");
            assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
            assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(5);
            assertThat(door.get("/api/conversations/" + answer.path("id").asText())
                            .status())
                    .as("it is a conversation like any other")
                    .isEqualTo(200);
        }
    }

    @Test
    void itIsStreamedPieceByPiece() {
        Reply reply = complete("Hi", "stream", true, "stream_options", Map.of("include_usage", true));

        List<JsonNode> pieces = PublishedOpenApi.told(reply.text());
        assertThat(pieces.stream()
                        .map(piece -> piece.at("/choices/0/text").asText())
                        .collect(Collectors.joining()))
                .isEqualTo("You said: Hi");
        assertThat(pieces.get(pieces.size() - 2).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(pieces.getLast().at("/usage/total_tokens").asInt()).isEqualTo(5);
        assertThat(reply.text()).endsWith("data: [DONE]\n\n");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whoAppendsWhatIsSentHasTheAnswer(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            TurnEvents.Answer answer = TurnEvents.randomAnswer(random);
            List<FeedEvent> events = new ArrayList<>(List.of(TurnEvents.accepted(), TurnEvents.begun()));
            events.add(TurnEvents.started(1));
            events.addAll(TurnEvents.deltas(answer, 1, random));
            events.add(TurnEvents.completed(answer, 1));

            List<JsonNode> pieces = ServerSentEvents.json(ServerSentEvents.encoded(
                    new CompletionEncoding("cmpl-1", TurnEvents.TURN, "m", TurnEvents.NOW, false), events));

            assertThat(pieces.stream()
                            .map(piece -> piece.at("/choices/0/text").asText())
                            .collect(Collectors.joining()))
                    .as("seed " + seed + " round " + round)
                    .isEqualTo(answer.said().whole());
        }
    }

    @Test
    void aRepeatUnderTheSameKeyIsTheSameCompletion() {
        Map<String, ?> body = Map.of("model", "default", "prompt", "Hi");
        Reply first = door.post("/v1/completions", body, "Idempotency-Key", "k");

        assertThat(door.post("/v1/completions", body, "Idempotency-Key", "k").json())
                .isEqualTo(first.json());
    }

    @Test
    void whatWouldNeedAnotherKindOfModelIsRefusedByName() {
        Map<String, Object> cases = new HashMap<>();
        cases.put("suffix", "end");
        cases.put("echo", true);
        cases.put("n", 2);
        cases.put("best_of", 2);
        cases.put("logprobs", 1);
        cases.put("prompt", List.of("a", "b"));
        cases.put("stream_options", Map.of("include_usage", true));
        cases.put("messages", List.of());
        cases.forEach((name, value) -> {
            Reply reply = complete("Hi", name, value);
            assertThat(reply.status()).as(name).isEqualTo(400);
            assertThat(reply.json().at("/error/param").asText()).isEqualTo(name);
        });
        assertThat(complete(List.of(List.of(1, 2))).json().at("/error/param").asText())
                .isEqualTo("prompt");
        assertThat(complete(List.of()).json().at("/error/param").asText()).isEqualTo("prompt");
    }

    @Test
    void whatFailsIsToldByItsStatus() {
        door.world.answer(Answer.CANCEL);
        assertThat(complete("Hi").status()).isEqualTo(409);
        door.world.answer(Answer.FAIL);
        assertThat(complete("Hi").status()).isEqualTo(502);
        assertThat(complete("Hi", "stream", true).status()).isEqualTo(502);
    }
}
