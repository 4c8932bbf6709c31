package dev.parley.stack;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of the stack did not come up. With several failures the first is the cause, the others are suppressed. */
public final class StackStartException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    StackStartException(String message) {
        super(message);
    }

    StackStartException(String message, @Nullable Throwable cause) {
        super(cause == null ? message : message + ": " + cause.getMessage(), cause);
    }

    /** All of {@code failures} (at least one) as one exception whose message names each. */
    static StackStartException all(List<Throwable> failures) {
        StringBuilder message = new StringBuilder("the stack did not start");
        for (Throwable failure : failures) {
            message.append(System.lineSeparator()).append("  - ").append(failure.getMessage());
        }
        StackStartException exception = new StackStartException(message.toString());
        exception.initCause(failures.getFirst());
        failures.stream().skip(1).forEach(exception::addSuppressed);
        return exception;
    }
}
