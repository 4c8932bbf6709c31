package dev.parley.topologies.aggregate;

import dev.parley.topologies.counter.v1.Add;
import dev.parley.topologies.counter.v1.Added;
import dev.parley.topologies.counter.v1.CounterCommand;
import dev.parley.topologies.counter.v1.CounterEvent;
import dev.parley.topologies.counter.v1.Emptied;
import dev.parley.topologies.counter.v1.Empty;
import dev.parley.topologies.counter.v1.Unknown;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A number that is added to, up to a limit at which it is emptied; and its rules. */
record Counter(long sequence, int total, String lastCommand) {

    static final Counter NONE = new Counter(0, 0, "");
    static final int LIMIT = 10;

    private static final Duration UNUSED = Duration.ofMinutes(1);

    sealed interface Input {
        record Asked(CounterCommand command) implements Input {}

        /** The counter has stood since the event of this sequence. */
        record Unused(long sequence) implements Input {}
    }

    sealed interface Change {
        record Logged(CounterEvent.Body event) implements Change {}

        record Taken(String commandId) implements Change {}
    }

    /** What others are to do about a full counter. */
    record Alarm(int total) {}

    static Decision<Counter, Change, Alarm> decide(Counter state, Input input) {
        Draft<Counter, Change, Alarm> draft = new Draft<>(state, Counter::evolve);
        switch (input) {
            case Input.Asked(CounterCommand command) -> ask(draft, command);
            case Input.Unused _ -> empty(draft, "unused");
        }
        return draft.decision();
    }

    private static void ask(Draft<Counter, Change, Alarm> draft, CounterCommand command) {
        if (draft.state().lastCommand().equals(command.getCommandId())) {
            return;
        }
        switch (command.getBody()) {
            case Add add -> add(draft, add.getAmount());
            case Empty _ -> empty(draft, "asked");
            case Unknown _ -> throw new IllegalArgumentException("unknown command"); // The intake lets none through.
        }
        draft.change(new Change.Taken(command.getCommandId()));
    }

    private static void add(Draft<Counter, Change, Alarm> draft, int amount) {
        int total = draft.state().total() + amount;
        draft.change(new Change.Logged(new Added(amount, total)));
        if (total >= LIMIT) {
            draft.order(new Alarm(total));
            empty(draft, "full");
        }
    }

    private static void empty(Draft<Counter, Change, Alarm> draft, String reason) {
        if (draft.state().total() > 0) {
            draft.change(new Change.Logged(new Emptied(reason)));
        }
    }

    Counter evolve(Change change) {
        return switch (change) {
            case Change.Logged(Added added) -> new Counter(sequence + 1, added.getTotal(), lastCommand);
            case Change.Logged(Emptied _) -> new Counter(sequence + 1, 0, lastCommand);
            case Change.Logged(Unknown _) -> new Counter(sequence + 1, total, lastCommand);
            case Change.Taken(String commandId) -> new Counter(sequence, total, commandId);
        };
    }

    /** A counter that nobody adds to is emptied. */
    @Nullable
    Deadline<Input> deadline() {
        return total == 0
                ? null
                : new Deadline<>(new Cause<>(new Input.Unused(sequence), "unused/" + sequence), UNUSED);
    }
}
