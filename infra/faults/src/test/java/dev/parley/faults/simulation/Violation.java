package dev.parley.faults.simulation;

import org.jspecify.annotations.Nullable;

/** Something that must never be true of Parley, is. */
final class Violation extends AssertionError {

    private static final long serialVersionUID = 1L;

    Violation(String what) {
        super(what);
    }

    @SuppressWarnings("AnnotateFormatMethod") // The annotation is in a library that nothing else here needs.
    static void unless(boolean holds, String what, @Nullable Object... about) {
        if (!holds) {
            throw new Violation(what.formatted(about));
        }
    }
}
