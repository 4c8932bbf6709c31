package dev.parley.stack.scripted;

import java.time.Duration;

/** One step of a streamed answer, in the order in which it is played. */
sealed interface Piece {

    Piece DUE = new Due();
    Piece SENT = new Sent();
    Piece ANSWERED = new Answered();
    Piece LAST_CHUNK = new LastChunk();
    Piece CLOSE = new Close();
    Piece RESET = new Reset();
    Piece HANG = new Hang();

    /** What an event is for. */
    enum Part {
        /** Before anything is said: Anthropic's {@code message_start}. */
        BEGIN,
        /** The beginning or the end of one of Anthropic's blocks that is no call of a tool. */
        BLOCK,
        /** A piece of text or of reasoning. */
        SAYS,
        /** A piece of a tool call. */
        CALLS,
        /** Why the answer ends. */
        FINISH,
        /** Tokens. */
        USAGE,
        /** The protocol's end: {@code [DONE]}, {@code message_stop}. */
        DONE,
        /** What a quirk adds. */
        OTHER
    }

    /** Waits until the next delta is due. */
    record Due() implements Piece {}

    /** A delta of the script is out. */
    record Sent() implements Piece {}

    /** What follows are the last bytes: a client that leaves from here on has the whole answer. */
    record Answered() implements Piece {}

    /** An event. {@code name} is that of its {@code event:} line; empty: it has none. */
    record Event(Part part, String name, String data) implements Piece {}

    /** These characters between two events, with their own line ends. */
    record Raw(String text) implements Piece {}

    /** The first bytes of an event; {@code inCharacter}: cut within a character, where it has one of several bytes. */
    record Cut(Event event, boolean inCharacter) implements Piece {}

    record Pause(Duration time) implements Piece {}

    /** The same again and again, until the client goes. */
    record Forever(Piece piece, Duration every) implements Piece {}

    /** Ends the body as its encoding has it. */
    record LastChunk() implements Piece {}

    /** Closes the connection, whatever has been sent. */
    record Close() implements Piece {}

    /** Resets the connection. */
    record Reset() implements Piece {}

    /** Nothing more, until the client goes. */
    record Hang() implements Piece {}
}
