package dev.parley.sinks.feed;

/**
 * One feed event with its cursor, and its form on the way to clients, which is made once however many clients read it.
 *
 * @param cursor after this event: what a client presents to go on from here
 * @param encoded as the {@link FrameEncoder} made it; shared, never to be written to
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes on their way to sockets: compared by nobody.
public record Frame(FeedEvent event, String cursor, byte[] encoded) {}
