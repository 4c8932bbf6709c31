package dev.parley.bench;

/** A benchmark cannot run here; the message tells the user why and what to do. */
final class CannotMeasureException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CannotMeasureException(String message) {
        super(message);
    }
}
