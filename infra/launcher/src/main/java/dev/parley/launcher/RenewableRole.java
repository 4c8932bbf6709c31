package dev.parley.launcher;

import dev.parley.schemas.Role;
import java.util.function.Supplier;

/** A role that can be ended and begun anew while the process lives. */
final class RenewableRole implements Role {

    private final Supplier<Role> starting;
    private volatile Role current;
    private boolean closed;

    /** Starts the role. */
    RenewableRole(Supplier<Role> starting) {
        this.starting = starting;
        this.current = starting.get();
    }

    /** Ends the role and starts it again; without effect once it is closed. */
    synchronized void renew() {
        if (!closed) {
            current.close();
            current = starting.get();
        }
    }

    @Override
    public String name() {
        return current.name();
    }

    @Override
    public Health health() {
        return current.health();
    }

    @Override
    public synchronized void close() {
        closed = true;
        current.close();
    }
}
