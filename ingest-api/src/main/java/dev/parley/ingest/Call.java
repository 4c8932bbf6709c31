package dev.parley.ingest;

/**
 * Who asks, and by what names the request is known.
 *
 * @param commandId of the command that it becomes
 * @param traceparent W3C trace context, the caller's or a new one
 */
record Call(String tenant, String commandId, String traceparent) {}
