package dev.parley.sinks.feed;

/**
 * The form in which clients are sent what the feed tells. Each event is given it once, however many clients read it; the
 * feed asks under its lock, so an answer comes at once. Thread-safe.
 */
public interface FrameEncoder {

    /**
     * An event in its form.
     *
     * @param cursor what a client that has seen the event presents to go on
     */
    Frame encode(FeedEvent event, String cursor);

    /** The frame of the same event under another cursor, as another stream needs it; the event is not encoded anew. */
    Frame under(Frame frame, String cursor);
}
