package dev.parley.faults;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;

/** What a process tells operators on its port for health and metrics. Thread-safe. */
final class Operations {

    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    private final int port;

    Operations(int port) {
        this.port = port;
    }

    int port() {
        return port;
    }

    /**
     * Waits until a process, whose port this is, does its work.
     *
     * @param logs where to look when it does not
     */
    void awaitReady(JavaProcess process, Path logs) {
        long deadline = System.nanoTime() + READY.toNanos();
        while (!isReady()) {
            if (!process.isAlive()) {
                throw new IllegalStateException(process + " ended while starting; see " + logs);
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        process + " is not ready after " + READY.toSeconds() + " s: " + text("/health/ready"));
            }
            Cluster.pause(PAUSE);
        }
    }

    private boolean isReady() {
        try {
            return HTTP.send(request("/health/ready"), HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** The sum of a metric's samples whose line, name and labels, begins like this. */
    double metric(String prefix) {
        return text("/metrics")
                .lines()
                .filter(line -> line.startsWith(prefix))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private String text(String path) {
        try {
            return HTTP.send(request(path), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(5))
                .build();
    }
}
