package dev.parley.schemas;

/**
 * A part of Parley that runs: started by its module's factory, ended by {@link #close()}, which returns within seconds
 * and leaves no thread behind.
 */
public interface Role extends AutoCloseable {

    /** A short name for logs, metrics and health, such as {@code postgres-sink}. */
    String name();

    Health health();

    /** Whether it can do no work again before its process is started anew; one that waits for others can. */
    default boolean hasDied() {
        return false;
    }

    @Override
    void close();

    /**
     * Whether a role does its work now.
     *
     * @param detail what it waits for, or what it is doing, for a person to read
     */
    record Health(boolean ready, String detail) {}
}
