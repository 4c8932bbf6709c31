package dev.parley.launcher;

import java.util.function.Consumer;
import org.jline.utils.Signals;

/**
 * What asks a process to end: its terminal goes away, somebody presses Ctrl-C, or an operator, a script or a container wants
 * it.
 */
enum EndSignal {
    HUP(1),
    INT(2),
    TERM(15);

    private static final int KILLED = 128;

    private final int number;

    EndSignal(int number) {
        this.number = number;
    }

    /** The status that a shell reports of a process which the signal ended, and which the virtual machine exits with. */
    int exitStatus() {
        return KILLED + number;
    }

    /**
     * Has {@code handler} told of each of them, on a thread of its own each time, in place of whoever was told before. One that
     * this process was started to ignore, as {@code nohup} does, stays ignored.
     */
    static void handleAll(Consumer<EndSignal> handler) {
        for (EndSignal signal : values()) {
            Signals.register(signal.name(), () -> handler.accept(signal));
        }
    }
}
