package dev.parley.stack;

import org.jspecify.annotations.Nullable;

/** The cluster or registry cannot be brought to what the catalogue says; the message names what is in the way. */
public final class ProvisioningException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ProvisioningException(String message) {
        super(message);
    }

    ProvisioningException(String message, @Nullable Throwable cause) {
        super(cause == null ? message : message + ": " + cause.getMessage(), cause);
    }
}
