package dev.parley.ingest;

/** What is left to do for a request after it has been admitted and taken in: its stream, which has a bound of its own. */
@FunctionalInterface
interface Reply {

    /** Nothing: the answer is complete. */
    Reply SENT = () -> {};

    void send() throws Exception;
}
