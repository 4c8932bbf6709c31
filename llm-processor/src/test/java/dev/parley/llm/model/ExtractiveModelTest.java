package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExtractiveModelTest {

    private static final String CONNECT = """
            Any server that speaks OpenAI's chat completions will do.

            ```bash
            ./parley up --llm-base-url http://127.0.0.1:8000/v1   # vLLM
            ```

            Without a model Parley quotes its documents.""";
    private static final String KEPT = """
            | topic | kept |
            |---|---|
            | `chat.events` | for ever |
            | `chat.chunks` | 1 day |
            """;

    private final List<String> pieces = new ArrayList<>();

    private String answer(String question, Passage... passages) {
        pieces.clear();
        Model.Outcome outcome =
                new ExtractiveModel().generate(request(question, passages), new Collected(pieces), new Cancellation());
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Model.Outcome.Finished.class,
                        finished -> assertThat(finished.finishReason()).isEqualTo("stop"));
        return String.join("", pieces);
    }

    private static Passage passage(String title, String text) {
        return new Passage(new Source("id-" + title, title, null, 1.0), text);
    }

    private static GenerationRequest request(String question, Passage... passages) {
        return GenerationRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c")
                .setTurnId("turn")
                .setGenerationId("turn.1")
                .setAssistantMessageId("answer")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setEngine("extractive")
                .setMessages(List.of(new PromptMessage(Role.USER, question, List.of(), null, null)))
                .setPassages(Arrays.asList(passages))
                .build();
    }

    @Test
    void anAnswerThatWasBegunIsRefused() {
        GenerationRequest request = GenerationRequest.newBuilder(request("Hi"))
                .setOptions(GenerationOptions.newBuilder().setPrefill("Well, ").build())
                .build();

        assertThat(new ExtractiveModel().generate(request, new Collected(pieces), new Cancellation()))
                .isInstanceOfSatisfying(Model.Outcome.Failed.class, failed -> {
                    assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
                    assertThat(failed.detail()).startsWith("messages must not end");
                });
    }

    @Test
    void theNewcomersQuestionIsAnsweredWithTheCommand() {
        assertThat(answer("how do I connect vLLM?", passage("Connect a model", CONNECT), passage("Topics", KEPT)))
                .contains("> ./parley up --llm-base-url http://127.0.0.1:8000/v1   # vLLM")
                .contains("[1]")
                .doesNotContain("[2]")
                .contains("No language model is connected");
    }

    @Test
    void aRowIsQuotedWithTheHeadOfItsTable() {
        assertThat(answer("How long are chunks kept?", passage("Connect", CONNECT), passage("Topics", KEPT)))
                .contains("> | topic | kept |\n> |---|---|\n> | `chat.chunks` | 1 day |\n>\n> [2]")
                .doesNotContain("for ever");
    }

    @Test
    void wordsAreKnownInOtherForms() {
        assertThat(answer("Is quoting a document possible?", passage("Connect a model", CONNECT)))
                .contains("> Without a model Parley quotes its documents. [1]");
    }

    @Test
    void whatIsSaidTwiceIsQuotedOnce() {
        String twice = "Restart the broker first. Wait for it.";

        assertThat(answer("How to restart the broker?", passage("A", twice), passage("B", twice)))
                .containsOnlyOnce("Restart the broker first.");
    }

    @Test
    void whereNothingFitsItSaysSoAndNamesTheNearest() {
        assertThat(answer("Who wrote Faust?", passage("Topics", KEPT)))
                .contains("no sentence here answers this")
                .contains("- Topics [1]")
                .doesNotContain("for ever");
    }

    @Test
    void withoutPassagesItSaysHowToConnectAModel() {
        assertThat(answer("Who wrote Faust?"))
                .contains("no document here says anything about it")
                .contains("--llm-base-url");
    }

    @Test
    void theAnswerComesInPieces() {
        answer("How long are chunks kept?", passage("Topics", KEPT));

        assertThat(pieces).hasSizeGreaterThan(3).allMatch(piece -> piece.length() <= 24);
    }

    @Test
    void nothingIsSaidOnceItIsToldToStop() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();

        new ExtractiveModel().generate(request("chunks?", passage("T", KEPT)), new Collected(pieces), cancellation);

        assertThat(pieces).isEmpty();
    }

    private record Collected(List<String> pieces) implements Model.Sink {

        @Override
        public void text(String piece) {
            pieces.add(piece);
        }

        @Override
        public void reasoning(String piece) {
            throw new AssertionError("an extractive engine does not reason");
        }

        @Override
        public void toolArguments(String callId, String name, String piece) {
            throw new AssertionError("an extractive engine calls nothing");
        }

        @Override
        public void toolCall(ToolCall call) {
            throw new AssertionError("an extractive engine calls nothing");
        }
    }
}
