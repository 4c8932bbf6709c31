package dev.parley.ingest.protocol;

import dev.parley.ingest.http.ErrorForm;
import io.javalin.config.JavalinConfig;
import java.util.List;
import java.util.Optional;

/** A way in which clients speak with this server. */
public interface Protocol extends AutoCloseable {

    /** Adds its calls to a server. */
    void addTo(JavalinConfig config);

    /** The form in which it tells what went wrong; empty for {@code application/problem+json}. */
    default Optional<ErrorForm> errors() {
        return Optional.empty();
    }

    /** Headers of its answers that web pages of other origins may read. */
    default List<String> readableHeaders() {
        return List.of();
    }

    /** Lets connections go that it holds. */
    @Override
    default void close() {}
}
