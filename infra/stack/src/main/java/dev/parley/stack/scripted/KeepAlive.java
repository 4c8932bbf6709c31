package dev.parley.stack.scripted;

import java.time.Duration;

/** What servers send so that nobody takes them for gone. */
final class KeepAlive {

    static final Piece COMMENT = new Piece.Raw(": keep-alive\n\n");

    private static final Duration EVERY = Duration.ofMillis(250);

    static final Piece FOREVER = forever(COMMENT);

    private KeepAlive() {}

    static Piece forever(Piece piece) {
        return new Piece.Forever(piece, EVERY);
    }
}
