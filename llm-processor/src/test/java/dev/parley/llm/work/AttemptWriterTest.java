package dev.parley.llm.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.llm.Orders;
import dev.parley.schemas.TextChecksum;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class AttemptWriterTest {

    private static final int MAX_BYTES = 100_000;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private long nanos;
    private final AttemptWriter writer = new AttemptWriter(
            new ChunkLog(
                    producer,
                    topics,
                    InstantSource.fixed(Instant.EPOCH),
                    Orders.of("default", List.of())
                            .setConfiguration("")
                            .setKind("model")
                            .build(),
                    "attempt",
                    new RecordHeaders()),
            () -> nanos,
            MAX_BYTES,
            40,
            "default");

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private List<GenerationChunk.Body> bodies() {
        return producer.history().stream()
                .map(record -> topics.chunks().values().deserializer().deserialize(record.topic(), record.value()))
                .map(GenerationChunk::getBody)
                .toList();
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        bodies().forEach(body -> {
            if (body instanceof TextDelta delta) {
                text.append(delta.getText());
            }
        });
        return text.toString();
    }

    /** What is said after a refusal has begun is part of it. */
    @Test
    void aRefusalIsToldApartAndWhereItBegins() {
        writer.text("Well, ");
        writer.refusal("I cannot");
        writer.text(" say.");
        var _ = writer.end(Optional.empty(), told -> new AttemptFinished("refusal", told, null, List.of()));
        Tally tally = ((AttemptFinished) bodies().getLast()).getTally();

        assertThat(bodies().stream().filter(TextDelta.class::isInstance))
                .containsExactly(new TextDelta(0, "Well, ", false), new TextDelta(1, "I cannot say.", true));
        assertThat(tally.getRefusalFrom()).isEqualTo(6);
        assertThat(tally.getTextBytes()).isEqualTo("Well, I cannot say.".length());
    }

    @Test
    void theFirstPieceGoesOutAtOnceAndFastOnesAreJoined() {
        writer.text("one ");
        writer.text("two ");
        writer.text("three ");
        assertThat(bodies()).containsExactly(new TextDelta(0, "one ", false));

        pass(AttemptWriter.COALESCE);
        writer.tick();
        assertThat(bodies()).containsExactly(new TextDelta(0, "one ", false), new TextDelta(1, "two three ", false));
    }

    @Test
    void aSlowModelIsNotHeldUp() {
        for (int i = 0; i < 3; i++) {
            writer.text("t" + i);
            pass(Duration.ofMillis(25));
        }

        assertThat(bodies()).hasSize(3);
    }

    @Test
    void surrogatePairsAreNeverSplitAndLoneHalvesAreReplaced() {
        writer.text("a\uD83D");
        writer.text("\uDE00b");
        writer.text("\uDE00c\uD83D");
        writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));

        assertThat(text()).isEqualTo("a\uD83D\uDE00b\uFFFDc\uFFFD");
    }

    @Test
    void emptyPiecesAreNotSent() {
        writer.text("");
        writer.reasoning("");

        assertThat(bodies()).isEmpty();
    }

    @Test
    void reasoningAndTextKeepTheirOrderAndShareTheirNumbers() {
        writer.reasoning("hm");
        writer.reasoning("m");
        writer.text("So");
        writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));

        assertThat(bodies().subList(0, 3))
                .containsExactly(
                        new ReasoningDelta(0, "hm"), new ReasoningDelta(1, "m"), new TextDelta(2, "So", false));
    }

    @Test
    void aToolCallComesAfterWhatWasSaidBeforeItAndSharesItsNumbers() {
        writer.reasoning("hm");
        writer.text("Let");
        writer.text(" me see.");
        writer.toolCall(new ToolCall("call_1", "look", "{}"));
        writer.toolCall(new ToolCall("call_2", "look", ""));
        writer.text("Done.");
        writer.end(Optional.empty(), tally -> new AttemptFinished("tool_calls", tally, null, List.of()));

        assertThat(bodies().subList(0, 5))
                .containsExactly(
                        new ReasoningDelta(0, "hm"),
                        new TextDelta(1, "Let me see.", false),
                        new ToolCalled(2, new ToolCall("call_1", "look", "{}")),
                        new ToolCalled(3, new ToolCall("call_2", "look", "")),
                        new TextDelta(4, "Done.", false));
        Tally tally = ((AttemptFinished) bodies().getLast()).getTally();
        assertThat(tally.getSeq()).isEqualTo(5);
        assertThat(tally.getTextBytes())
                .isEqualTo(TextChecksum.of("Let me see.Done.").bytes());
        assertThat(tally.getFirstTokenMillis()).isZero();
    }

    @Test
    void piecesOfArgumentsAreJoinedAndTheWholeFollows() {
        writer.text("Well. ");
        writer.toolArguments("call_1", "look", "");
        writer.toolArguments("call_1", "look", "{\"q");
        pass(AttemptWriter.COALESCE);
        writer.tick();
        writer.toolArguments("call_1", "look", "\":");
        writer.toolArguments("call_1", "look", "1}");
        writer.toolArguments("call_2", "bare", "");
        pass(AttemptWriter.COALESCE);
        writer.tick();
        writer.toolArguments("call_2", "bare", "{");
        writer.toolCall(new ToolCall("call_1", "look", "{\"q\":1}"));
        writer.toolCall(new ToolCall("call_2", "bare", "{}"));
        var _ = writer.end(Optional.empty(), tally -> new AttemptFinished("tool_calls", tally, null, List.of()));

        assertThat(bodies().subList(0, bodies().size() - 1))
                .containsExactly(
                        new TextDelta(0, "Well. ", false),
                        new ToolArgumentsDelta(1, "call_1", "look", "{\"q"),
                        new ToolArgumentsDelta(2, "call_1", null, "\":1}"),
                        new ToolArgumentsDelta(3, "call_2", "bare", ""),
                        new ToolArgumentsDelta(4, "call_2", null, "{"),
                        new ToolCalled(5, new ToolCall("call_1", "look", "{\"q\":1}")),
                        new ToolCalled(6, new ToolCall("call_2", "bare", "{}")));
        Tally tally = ((AttemptFinished) bodies().getLast()).getTally();
        assertThat(tally.getSeq()).isEqualTo(7);
        assertThat(tally.getTextBeforeCalls()).isNull();
    }

    @Test
    void piecesThatTheWholeOvertakesAreNotTold() {
        writer.reasoning("Hm.");
        writer.toolArguments("call_1", "look", "");
        writer.toolArguments("call_1", "look", "{");
        writer.toolCall(new ToolCall("call_1", "look", "{}"));
        var _ = writer.end(Optional.empty(), tally -> new AttemptFinished("tool_calls", tally, null, List.of()));

        assertThat(bodies().subList(0, 2))
                .containsExactly(new ReasoningDelta(0, "Hm."), new ToolCalled(1, new ToolCall("call_1", "look", "{}")));
        assertThat(((AttemptFinished) bodies().getLast()).getTally().getSeq()).isEqualTo(2);
    }

    @Test
    void howMuchTextCameBeforeTheCallsIsKeptWhereMoreFollows() {
        writer.text("Well. ");
        writer.refusal("No");
        writer.toolArguments("call_1", "look", "{");
        writer.text(", I cannot.");
        writer.toolArguments("call_1", "look", "\"q\":1");
        writer.toolCall(new ToolCall("call_1", "look", "{\"q\":1}"));
        var _ = writer.end(Optional.empty(), tally -> new AttemptFinished("tool_calls", tally, null, List.of()));

        assertThat(bodies().subList(0, 5))
                .containsExactly(
                        new TextDelta(0, "Well. ", false),
                        new TextDelta(1, "No", true),
                        new ToolArgumentsDelta(2, "call_1", "look", "{"),
                        new TextDelta(3, ", I cannot.", true),
                        new ToolCalled(4, new ToolCall("call_1", "look", "{\"q\":1}")));
        assertThat(((AttemptFinished) bodies().getLast()).getTally().getTextBeforeCalls())
                .isEqualTo("Well. No".length());
    }

    @Test
    void piecesOfArgumentsCountTowardsTheLimitOnce() {
        writer.toolArguments("call_1", "f", "x".repeat(MAX_BYTES));
        writer.toolCall(new ToolCall("call_1", "f", "x".repeat(MAX_BYTES)));

        assertThatThrownBy(() -> writer.toolArguments("call_2", "f", "y".repeat(5_000)))
                .isInstanceOf(AttemptWriter.AnswerTooLargeException.class);
        assertThat(bodies()).hasSize(2);
    }

    @Test
    void halvesOfSurrogatePairsInToolCallsAreReplaced() {
        writer.text("a\uD83D");
        writer.toolCall(new ToolCall("\uD83D", "f\uDE00", "{\"q\":\"\uD83D\uDE00\uD83D\"}"));

        assertThat(bodies())
                .containsExactly(
                        new TextDelta(0, "a", false),
                        new TextDelta(1, "\uFFFD", false),
                        new ToolCalled(2, new ToolCall("\uFFFD", "f\uFFFD", "{\"q\":\"\uD83D\uDE00\uFFFD\"}")));
    }

    @Test
    void toolCallsCountTowardsTheLimit() {
        writer.toolCall(new ToolCall("call_1", "f", "x".repeat(MAX_BYTES)));

        assertThatThrownBy(() -> writer.toolCall(new ToolCall("call_2", "f", "y")))
                .isInstanceOf(AttemptWriter.AnswerTooLargeException.class);
        assertThat(bodies()).hasSize(1);
    }

    @Test
    void nothingIsSentAfterTheEnd() {
        writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));
        writer.toolCall(new ToolCall("call_1", "f", "{}"));
        writer.text("late");

        assertThat(bodies()).hasSize(1);
    }

    @Test
    void theLastChunkSumsUpWhatWasSent() {
        writer.text("héllo ");
        writer.text("wörld");
        writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));

        Tally tally = ((AttemptFinished) bodies().getLast()).getTally();
        assertThat(tally.getSeq()).isEqualTo(2);
        assertThat(tally.getTextBytes())
                .isEqualTo(TextChecksum.of("héllo wörld").bytes());
        assertThat(tally.getTextCrc32c())
                .isEqualTo(TextChecksum.of("héllo wörld").crc32c());
        assertThat(tally.getUsage().getBasis()).isEqualTo(UsageBasis.ESTIMATED);
        assertThat(tally.getUsage().getInputTokens()).isEqualTo(10);
        assertThat(writer.end(Optional.empty(), again -> new AttemptFinished("stop", again, null, List.of())))
                .isEmpty();
    }

    @Test
    void aSilentModelsWorkerGivesASignOfLife() {
        pass(AttemptWriter.HEARTBEAT);
        writer.tick();
        writer.tick();

        assertThat(bodies()).containsExactly(new Heartbeat());
    }

    @Test
    void halfASurrogatePairDoesNotKeepTheWorkerFromGivingASignOfLife() {
        writer.text("a");
        pass(AttemptWriter.COALESCE);
        writer.text("\uD83D");
        pass(AttemptWriter.HEARTBEAT);
        writer.tick();

        assertThat(bodies()).containsExactly(new TextDelta(0, "a", false), new Heartbeat());
    }

    @Test
    void anAnswerThatOutgrowsItsLimitStopsTheEngine() {
        writer.text("x".repeat(MAX_BYTES));

        assertThatThrownBy(() -> {
                    writer.text("y".repeat(5000));
                    writer.text("z");
                })
                .isInstanceOf(AttemptWriter.AnswerTooLargeException.class);
    }

    @Test
    void aHugePieceArrivesWhole() {
        String huge = "\uD83D\uDE00".repeat(12_000);
        writer.text(huge);
        writer.end(Optional.empty(), tally -> new AttemptFinished("stop", tally, null, List.of()));

        assertThat(text()).isEqualTo(huge);
    }
}
