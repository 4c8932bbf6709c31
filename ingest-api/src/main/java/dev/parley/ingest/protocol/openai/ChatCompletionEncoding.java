package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a chat completion.
 *
 * <p>What fails before anything has been sent becomes the HTTP answer; later, an event with an {@code error} member, which
 * the clients throw. An answer that is begun anew is such an error once some of it has been sent: this protocol has no word
 * for it, and its clients only ever append.
 *
 * <p>The last character of a call's arguments waits until the answer is complete: clients of this protocol make a call as soon
 * as its arguments are whole, and until then another attempt may make it void.
 */
final class ChatCompletionEncoding extends AnswerEncoding {

    /** A client that leaves shows only when something is sent to it, and its generation is to stop then. */
    private static final Duration HEARTBEAT = Duration.ofMillis(250);

    private final String id;
    private final boolean includeUsage;
    private String model;
    private Instant created;
    private boolean opened;
    /** Of the arguments of each call that has begun, what waits for the end. */
    private final List<String> waiting = new ArrayList<>();

    private int calls;
    /** Whether what is being told is told at the answer's end. */
    private boolean complete;

    /**
     * A stream that has told nothing yet.
     *
     * @param model as asked for, until it is known which one answers
     */
    ChatCompletionEncoding(String id, String turnId, String model, Instant created, boolean includeUsage) {
        super(new AnswerReader(turnId), HEARTBEAT);
        this.id = id;
        this.model = model;
        this.created = created;
        this.includeUsage = includeUsage;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        complete = frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                && event.getBody() instanceof MessageCompleted;
        return super.encode(frame);
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted(var accepted, Instant time) -> created = time;
            case Step.Begun begun -> {}
            case Step.Retrieved retrieved -> {}
            case Step.Attempted(int attempt, String engine, String name) -> model = name;
            case Step.Reasoning(String piece) -> delta("reasoning_content", piece);
            case Step.Text(String piece) -> delta("content", piece);
            case Step.Refusal(String piece) -> delta("refusal", piece);
            case Step.Restarted(String reason) ->
                fail(
                        ErrorCode.STREAM_RESET,
                        "the answer starts again (" + reason
                                + "): repeat the request, with its Idempotency-Key where it has one");
            case Step.CallBegun(String id, String name, String piece) -> begun(id, name, piece);
            case Step.CallArguments(String id, String piece) -> arguments(piece);
            case Step.Called called -> called();
            case Step.Completed(MessageCompleted completed, Instant time) -> complete(completed);
            case Step.Failed(var failed, Instant time) -> fail(UpstreamHeaders.problem(failed), failed.getUpstream());
            case Step.Cancelled cancelled -> fail(ErrorCode.CANCELLED, "the answer was stopped");
            case Step.Rejected(var rejected) -> fail(rejected.getCode(), rejected.getDetail());
            case Step.Lost(String reason) -> fail(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason);
        }
    }

    private void delta(String member, String piece) {
        begin();
        add(Json.object().put(member, piece));
    }

    /** The first chunk says who speaks. */
    private void begin() {
        if (!opened) {
            opened = true;
            add(Json.object().put("role", "assistant").put("content", "").putNull("refusal"));
        }
    }

    private void add(ObjectNode delta) {
        send(SseJson.of(ChatCompletionJson.chunk(id, created, model, delta, includeUsage)));
    }

    private void begun(String id, String name, String piece) {
        begin();
        int end = complete ? piece.length() : beforeLast(piece);
        add(ChatCompletionJson.callBegun(waiting.size(), new ToolCall(id, name, piece.substring(0, end))));
        waiting.add(piece.substring(end));
    }

    private void arguments(String piece) {
        int index = waiting.size() - 1;
        String told = waiting.get(index) + piece;
        int end = beforeLast(told);
        if (end > 0) {
            add(ChatCompletionJson.callArguments(index, told.substring(0, end)));
        }
        waiting.set(index, told.substring(end));
    }

    private void called() {
        String rest = waiting.get(calls);
        if (!rest.isEmpty()) {
            add(ChatCompletionJson.callArguments(calls, rest));
        }
        calls++;
    }

    /** Where the last character begins. */
    private static int beforeLast(String text) {
        return text.isEmpty() ? 0 : text.offsetByCodePoints(text.length(), -1);
    }

    private void complete(MessageCompleted completed) {
        model = completed.getAttempt().getModel();
        begin();
        send(SseJson.of(ChatCompletionJson.finish(id, created, model, completed, includeUsage)));
        if (includeUsage) {
            send(SseJson.of(ChatCompletionJson.usageChunk(id, created, model, completed)));
        }
        send(SseJson.DONE);
        finish();
    }

    private void fail(String code, String detail) {
        fail(ErrorCode.ofWire(code).orElse(ErrorCode.INTERNAL), detail);
    }

    private void fail(ErrorCode code, String detail) {
        fail(new ProblemException(code, detail), null);
    }

    private void fail(ProblemException problem, @Nullable Upstream upstream) {
        finish();
        if (isUnsent()) {
            throw problem;
        }
        send(SseJson.of(OpenAiErrors.json(problem, upstream)));
    }
}
