package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The stream of a chat completion.
 *
 * <p>The last character of a call's arguments waits until the answer is complete: clients of this protocol make a call as soon
 * as its arguments are whole, and until then another attempt may make it void.
 */
final class ChatCompletionEncoding extends CompletionStream {

    private boolean opened;

    /** Of the arguments of each call that has begun, what waits for the end. */
    private final List<String> waiting = new ArrayList<>();

    private int calls;

    /** Whether what is being told is told at the answer's end. */
    private boolean complete;

    ChatCompletionEncoding(String id, String turnId, String model, Instant created, boolean includeUsage) {
        super(id, turnId, model, created, includeUsage);
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        complete = frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                && event.getBody() instanceof MessageCompleted;
        return super.encode(frame);
    }

    @Override
    void reasoning(String piece) {
        delta("reasoning_content", piece);
    }

    @Override
    void text(String piece) {
        delta("content", piece);
    }

    @Override
    void refusal(String piece) {
        delta("refusal", piece);
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
        send(SseJson.of(ChatCompletionJson.chunk(id(), created(), model(), delta, includesUsage())));
    }

    @Override
    void callBegun(String callId, String name, String piece) {
        begin();
        int end = complete ? piece.length() : beforeLast(piece);
        add(ChatCompletionJson.callBegun(waiting.size(), new ToolCall(callId, name, piece.substring(0, end))));
        waiting.add(piece.substring(end));
    }

    @Override
    void callArguments(String piece) {
        int index = waiting.size() - 1;
        String told = waiting.get(index) + piece;
        int end = beforeLast(told);
        if (end > 0) {
            add(ChatCompletionJson.callArguments(index, told.substring(0, end)));
        }
        waiting.set(index, told.substring(end));
    }

    @Override
    void called() {
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

    @Override
    void completed(MessageCompleted completed) {
        begin();
        send(SseJson.of(ChatCompletionJson.finish(id(), created(), model(), completed, includesUsage())));
        if (includesUsage()) {
            send(SseJson.of(ChatCompletionJson.usageChunk(id(), created(), model(), completed)));
        }
    }
}
