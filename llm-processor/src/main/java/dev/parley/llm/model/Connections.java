package dev.parley.llm.model;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The connections to all model servers: one HTTP client with its pools, and one watch over silent streams. Models own none
 * themselves, so one that is no longer used needs no closing.
 */
public final class Connections implements AutoCloseable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http = HttpClient.newBuilder()
            // An upgrade to HTTP/2 in clear text confuses some model servers.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(threads)
            .build();
    private final StreamWatch watch = new StreamWatch();

    /** A call of one generation at {@code server}. */
    ServerCall to(ModelServer server, Cancellation cancellation) {
        return new ServerCall(http, watch, threads, cancellation, server.firstTokenTimeout(), server.idleTimeout());
    }

    @Override
    public void close() {
        watch.close();
        http.shutdownNow();
        threads.shutdownNow();
    }
}
