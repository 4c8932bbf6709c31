package dev.parley.ingest.http;

/**
 * By what names a request is known on the log.
 *
 * @param commandId of the command that it becomes; the cause of the events that follow from it
 * @param traceparent W3C trace context, the caller's or a new one
 */
public record Call(String commandId, String traceparent) {}
