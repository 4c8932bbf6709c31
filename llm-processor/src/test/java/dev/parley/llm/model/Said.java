package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import java.util.ArrayList;
import java.util.List;

/** Keeps what a model said, and holds what was told of its calls against what they are in the end. */
final class Said implements Model.Sink {

    final StringBuilder text = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
    /** What was told of calls before they were whole, in order. */
    final List<ToolCall> begun = new ArrayList<>();

    final List<ToolCall> calls = new ArrayList<>();

    @Override
    public void text(String piece) {
        text.append(piece);
    }

    @Override
    public void reasoning(String piece) {
        reasoning.append(piece);
    }

    @Override
    public void toolArguments(String callId, String name, String piece) {
        assertThat(calls).as("a call is whole after all pieces").isEmpty();
        assertThat(callId).isNotEmpty();
        assertThat(name).isNotEmpty();
        boolean half = !piece.isEmpty() && Character.isHighSurrogate(piece.charAt(piece.length() - 1));
        assertThat(half).as("half a character at the end of '%s'", piece).isFalse();
        if (begun.isEmpty() || !begun.getLast().getId().equals(callId)) {
            assertThat(begun)
                    .extracting(ToolCall::getId)
                    .as("one call after another")
                    .doesNotContain(callId);
            begun.add(new ToolCall(callId, name, piece));
        } else {
            assertThat(piece).as("only a first piece may be empty").isNotEmpty();
            ToolCall last = begun.removeLast();
            assertThat(name).isEqualTo(last.getName());
            begun.add(new ToolCall(callId, name, last.getArguments() + piece));
        }
    }

    @Override
    public void toolCall(ToolCall call) {
        int place = calls.size();
        calls.add(call);
        if (place < begun.size()) {
            ToolCall told = begun.get(place);
            assertThat(call.getId()).isEqualTo(told.getId());
            assertThat(call.getName()).isEqualTo(told.getName());
            if (place == begun.size() - 1) {
                assertThat(call.getArguments()).startsWith(told.getArguments());
            } else {
                assertThat(call.getArguments())
                        .as("all of a call is told before the next begins")
                        .isEqualTo(told.getArguments());
            }
        }
    }

    /** Holds what was told against the calls of an answer that is whole. */
    void isWhole() {
        assertThat(begun.size()).as("calls that had begun").isLessThanOrEqualTo(calls.size());
    }
}
