package dev.parley.llm.stream;

import java.util.ArrayList;
import java.util.List;

/**
 * Tells reasoning from text where a server sends both as text: what stands between {@code <think>} and {@code </think>} at an
 * answer's beginning. A tag may come in pieces; what might still become one waits. One answer, one thread.
 */
final class ThinkTags {

    private static final String OPEN = "<think>";
    private static final String CLOSE = "</think>";

    private enum State {
        BEFORE,
        INSIDE,
        AFTER,
        TEXT
    }

    private final StringBuilder waiting = new StringBuilder();
    private State state;

    /**
     * At an answer's beginning.
     *
     * @param opened whether the prompt's template has opened the tag already, so that the answer begins inside
     */
    ThinkTags(boolean opened) {
        this.state = opened ? State.INSIDE : State.BEFORE;
    }

    /** What the next piece of text says, as far as it is clear. */
    List<ModelEvent> take(String piece) {
        if (state == State.TEXT) {
            return List.of(new ModelEvent.Text(piece));
        }
        waiting.append(piece);
        return taken(false);
    }

    /** What is left at the answer's end. */
    List<ModelEvent> rest() {
        return taken(true);
    }

    private List<ModelEvent> taken(boolean last) {
        List<ModelEvent> events = new ArrayList<>();
        if (state == State.BEFORE) {
            String text = waiting.toString();
            String begun = text.stripLeading();
            if (begun.startsWith(OPEN)) {
                waiting.delete(0, text.length() - begun.length() + OPEN.length());
                state = State.INSIDE;
            } else if (last || !OPEN.startsWith(begun)) {
                state = State.TEXT;
            }
        }
        if (state == State.INSIDE) {
            inside(last, events);
        }
        if (state == State.AFTER) {
            int text = 0;
            while (text < waiting.length() && Character.isWhitespace(waiting.charAt(text))) {
                text++;
            }
            waiting.delete(0, text);
            state = waiting.isEmpty() ? State.AFTER : State.TEXT;
        }
        if (state == State.TEXT && !waiting.isEmpty()) {
            events.add(new ModelEvent.Text(waiting.toString()));
            waiting.setLength(0);
        }
        return events;
    }

    private void inside(boolean last, List<ModelEvent> events) {
        int close = waiting.indexOf(CLOSE);
        int end = close >= 0 ? close : waiting.length() - (last ? 0 : begunTag());
        if (end > 0) {
            events.add(new ModelEvent.Reasoning(waiting.substring(0, end)));
        }
        waiting.delete(0, close >= 0 ? close + CLOSE.length() : end);
        state = close >= 0 ? State.AFTER : State.INSIDE;
    }

    /** How many of the last characters may be the beginning of a closing tag. */
    private int begunTag() {
        for (int length = Math.min(CLOSE.length() - 1, waiting.length()); length > 0; length--) {
            if (CLOSE.startsWith(waiting.substring(waiting.length() - length))) {
                return length;
            }
        }
        return 0;
    }
}
