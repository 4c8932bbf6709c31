package dev.parley.faults;

import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.net.URI;
import java.util.List;

/** A Parley that runs, as its users, its model and the checker know it. */
interface Installation extends AutoCloseable {

    KafkaSettings kafka();

    Topics topics();

    String jdbcUrl();

    ScriptedModelServer model();

    /** The addresses of its front doors, in an order that stays. */
    List<URI> fronts();

    /** Brings back what was killed, stopped or shut down, and waits until all of it works. */
    void heal();

    /** Has its folder with the logs stay after the end. */
    void keepLogs();

    /** Leaves nothing behind, but for logs that are to be kept. */
    @Override
    void close();
}
