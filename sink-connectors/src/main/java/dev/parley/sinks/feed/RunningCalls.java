package dev.parley.sinks.feed;

import dev.parley.chat.v1.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tool calls of a running attempt, in order, as far as they have been told: what a late joiner needs of them. */
final class RunningCalls {

    private final List<Call> calls = new ArrayList<>();
    private int textBefore;
    private int whole;

    private record Call(String id, String name, StringBuilder arguments) {

        static Call of(String id, String name, String arguments) {
            return new Call(id, name, new StringBuilder(arguments));
        }
    }

    void clear() {
        calls.clear();
        whole = 0;
    }

    /**
     * Takes a piece of a call's arguments.
     *
     * @param name in the first piece of a call
     * @param textChars of the answer's text so far
     */
    void piece(String id, Optional<String> name, String arguments, int textChars) {
        if (name.isPresent()) {
            add(Call.of(id, name.get(), arguments), textChars);
        } else if (!calls.isEmpty() && calls.getLast().id().equals(id)) {
            calls.getLast().arguments().append(arguments);
        }
    }

    /** Takes a call that is whole, which was begun in pieces or was not. */
    void whole(ToolCall call, int textChars) {
        Call told = Call.of(call.getId(), call.getName(), call.getArguments());
        if (whole < calls.size()) {
            calls.set(whole, told);
        } else {
            add(told, textChars);
        }
        whole++;
    }

    private void add(Call call, int textChars) {
        if (calls.isEmpty()) {
            textBefore = textChars;
        }
        calls.add(call);
    }

    /** All of them; empty where there is none. */
    Optional<FeedEvent.CallsSoFar> soFar() {
        List<ToolCall> told = calls.stream()
                .map(call ->
                        new ToolCall(call.id(), call.name(), call.arguments().toString()))
                .toList();
        return told.isEmpty() ? Optional.empty() : Optional.of(new FeedEvent.CallsSoFar(textBefore, told, whole));
    }
}
