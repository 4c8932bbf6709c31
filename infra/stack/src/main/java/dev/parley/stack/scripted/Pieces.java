package dev.parley.stack.scripted;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** The pieces of a streamed answer, as quirks rearrange them. A value; every method returns a changed copy. */
record Pieces(List<Piece> all) {

    Pieces {
        all = List.copyOf(all);
    }

    static Pieces of(Iterable<Piece> pieces) {
        List<Piece> all = new ArrayList<>();
        pieces.forEach(all::add);
        return new Pieces(all);
    }

    /** Each event of that part becomes these pieces. */
    Pieces replace(Part part, Function<Event, List<? extends Piece>> by) {
        List<Piece> changed = new ArrayList<>();
        for (Piece piece : all) {
            if (piece instanceof Event event && event.part() == part) {
                changed.addAll(by.apply(event));
            } else {
                changed.add(piece);
            }
        }
        return new Pieces(changed);
    }

    Pieces without(Part part) {
        return replace(part, event -> List.of());
    }

    /** Edits the JSON of each event of that part. */
    Pieces edit(Part part, Consumer<ObjectNode> edit) {
        return replace(part, event -> List.of(edited(event, edit)));
    }

    /** Edits the JSON of the last event of that part. */
    Pieces editLast(Part part, Consumer<ObjectNode> edit) {
        List<Piece> changed = new ArrayList<>(all);
        for (int i = changed.size() - 1; i >= 0; i--) {
            if (changed.get(i) instanceof Event event && event.part() == part) {
                changed.set(i, edited(event, edit));
                break;
            }
        }
        return new Pieces(changed);
    }

    /** Edits the JSON of every event that has some. */
    Pieces editAll(Consumer<ObjectNode> edit) {
        return new Pieces(all.stream()
                .map(piece -> piece instanceof Event event ? edited(event, edit) : piece)
                .toList());
    }

    private static Event edited(Event event, Consumer<ObjectNode> edit) {
        return event.data().startsWith("{")
                ? new Event(event.part(), event.name(), Json.edited(event.data(), edit))
                : event;
    }

    Pieces before(Part part, Piece... more) {
        return replace(part, event -> joined(List.of(more), List.of(event)));
    }

    Pieces after(Part part, Piece... more) {
        return replace(part, event -> joined(List.of(event), List.of(more)));
    }

    /** Before everything, the first token's time included. */
    Pieces first(Piece... more) {
        return new Pieces(joined(List.of(more), all));
    }

    /** Before each event that says something. */
    Pieces between(Piece... more) {
        return before(Part.SAYS, more);
    }

    /** Everything up to where the answer's end would begin, without how it ends. */
    Pieces said() {
        return new Pieces(all.stream()
                .takeWhile(piece -> !piece.equals(Piece.ANSWERED) && !endsBody(piece))
                .toList());
    }

    /** Half of what is said, one delta at least. */
    Pieces half() {
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).equals(Piece.SENT)) {
                sent.add(i);
            }
        }
        return sent.isEmpty() ? said() : new Pieces(all.subList(0, sent.get((sent.size() - 1) / 2) + 1));
    }

    /** With these in place of the end of the body. */
    Pieces endingWith(Piece... end) {
        return new Pieces(joined(all.stream().filter(piece -> !endsBody(piece)).toList(), List.of(end)));
    }

    private static boolean endsBody(Piece piece) {
        return switch (piece) {
            case Piece.LastChunk _, Piece.Close _, Piece.Reset _, Piece.Hang _ -> true;
            case Piece.Due _,
                    Piece.Sent _,
                    Piece.Answered _,
                    Event _,
                    Piece.Raw _,
                    Piece.Cut _,
                    Piece.Pause _,
                    Piece.Forever _ -> false;
        };
    }

    Pieces then(Piece... more) {
        return new Pieces(joined(all, List.of(more)));
    }

    boolean has(Part part) {
        return all.stream().anyMatch(piece -> piece instanceof Event event && event.part() == part);
    }

    /** The first event of that part, or another with JSON where there is none. */
    Event sample(Part part) {
        Event found = new Event(Part.OTHER, "", "{}");
        for (Piece piece : all) {
            if (piece instanceof Event event) {
                if (event.part() == part) {
                    return event;
                }
                found = event.data().startsWith("{") ? event : found;
            }
        }
        return found;
    }

    /** An event that says something, or any where there is none. */
    Event sample() {
        return sample(Part.SAYS);
    }

    private static List<Piece> joined(List<? extends Piece> first, List<? extends Piece> second) {
        List<Piece> joined = new ArrayList<>(first);
        joined.addAll(second);
        return joined;
    }
}
