package dev.parley.sinks.feed;

/** A cursor that this service did not make, or not for this stream. */
public final class InvalidCursorException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InvalidCursorException(String message) {
        super(message);
    }
}
