package dev.parley.stack;

/** Something else listens on a port that one part of the stack was told to use. */
public final class PortTakenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int port;

    PortTakenException(int port, String what) {
        super("port " + port + ", meant for " + what + ", is taken by another process");
        this.port = port;
    }

    public int port() {
        return port;
    }
}
