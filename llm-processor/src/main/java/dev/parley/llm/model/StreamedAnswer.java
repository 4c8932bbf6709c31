package dev.parley.llm.model;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.ErrorCode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What langchain4j tells of one answer; all on the thread that asked. It keeps to itself what its listener throws and reads
 * on, so that is remembered here, and the connection closed.
 */
final class StreamedAnswer implements StreamingChatResponseHandler {

    private final Model.Sink sink;
    private final Runnable abandon;
    private @Nullable ChatResponse response;
    private @Nullable Throwable failure;
    private @Nullable RuntimeException refusal;

    /**
     * An answer that goes on to {@code sink}.
     *
     * @param abandon closes the connection that it comes by
     */
    StreamedAnswer(Model.Sink sink, Runnable abandon) {
        this.sink = sink;
        this.abandon = abandon;
    }

    @Override
    public void onPartialResponse(String piece) {
        pass(() -> sink.text(piece));
    }

    @Override
    public void onPartialThinking(PartialThinking thinking) {
        pass(() -> sink.reasoning(thinking.text()));
    }

    @Override
    public void onCompleteToolCall(CompleteToolCall complete) {
        ToolExecutionRequest call = complete.toolExecutionRequest();
        pass(() -> sink.toolCall(new ToolCall(
                call.id() == null ? "call_" + complete.index() : call.id(), call.name(), call.arguments())));
    }

    private void pass(Runnable piece) {
        if (refusal != null) {
            return;
        }
        try {
            piece.run();
        } catch (RuntimeException e) {
            refusal = e;
            abandon.run();
        }
    }

    @Override
    public void onCompleteResponse(ChatResponse complete) {
        response = complete;
    }

    @Override
    public void onError(Throwable error) {
        if (failure == null) {
            failure = error;
        }
    }

    /**
     * How it ended.
     *
     * @throws RuntimeException what the sink threw
     */
    Model.Outcome outcome() {
        if (refusal != null) {
            throw refusal;
        }
        if (failure != null) {
            return FailureKinds.of(failure);
        }
        FinishReason reason = response == null ? null : response.finishReason();
        if (response == null || reason == null) {
            return new Model.Outcome.Failed(
                    ErrorCode.ENGINE_TRUNCATED, "the model server's stream ended without a finish reason");
        }
        return new Model.Outcome.Finished(wire(reason), usage(response.tokenUsage()));
    }

    private static String wire(FinishReason reason) {
        return switch (reason) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case TOOL_EXECUTION -> "tool_calls";
            case CONTENT_FILTER -> "content_filter";
            case OTHER -> "other";
        };
    }

    private static Optional<Usage> usage(@Nullable TokenUsage counted) {
        return counted == null || counted.inputTokenCount() == null || counted.outputTokenCount() == null
                ? Optional.empty()
                : Optional.of(
                        new Usage(counted.inputTokenCount(), counted.outputTokenCount(), UsageBasis.MEASURED, null));
    }
}
