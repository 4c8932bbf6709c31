package dev.parley.ingest.protocol.anthropic;

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
import dev.parley.ingest.answer.UpstreamMember;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a message: its blocks one after another, each begun, told and ended, thoughts signed at their end.
 *
 * <p>What fails before anything has been sent becomes the HTTP answer; later, an {@code error} event, which the clients throw.
 * An answer that is begun anew is such an error once some of it has been sent: this protocol has no word for it.
 *
 * <p>The input of the first call is told as the model writes it. Its block ends with the answer, since clients make a call when its
 * block has ended or the next begins, and until then another attempt may make it void; and as no two blocks are open at a time,
 * further calls are told at the end, whole, and text that came after calls behind them.
 *
 * @see <a href="https://platform.claude.com/docs/en/build-with-claude/streaming">Anthropic: Streaming messages</a>
 */
final class MessageEncoding extends AnswerEncoding {

    /** A client that leaves shows only when something is sent to it, and its generation is to stop then. */
    private static final Duration HEARTBEAT = Duration.ofMillis(250);

    private static final byte[] PING = SseJson.of("ping", event("ping"));

    private final AnswerId id;
    private final String requestId;
    private final int inputTokens;
    private String model;
    private boolean opened;
    private Block block = Block.NONE;
    private int index;
    private boolean signed;

    /** How many calls have begun, and how many of them were told whole. */
    private int begun;

    private int called;
    /** Of the call whose block is open. */
    private InputSoFar input = new InputSoFar();

    private final StringBuilder afterCalls = new StringBuilder();

    /** How the answer ended, while that is being told. */
    private Optional<MessageCompleted> end = Optional.empty();

    /** What is being told. */
    private enum Block {
        NONE,
        THINKING,
        TEXT,
        CALL
    }

    /**
     * A stream that has told nothing yet.
     *
     * @param model as asked for, until it is known which one answers
     * @param inputTokens of the prompt, as estimated
     */
    MessageEncoding(AnswerId id, String turnId, String requestId, String model, int inputTokens) {
        super(new AnswerReader(turnId), HEARTBEAT);
        this.id = id;
        this.requestId = requestId;
        this.model = model;
        this.inputTokens = inputTokens;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        end = frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                        && event.getBody() instanceof MessageCompleted completed
                ? Optional.of(completed)
                : Optional.empty();
        return super.encode(frame);
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted accepted -> {}
            case Step.Begun begun -> {}
            case Step.Retrieved retrieved -> {}
            case Step.Attempted(int attempt, String engine, String name) -> model = name;
            case Step.Reasoning(String piece) -> {
                enter(Block.THINKING);
                delta("thinking_delta", "thinking", piece);
            }
            case Step.Text(String piece) -> text(piece);
            case Step.Refusal(String piece) -> text(piece);
            case Step.Restarted(String reason) ->
                fail(
                        ErrorCode.STREAM_RESET,
                        "the answer starts again (" + reason
                                + "): repeat the request, with its Idempotency-Key where it has one");
            case Step.CallBegun(String callId, String name, String piece) -> {
                if (begun++ == 0) {
                    call(callId, name);
                    arguments(piece);
                }
            }
            case Step.CallArguments(String callId, String piece) -> {
                if (begun == 1) {
                    arguments(piece);
                }
            }
            case Step.Called(ToolCall call) -> called(call);
            case Step.Completed(MessageCompleted completed, var time) -> complete(completed);
            case Step.Failed(var failed, var time) -> fail(UpstreamHeaders.problem(failed), failed.getUpstream());
            case Step.Cancelled cancelled -> fail(ErrorCode.CANCELLED, "the answer was stopped");
            case Step.Rejected(var rejected) -> fail(rejected.getCode(), rejected.getDetail());
            case Step.Lost(String reason) -> fail(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason);
        }
    }

    private static ObjectNode event(String type) {
        return Json.object().put("type", type);
    }

    private void tell(ObjectNode event) {
        send(SseJson.of(event.path("type").asText(), event));
    }

    private void text(String piece) {
        if (begun > 0) {
            afterCalls.append(piece);
            return;
        }
        enter(Block.TEXT);
        delta("text_delta", "text", piece);
    }

    /** Begins a block of a kind, unless it is the one that is being told. */
    private void enter(Block wanted) {
        if (block == wanted) {
            return;
        }
        endBlock();
        block = wanted;
        beginBlock(wanted == Block.THINKING ? MessageJson.thinking("", "") : MessageJson.text(""));
    }

    private void beginBlock(ObjectNode content) {
        begin();
        ObjectNode event = event("content_block_start").put("index", index);
        event.set("content_block", content);
        tell(event);
    }

    private void delta(String type, String member, String piece) {
        ObjectNode event = event("content_block_delta").put("index", index);
        event.putObject("delta").put("type", type).put(member, piece);
        tell(event);
    }

    private void endBlock() {
        switch (block) {
            case NONE -> {
                return;
            }
            case THINKING -> {
                delta("signature_delta", "signature", id.text());
                signed = true;
            }
            case TEXT, CALL -> {}
        }
        block = Block.NONE;
        stopBlock();
    }

    private void stopBlock() {
        tell(event("content_block_stop").put("index", index));
        index++;
    }

    private void call(String callId, String name) {
        endBlock();
        block = Block.CALL;
        beginBlock(MessageJson.toolUse(callId, name, Json.object()));
        input = new InputSoFar();
    }

    private void arguments(String piece) {
        if (end.isEmpty()) { // Else all of them are told with their call.
            input(input.add(piece));
        }
    }

    private void input(String piece) {
        if (!piece.isEmpty()) {
            delta("input_json_delta", "partial_json", piece);
        }
    }

    private void called(ToolCall call) {
        if (called++ > 0) {
            call(call.getId(), call.getName());
        }
        Optional<String> rest =
                input.rest(call, end.filter(StopReasons::isCutShort).isPresent());
        if (rest.isPresent()) {
            input(rest.get());
        } else {
            fail(
                    ErrorCode.STREAM_RESET,
                    "what was told of the call " + call.getId()
                            + " is void, since no JSON object came of it: repeat the request, with its Idempotency-Key"
                            + " where it has one");
        }
    }

    private void begin() {
        if (!opened) {
            send(beginning());
        }
    }

    private byte[] beginning() {
        opened = true;
        ObjectNode event = event("message_start");
        event.set("message", MessageJson.begun(id, model, inputTokens));
        return SseJson.of("message_start", event);
    }

    private void complete(MessageCompleted completed) {
        model = completed.getAttempt().getModel();
        begin();
        if (!afterCalls.isEmpty()) {
            enter(Block.TEXT);
            delta("text_delta", "text", afterCalls.toString());
        }
        endBlock();
        if (!signed && completed.getExtras() != null) {
            beginBlock(MessageJson.redacted(id));
            stopBlock();
        }
        ObjectNode event = event("message_delta");
        MessageJson.end(event.putObject("delta"), completed);
        event.set("usage", MessageJson.usage(completed));
        UpstreamMember.addTo(event, StopReasons.own(completed), completed.getUpstream());
        tell(event);
        tell(event("message_stop"));
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
        ObjectNode error = AnthropicErrors.json(problem, requestId);
        UpstreamMember.addTo((ObjectNode) error.path("error"), Optional.empty(), upstream);
        tell(error);
    }

    /** An event, as this protocol has it; whatever comes first has to be the message's beginning. */
    @Override
    public byte[] heartbeat() {
        byte[] _ = super.heartbeat();
        if (opened) {
            return PING;
        }
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(beginning());
        both.writeBytes(PING);
        return both.toByteArray();
    }
}
