package dev.parley.faults;

/** A scenario that cannot be played here, and why. */
final class SkippedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    SkippedException(String why) {
        super(why);
    }
}
