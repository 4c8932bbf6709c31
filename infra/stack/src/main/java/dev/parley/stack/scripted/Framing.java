package dev.parley.stack.scripted;

import java.util.ArrayList;
import java.util.List;

/**
 * How an event becomes lines, as the standard of server-sent events lets a server choose.
 *
 * @param opening before the first event
 * @param lineEnds one an event, in turn
 * @param colon between a field's name and its value
 * @param lines changes the lines of an event
 */
record Framing(String opening, List<String> lineEnds, String colon, Lines lines) {

    /** As nearly everybody does it. */
    static final Framing PLAIN = new Framing("", List.of("\n"), ": ", (number, lines) -> lines);

    /** Changes an event's lines, {@code number} counted from 0. */
    interface Lines {
        List<String> of(int number, List<String> lines);
    }

    Framing {
        lineEnds = List.copyOf(lineEnds);
    }

    Framing opening(String text) {
        return new Framing(opening + text, lineEnds, colon, lines);
    }

    Framing lineEnds(String... ends) {
        return new Framing(opening, List.of(ends), colon, lines);
    }

    Framing colon(String text) {
        return new Framing(opening, lineEnds, text, lines);
    }

    Framing lines(Lines change) {
        return new Framing(opening, lineEnds, colon, (number, before) -> change.of(number, lines.of(number, before)));
    }

    /** The event with the blank line at its end. */
    String text(int number, Piece.Event event) {
        if (equals(PLAIN)) {
            String data = "data: " + event.data() + "\n\n";
            return event.name().isEmpty() ? data : "event: " + event.name() + "\n" + data;
        }
        List<String> plain = new ArrayList<>(2);
        if (!event.name().isEmpty()) {
            plain.add("event" + colon + event.name());
        }
        plain.add("data" + colon + event.data());
        String end = lineEnds.get(number % lineEnds.size());
        StringBuilder text = new StringBuilder();
        lines.of(number, plain).forEach(line -> text.append(line).append(end));
        return text.append(end).toString();
    }
}
