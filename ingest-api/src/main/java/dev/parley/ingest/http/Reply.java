package dev.parley.ingest.http;

/** What is left to do for a request after it has been admitted and taken in: its stream, which has a bound of its own. */
@FunctionalInterface
public interface Reply {

    Reply SENT = new Sent();

    /** Nothing: the answer is complete. */
    record Sent() implements Reply {
        @Override
        public void send() {
            // It has been sent.
        }
    }

    void send() throws Exception;
}
