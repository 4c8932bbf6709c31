package dev.parley.launcher;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;

/**
 * Ends the process in order: what was started last stops first, once, whether Ctrl-C, SIGTERM or a failed start asks for
 * it. What is handed over while the end has begun is closed at once.
 */
final class Shutdown {

    private record Part(AutoCloseable part, String name) {}

    private final Console console;
    private final Deque<Part> parts = new ArrayDeque<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private boolean closed;

    private Shutdown(Console console) {
        this.console = console;
    }

    static Shutdown onSignal(Console console) {
        Shutdown shutdown = new Shutdown(console);
        Runtime.getRuntime().addShutdownHook(new Thread(shutdown::stop, "shutdown"));
        return shutdown;
    }

    /** Has {@code part} closed at the end. */
    <T extends AutoCloseable> T close(T part, String name) {
        synchronized (this) {
            if (!closed) {
                parts.push(new Part(part, name));
                return part;
            }
        }
        closeQuietly(new Part(part, name));
        throw new CommandFailedException("stopped while starting");
    }

    /** Waits until the end is asked for. */
    void await() throws InterruptedException {
        asked.await();
    }

    void closeNow() {
        stop();
    }

    private void stop() {
        asked.countDown();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (!parts.isEmpty()) {
                console.progress("Stopping …");
            }
            parts.forEach(this::closeQuietly);
        }
    }

    private void closeQuietly(Part part) {
        try {
            part.part().close();
        } catch (Exception e) {
            console.progress("could not stop " + part.name() + " cleanly: " + e);
        }
    }
}
