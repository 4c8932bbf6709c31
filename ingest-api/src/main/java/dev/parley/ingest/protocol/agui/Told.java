package dev.parley.ingest.protocol.agui;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How much of a run a client has been told: what the id of its last event says. It counts characters, not events, so that a
 * stream goes on at the exact one however the answer is cut into pieces the second time, from memory or from the log.
 *
 * <pre>{@code
 *   TURN.ATTEMPT.REASONING.TEXT.STATE[.CALL,CALL…]
 *   STATE   letters: what has been told, then what is open
 *   CALL    characters of its arguments, then 'e' where it has ended
 * }</pre>
 */
final class Told {

    private static final Pattern TEXT = Pattern.compile(
            "(turn_[0-9a-f]{24})\\.(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,9})\\.([a-z]{1,9})((?:[.,]\\d{1,9}e?){0,512})");

    /** What is open after an event, beside calls that have not ended. */
    enum Open {
        NOTHING('n'),
        /** A span of thoughts, and no message in it yet. */
        SPAN('p'),
        THOUGHTS('r'),
        /** The span is, its message has ended. */
        THOUGHT('u'),
        ANSWER('t');

        private final char letter;

        Open(char letter) {
            this.letter = letter;
        }
    }

    /** What has been told once and for all. */
    enum Mark {
        /** That the run has started. */
        START('a'),
        /** That a history is still to be told. */
        HISTORY_DUE('h'),
        /** That it is to be told again before thoughts, of which the client may have some already. */
        AFRESH('f'),
        STEP('s'),
        SOURCES('q'),
        /** That the answer's message has begun. */
        MESSAGE('m'),
        STEP_END('d'),
        END('z');

        private final char letter;

        Mark(char letter) {
            this.letter = letter;
        }
    }

    private record Call(int characters, boolean ended) {}

    private final String turnId;
    private final List<Call> calls = new ArrayList<>();
    private final EnumSet<Mark> marks = EnumSet.noneOf(Mark.class);
    private int attempt;
    private int reasoning;
    private int text;
    private Open open = Open.NOTHING;

    private Told(String turnId) {
        this.turnId = turnId;
    }

    /** Nothing at all. */
    static Told nothing(String turnId) {
        return new Told(turnId);
    }

    /**
     * Reads an event's id.
     *
     * @throws ProblemException for anything but the text of one
     */
    static Told parse(String id) {
        Matcher matcher = TEXT.matcher(id);
        if (!matcher.matches()) {
            throw unknown();
        }
        Told told = new Told(matcher.group(1));
        told.attempt = Integer.parseInt(matcher.group(2));
        told.reasoning = Integer.parseInt(matcher.group(3));
        told.text = Integer.parseInt(matcher.group(4));
        told.state(matcher.group(5));
        for (String call : matcher.group(6).split("[.,]", -1)) {
            if (!call.isEmpty()) {
                boolean ended = call.endsWith("e");
                told.calls.add(new Call(Integer.parseInt(ended ? call.substring(0, call.length() - 1) : call), ended));
            }
        }
        if (!told.toString().equals(id)) {
            throw unknown();
        }
        return told;
    }

    /** What to throw for what is the id of nothing. */
    static ProblemException unknown() {
        return new ProblemException(ErrorCode.INVALID_CURSOR, "is not the id of an event of this thread", "cursor");
    }

    private void state(String letters) {
        for (Mark mark : Mark.values()) {
            if (letters.indexOf(mark.letter) >= 0) {
                marks.add(mark);
            }
        }
        for (Open any : Open.values()) {
            if (letters.indexOf(any.letter) >= 0) {
                open = any;
            }
        }
    }

    String turnId() {
        return turnId;
    }

    boolean has(Mark mark) {
        return marks.contains(mark);
    }

    void mark(Mark mark) {
        marks.add(mark);
    }

    void unmark(Mark mark) {
        marks.remove(mark);
    }

    Open open() {
        return open;
    }

    void open(Open now) {
        open = now;
    }

    /** The attempt that the rest is about; 0 where nothing has been told of any. */
    int attempt() {
        return attempt;
    }

    int reasoning() {
        return reasoning;
    }

    void reasoning(int characters) {
        reasoning = characters;
    }

    int text() {
        return text;
    }

    void text(int characters) {
        text = characters;
    }

    int calls() {
        return calls.size();
    }

    int arguments(int call) {
        return calls.get(call).characters();
    }

    boolean isCallOver(int call) {
        return call < calls.size() && calls.get(call).ended();
    }

    void beginCall() {
        calls.add(new Call(0, false));
    }

    void arguments(int call, int characters) {
        calls.set(call, new Call(characters, false));
    }

    void endCall(int call) {
        calls.set(call, new Call(arguments(call), true));
    }

    boolean hasOpenCalls() {
        return calls.stream().anyMatch(call -> !call.ended());
    }

    /** Whether thoughts are past: what comes of them later comes too late for this client. */
    boolean isPastThoughts() {
        return has(Mark.MESSAGE) || !calls.isEmpty() || open == Open.THOUGHT || (open == Open.NOTHING && reasoning > 0);
    }

    /** Whether the client has any of the attempt's answer, even if that is no more than a message's beginning. */
    boolean hasAnswer() {
        return reasoning > 0 || has(Mark.MESSAGE) || !calls.isEmpty() || open != Open.NOTHING;
    }

    /** Nothing of the answer, by another attempt. */
    void begin(int another) {
        attempt = another;
        reasoning = 0;
        text = 0;
        calls.clear();
        open = Open.NOTHING;
        unmark(Mark.MESSAGE);
    }

    @Override
    public String toString() {
        StringBuilder id = new StringBuilder(turnId);
        id.append('.')
                .append(attempt)
                .append('.')
                .append(reasoning)
                .append('.')
                .append(text)
                .append('.');
        marks.forEach(mark -> id.append(mark.letter));
        id.append(open.letter);
        if (!calls.isEmpty()) {
            id.append(calls.stream()
                    .map(call -> call.characters() + (call.ended() ? "e" : ""))
                    .collect(Collectors.joining(",", ".", "")));
        }
        return id.toString();
    }
}
