package dev.parley.llm.stream;

/**
 * One event of a stream.
 *
 * @param type {@code message} where the stream names none
 * @param data its lines, joined by line feeds
 * @param lastEventId the latest id that the stream gave; empty where it gave none
 */
public record SseEvent(String type, String data, String lastEventId) {}
