package dev.parley.config;

/** The topic of configurations cannot be read or written now; the message says why. */
public final class ConfigurationLogException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ConfigurationLogException(String message) {
        super(message);
    }

    ConfigurationLogException(String message, Throwable cause) {
        super(message, cause);
    }
}
