package dev.parley.ingest.http;

/**
 * By what names a request is known on the log.
 *
 * @param commandId of the command that it becomes; the cause of the events that follow from it
 * @param traceparent W3C trace context, the caller's or a new one
 * @param enclosures files that it brought along
 */
public record Call(String commandId, String traceparent, Enclosures enclosures) {

    /** Of a request that brought no files. */
    public Call(String commandId, String traceparent) {
        this(commandId, traceparent, new Enclosures(FileLimits.USUAL));
    }
}
