package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.Unknown;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one chunk says about its attempt. */
sealed interface Signal {

    /** A worker claims the generation, which is work of the kind of this name. */
    record Started(Attempt attempt, String kind) implements Signal {}

    /** Text of the answer. */
    record Text(int seq, String text) implements Signal {}

    /** Text of the model's reasoning. */
    record Reasoning(int seq, String text) implements Signal {}

    /** A piece of a tool call's arguments, which is told again with the whole: it is counted and no more. */
    record Arguments(int seq) implements Signal {}

    /** A tool call that the model asks for. */
    record Called(int seq, ToolCall call) implements Signal {}

    /** The worker lives. */
    record Alive() implements Signal {}

    /** The attempt ended well. */
    record Finished(
            String finishReason, Tally tally, @Nullable ProviderExtras extras, List<String> leftOut)
            implements Signal {}

    /** The attempt ended badly. */
    record Failed(
            String code,
            String detail,
            boolean retryable,
            Tally tally,
            @Nullable Long retryAfterMillis) implements Signal {}

    /** The attempt ended because it was told to. */
    record Cancelled(Tally tally) implements Signal {}

    /**
     * Reads a chunk's body.
     *
     * @throws IllegalArgumentException where the union holds a type that this version does not know
     */
    static Signal of(GenerationChunk chunk) {
        return switch (chunk.getBody()) {
            case AttemptStarted started ->
                new Started(
                        new Attempt(
                                chunk.getAttemptId(),
                                started.getAttempt(),
                                started.getEngine(),
                                started.getModel(),
                                started.getWorkerId(),
                                ""),
                        started.getKind());
            case TextDelta delta -> new Text(delta.getSeq(), delta.getText());
            case ReasoningDelta delta -> new Reasoning(delta.getSeq(), delta.getText());
            case ToolArgumentsDelta delta -> new Arguments(delta.getSeq());
            case ToolCalled called -> new Called(called.getSeq(), called.getCall());
            case Heartbeat heartbeat -> new Alive();
            case AttemptFinished finished ->
                new Finished(
                        finished.getFinishReason(), finished.getTally(), finished.getExtras(), finished.getLeftOut());
            case AttemptFailed failed ->
                new Failed(
                        failed.getCode(),
                        failed.getDetail(),
                        failed.getRetryable(),
                        failed.getTally(),
                        failed.getRetryAfterMillis());
            case AttemptCancelled cancelled -> new Cancelled(cancelled.getTally());
            case Unknown unknown -> throw new IllegalArgumentException("unknown chunk: " + unknown.type());
        };
    }
}
