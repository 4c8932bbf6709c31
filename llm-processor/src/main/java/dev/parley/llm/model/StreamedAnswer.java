package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.llm.stream.AnswerReader;
import dev.parley.llm.stream.AnswerReader.UnreadableEventException;
import dev.parley.llm.stream.FinishReasons;
import dev.parley.llm.stream.ModelEvent;
import dev.parley.llm.stream.SseEvent;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One answer as it streams in, and how it ends. The protocol's end outranks its transport's: from a finish reason on the
 * answer is whole, whatever becomes of the connection, and once usage or the end has followed it nothing more is read. What
 * comes after an event that cannot be read is not looked at. One thread.
 *
 * <pre>{@code
 *   open ──finish reason──▶ finished ──usage, end, silence, broken, closed──▶ ended well
 *     │ end, where anything was said ────────────────────────────────────────────▲
 *     └──error, unreadable, silence, broken, closed──▶ failed
 * }</pre>
 */
final class StreamedAnswer {

    private final AnswerReader reader;
    private final Model.Sink sink;
    private final List<String> leftOut;
    private final Extras extras = new Extras();

    private @Nullable TokenUsage usage;
    private @Nullable String finishReason;
    private Model.Outcome.@Nullable Failed failure;
    private boolean ended;
    private boolean said;
    private boolean refused;
    private boolean called;
    private long progress;

    /**
     * An answer of which nothing has come.
     *
     * @param leftOut parameters that the request was sent without
     */
    StreamedAnswer(AnswerReader reader, Model.Sink sink, List<String> leftOut) {
        this.reader = reader;
        this.sink = sink;
        this.leftOut = leftOut;
    }

    /** Takes the next event, unless the answer has ended. What the sink throws is thrown on. */
    void take(SseEvent event) {
        if (ended) {
            return;
        }
        try {
            reader.read(event).forEach(this::take);
        } catch (UnreadableEventException e) {
            broken(new Model.Outcome.Failed(ErrorCode.ENGINE_PROTOCOL, e.detail()));
        }
    }

    /**
     * Takes an answer that came in one piece.
     *
     * @return whether it is one
     */
    boolean takeWhole(JsonNode json) {
        try {
            List<ModelEvent> events = reader.readWhole(json);
            events.forEach(this::take);
            return !events.isEmpty();
        } catch (UnreadableEventException e) {
            broken(new Model.Outcome.Failed(ErrorCode.ENGINE_PROTOCOL, e.detail()));
            return true;
        }
    }

    private void take(ModelEvent event) {
        if (ended) {
            return;
        }
        switch (event) {
            case ModelEvent.Text(String piece) -> {
                progressed();
                sink.text(piece);
            }
            case ModelEvent.Reasoning(String piece) -> {
                progressed();
                sink.reasoning(piece);
            }
            case ModelEvent.Refusal(String piece) -> {
                progressed();
                refused = true;
                sink.refusal(piece);
            }
            case ModelEvent.CallGrown grown -> progressed();
            case ModelEvent.CallArguments(String id, String name, String piece) -> sink.toolArguments(id, name, piece);
            case ModelEvent.CallWhole(var call) -> {
                progressed();
                called = true;
                sink.toolCall(call);
            }
            case ModelEvent.Extra extra -> {
                progressed();
                extras.add(extra);
            }
            case ModelEvent.Counted(TokenUsage counted) -> {
                usage = counted;
                ended = finishReason != null && counted.isMeasured(said);
            }
            case ModelEvent.Finished(String reason) -> {
                progress++;
                finishReason = finishReason == null ? reason : finishReason;
            }
            case ModelEvent.Aborted(String reason) ->
                broken(new Model.Outcome.Failed(
                        ErrorCode.ENGINE_ABORTED, "the model's answer ended with '" + reason + "'"));
            case ModelEvent.Failed(var error) -> broken(FailureKinds.brokenOff(error));
            case ModelEvent.Ended() -> {
                ended = true;
                if (finishReason == null) {
                    if (said) {
                        finishReason = FinishReasons.OTHER;
                    } else {
                        broken(new Model.Outcome.Failed(
                                ErrorCode.ENGINE_TRUNCATED, "the model server's stream ended without an answer"));
                    }
                }
            }
        }
    }

    private void progressed() {
        progress++;
        said = true;
    }

    /** The stream has no more bytes. */
    void streamEnded(Optional<SseEvent> unfinished) {
        unfinished.ifPresent(event -> {
            try {
                reader.read(event).forEach(this::take);
            } catch (UnreadableEventException e) {
                // It was cut off: that the stream ended says more.
            }
        });
        broken(new Model.Outcome.Failed(
                ErrorCode.ENGINE_TRUNCATED, "the model server's stream ended without a finish reason"));
    }

    /** The stream cannot be read any further. */
    void streamBroke(Exception cause) {
        broken(FailureKinds.of(cause));
    }

    /** Nothing more comes that could be read: it is whole, or has failed. */
    private void broken(Model.Outcome.Failed otherwise) {
        if (finishReason == null && failure == null) {
            failure = otherwise;
        }
        ended = true;
    }

    /** Whether nothing more of the stream is wanted. */
    boolean hasEnded() {
        return ended;
    }

    /** Whether the model has said why it stopped. */
    boolean isFinished() {
        return finishReason != null;
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** Grows with everything that means something. */
    long progress() {
        return progress;
    }

    /** How it ended, with what is known to be whole only then. Once. What the sink throws is thrown on. */
    Model.Outcome outcome() {
        if (failure == null) {
            ended = false;
            try {
                reader.whole().forEach(this::take);
            } catch (UnreadableEventException e) {
                failure = new Model.Outcome.Failed(ErrorCode.ENGINE_PROTOCOL, e.detail());
            }
            ended = true;
        }
        if (failure != null) {
            return failure;
        }
        return new Model.Outcome.Finished(
                reason(),
                Optional.ofNullable(usage).filter(counted -> counted.isMeasured(said)),
                extras.json(),
                leftOut);
    }

    /** Servers say {@code stop} of answers with tool calls and of refusals, and {@code tool_calls} of answers without any. */
    private String reason() {
        String reason = finishReason == null ? FinishReasons.OTHER : finishReason;
        return switch (reason) {
            case FinishReasons.STOP, FinishReasons.OTHER ->
                called ? FinishReasons.TOOL_CALLS : refused ? FinishReasons.REFUSAL : reason;
            case FinishReasons.TOOL_CALLS -> called ? reason : FinishReasons.STOP;
            default -> reason;
        };
    }
}
