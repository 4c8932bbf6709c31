package dev.parley.ingest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.AnswerReader.Step;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.sse.Frame;
import dev.parley.sinks.sse.StreamEncoding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The stream of a chat completion.
 *
 * <p>What fails before anything has been sent becomes the HTTP answer; later, an event with an {@code error} member, which
 * the clients throw. An answer that is begun anew is such an error once some of it has been sent: this protocol has no word
 * for it, and its clients only ever append.
 */
final class ChatCompletionEncoding implements StreamEncoding {

    /** A client that leaves shows only when something is sent to it, and its generation is to stop then. */
    private static final Duration HEARTBEAT = Duration.ofMillis(250);

    private final String id;
    private final boolean includeUsage;
    private final AnswerReader reader;
    private String model;
    private Instant created;
    private boolean sent;
    private boolean opened;
    private boolean over;
    private int calls;

    /**
     * A stream that has told nothing yet.
     *
     * @param model as asked for, until it is known which one answers
     */
    ChatCompletionEncoding(String id, String turnId, String model, Instant created, boolean includeUsage) {
        this.id = id;
        this.model = model;
        this.created = created;
        this.includeUsage = includeUsage;
        this.reader = new AnswerReader(turnId);
    }

    @Override
    public List<byte[]> opening() {
        return List.of();
    }

    @Override
    public byte[] heartbeat() {
        sent = true;
        return SseData.HEARTBEAT;
    }

    @Override
    public Duration heartbeatAfter() {
        return HEARTBEAT;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        List<byte[]> pieces = new ArrayList<>();
        for (Step step : reader.read(frame.event())) {
            if (!over) {
                encode(step, pieces);
            }
        }
        sent |= !pieces.isEmpty();
        return pieces;
    }

    private void encode(Step step, List<byte[]> pieces) {
        switch (step) {
            case Step.Accepted(var accepted, Instant time) -> created = time;
            case Step.Begun begun -> {}
            case Step.Retrieved retrieved -> {}
            case Step.Attempted(int attempt, String engine, String name) -> model = name;
            case Step.Reasoning(String piece) -> delta("reasoning_content", piece, pieces);
            case Step.Text(String piece) -> delta("content", piece, pieces);
            case Step.Restarted(String reason) ->
                fail(
                        ErrorCode.STREAM_RESET,
                        "the answer is begun anew (" + reason
                                + "): repeat the request, with its Idempotency-Key where it has one",
                        pieces);
            case Step.Called(ToolCall call) -> called(call, pieces);
            case Step.Completed(MessageCompleted completed, Instant time) -> finish(completed, pieces);
            case Step.Failed(var failed, Instant time) -> fail(failed.getCode(), failed.getDetail(), pieces);
            case Step.Cancelled cancelled -> fail(ErrorCode.CANCELLED, "the answer was stopped", pieces);
            case Step.Rejected(var rejected) -> fail(rejected.getCode(), rejected.getDetail(), pieces);
            case Step.Lost(String reason) ->
                fail(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason, pieces);
        }
    }

    private void delta(String member, String piece, List<byte[]> pieces) {
        ObjectNode delta = opening(pieces);
        add(delta.put(member, piece), pieces);
    }

    /** The first chunk says who speaks. */
    private ObjectNode opening(List<byte[]> pieces) {
        if (!opened) {
            opened = true;
            add(
                    Views.MAPPER
                            .createObjectNode()
                            .put("role", "assistant")
                            .put("content", "")
                            .putNull("refusal"),
                    pieces);
        }
        return Views.MAPPER.createObjectNode();
    }

    private void add(ObjectNode delta, List<byte[]> pieces) {
        pieces.add(SseData.of(ChatCompletionJson.chunk(id, created, model, delta, includeUsage)));
    }

    private void called(ToolCall call, List<byte[]> pieces) {
        ObjectNode delta = opening(pieces);
        ObjectNode entry =
                (ObjectNode) ChatCompletionJson.toolCalls(List.of(call)).path(0);
        delta.putArray("tool_calls").add(entry.put("index", calls));
        calls++;
        add(delta, pieces);
    }

    private void finish(MessageCompleted completed, List<byte[]> pieces) {
        model = completed.getAttempt().getModel();
        opening(pieces);
        pieces.add(
                SseData.of(ChatCompletionJson.finish(id, created, model, completed.getFinishReason(), includeUsage)));
        if (includeUsage) {
            pieces.add(SseData.of(ChatCompletionJson.usageChunk(id, created, model, completed.getUsage())));
        }
        pieces.add(SseData.DONE);
        over = true;
    }

    private void fail(String code, String detail, List<byte[]> pieces) {
        fail(ErrorCode.ofWire(code).orElse(ErrorCode.INTERNAL), detail, pieces);
    }

    private void fail(ErrorCode code, String detail, List<byte[]> pieces) {
        over = true;
        if (!sent && pieces.isEmpty()) {
            throw new ProblemException(code, detail);
        }
        pieces.add(SseData.of(OpenAiErrors.json(code, detail, Optional.empty())));
    }
}
