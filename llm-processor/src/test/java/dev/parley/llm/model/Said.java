package dev.parley.llm.model;

import dev.parley.chat.v1.ToolCall;
import java.util.ArrayList;
import java.util.List;

/** Keeps what a model said. */
final class Said implements Model.Sink {

    final StringBuilder text = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
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
    public void toolCall(ToolCall call) {
        calls.add(call);
    }
}
