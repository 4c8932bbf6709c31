package dev.parley.llm.stream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ToolCall;
import java.util.List;

/** All that a model can say, whatever protocol its server speaks. */
public sealed interface ModelEvent {

    /** The next piece of the answer's text. Not empty. */
    record Text(String piece) implements ModelEvent {}

    /** The next piece of what the model thinks before it answers. Not empty. */
    record Reasoning(String piece) implements ModelEvent {}

    /** The next piece of a refusal, which some servers tell apart from text. Not empty. */
    record Refusal(String piece) implements ModelEvent {}

    /** More of a tool call, whether or not it can be passed on yet. */
    record CallGrown() implements ModelEvent {}

    /**
     * The next piece of a call's arguments, to be passed on: {@link CallWhole} will begin with all that was. Calls come one
     * after another, in the order of their ends.
     *
     * @param piece may be empty in the first of a call
     */
    record CallArguments(String id, String name, String piece) implements ModelEvent {}

    /** A call that is whole, once the answer is. */
    record CallWhole(ToolCall call) implements ModelEvent {}

    /** What the server has counted so far, in place of what it said before. */
    record Counted(TokenUsage usage) implements ModelEvent {}

    /**
     * What has to be sent back when the conversation goes on, and is for nobody to see.
     *
     * @param path of the member that it belongs to
     * @param value where it is an array, its elements follow those that came before
     */
    record Extra(List<String> path, JsonNode value) implements ModelEvent {}

    /**
     * The answer is whole. Usage may follow, and the end of the stream.
     *
     * @param reason as in {@link FinishReasons}
     */
    record Finished(String reason) implements ModelEvent {}

    /**
     * The answer has ended, for a reason that means failure.
     *
     * @param reason as it was said
     */
    record Aborted(String reason) implements ModelEvent {}

    /** The server says that it cannot go on. */
    record Failed(ServerError error) implements ModelEvent {}

    /** The protocol's own end: nothing that follows counts. */
    record Ended() implements ModelEvent {}
}
