package dev.parley.sinks.sse;

/**
 * One feed event with its cursor, and its form on an SSE stream, which is encoded once however many clients read it.
 *
 * @param id the cursor after this event: what a client presents to go on from here
 * @param sse the whole SSE frame in UTF-8: {@code id}, {@code event} and {@code data} lines and the blank line; shared,
 *     never to be written to
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes on their way to sockets: compared by nobody.
public record Frame(FeedEvent event, String id, byte[] sse) {}
