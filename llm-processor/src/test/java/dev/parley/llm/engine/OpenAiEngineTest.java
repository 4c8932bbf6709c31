package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.llm.engine.Engine.Outcome;
import dev.parley.schemas.ErrorCode;
import dev.parley.stack.ModelExchange;
import dev.parley.stack.Script;
import dev.parley.stack.ScriptedModelServer;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenAiEngineTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ScriptedModelServer server = ScriptedModelServer.start();
    private final OpenAiEngine engine = engine(server.baseUrl(), Duration.ofSeconds(20), Duration.ofMillis(600));
    private final Said said = new Said();

    private static OpenAiEngine engine(URI url, Duration firstToken, Duration idle) {
        return new OpenAiEngine(
                "openai", new OpenAiEngine.Server(url, Optional.of("scripted"), Optional.empty(), firstToken, idle));
    }

    @AfterEach
    void stop() {
        engine.close();
        server.close();
    }

    private static final class Said implements Engine.Sink {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final List<ToolCall> calls = new ArrayList<>();

        @Override
        public void text(String piece) {
            text.append(piece);
        }

        @Override
        public void reasoning(String piece) {
            reasoning.append(piece);
        }

        @Override
        public void toolCall(ToolCall call) {
            calls.add(call);
        }
    }

    private static GenerationRequest request(Passage... passages) {
        return new GenerationRequest(
                "t",
                "c",
                "turn",
                "turn.1",
                "a",
                1,
                "initial",
                Instant.EPOCH,
                "default",
                List.of(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null),
                        new PromptMessage(Role.USER, "How is the weather on Saturn?", List.of(), null)),
                List.of(passages),
                null);
    }

    private Outcome ask(Script script) {
        server.enqueue(script);
        return engine.generate(request(), said, new Cancellation());
    }

    private static ErrorCode code(Outcome outcome) {
        return ((Outcome.Failed) outcome).code();
    }

    @Test
    void anAnswerComesInPiecesWithItsReasonAndItsCost() {
        Outcome outcome = ask(Script.tokens(List.of("Cold", " and", " windy.")).reasoning("Think."));

        assertThat(said.text).hasToString("Cold and windy.");
        assertThat(said.reasoning).hasToString("Think.");
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Finished.class, finished -> {
            assertThat(finished.finishReason()).isEqualTo("stop");
            assertThat(finished.usage().map(Usage::getBasis)).contains(UsageBasis.MEASURED);
        });
    }

    @Test
    void textArrivesExactly() {
        List<String> tokens = List.of("\n", "\r\n", "\u0000", "\u2028", "\uD83D\uDE00", "data: x\n\n", "[DONE]", " ");

        ask(Script.tokens(tokens));

        assertThat(said.text).hasToString(String.join("", tokens));
    }

    @Test
    void failuresAreToldApart() {
        assertThat(code(ask(Script.refuse(429)))).isEqualTo(ErrorCode.ENGINE_RATE_LIMITED);
        assertThat(code(ask(Script.refuse(500)))).isEqualTo(ErrorCode.ENGINE_ERROR);
        assertThat(code(ask(Script.refuse(401)))).isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(code(ask(Script.refuse(400)))).isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).withoutFinish())))
                .isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).garbageAfter(1))))
                .isEqualTo(ErrorCode.ENGINE_PROTOCOL);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).dyingAfter(1))))
                .isIn(ErrorCode.ENGINE_ERROR, ErrorCode.ENGINE_TRUNCATED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).hangingAfter(1))))
                .isEqualTo(ErrorCode.ENGINE_TIMEOUT);
    }

    @Test
    void aServerThatIsNotThereIsUnreachable() {
        try (OpenAiEngine nowhere = engine(URI.create("http://127.0.0.1:1/v1"), PATIENCE, PATIENCE)) {
            assertThat(code(nowhere.generate(request(), said, new Cancellation())))
                    .isEqualTo(ErrorCode.ENGINE_UNREACHABLE);
        }
    }

    @Test
    void cancellingClosesTheConnectionInMidAnswerAndBeforeIt() throws Exception {
        for (Script script : List.of(Script.numbered(1000, Duration.ofMillis(20)), Script.silence())) {
            Cancellation cancellation = new Cancellation();
            int index = server.exchanges().size();
            server.enqueue(script);
            CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(
                    () -> engine(server.baseUrl(), PATIENCE, PATIENCE).generate(request(), said, cancellation));
            ModelExchange exchange = server.awaitExchange(index, PATIENCE);

            cancellation.cancel();

            assertThat(exchange.awaitClosedByClient(PATIENCE)).isTrue();
            outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void withoutAModelPassagesAreQuotedAndTheLackIsSaid() {
        ExtractiveEngine extractive = new ExtractiveEngine();
        extractive.generate(request(), said, new Cancellation());
        assertThat(said.text).contains("No language model is connected").contains("--llm-base-url");

        said.text.setLength(0);
        Passage passage = new Passage(
                new Source("s", "Planets", null, 1.0), "Mars is red. The weather on Saturn is stormy. Venus is hot.");
        extractive.generate(request(passage), said, new Cancellation());
        assertThat(said.text)
                .contains("No language model is connected")
                .contains("The weather on Saturn is stormy. [1]")
                .doesNotContain("Mars is red");
    }
}
