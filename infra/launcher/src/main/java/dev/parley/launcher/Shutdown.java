package dev.parley.launcher;

import dev.parley.topologies.nativework.NativeWork;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a process that serves, in order: what was started last stops first, once, whether Ctrl-C, SIGTERM or a failed start
 * asks for it.
 *
 * <p>The signals are taken before the virtual machine acts on them. Left to itself it runs all shutdown hooks at once, while
 * every other thread goes on; one of the hooks is ONNX Runtime's, which takes away what a thread that embeds is standing on,
 * and the process ends in a crash. Here the virtual machine's own shutdown begins when everything is closed and no
 * {@linkplain NativeWork native code} is under way.
 *
 * <pre>
 *   signal ──▶ asked ──▶ the start is interrupted, or the waiting ends
 *                                      │
 *                                      ▼  on the thread that started
 *                        parts closed, last first ──▶ native code awaited ──▶ exit
 * </pre>
 *
 * <p>One thread owns it: it starts the parts, waits, and closes them. Signals come on threads of their own.
 */
final class Shutdown {

    /** For all of it, from the signal on; each part has a bound of its own, and this is for what exceeds them. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** To load the model takes seconds, on a machine that is busy some more. */
    private static final Duration NATIVE_LIMIT = Duration.ofSeconds(20);

    private record Part(AutoCloseable part, String name) {}

    /** What a command starts before it waits. */
    interface Start {
        void run() throws InterruptedException;
    }

    private final Console console;
    private final Thread owner = Thread.currentThread();
    private final Deque<Part> parts = new ArrayDeque<>();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Guarded by this, as is {@link #starting}. */
    private @Nullable EndSignal asked;

    private boolean starting = true;

    private Shutdown(Console console) {
        this.console = console;
    }

    /** Of the calling thread. Must come before anything is started that has to be stopped. */
    static Shutdown onSignal(Console console) {
        Shutdown shutdown = new Shutdown(console);
        EndSignal.handleAll(shutdown::ask);
        return shutdown;
    }

    /** How processes end whose command has nothing to close: as the virtual machine would, but not in native code. */
    static void guardOthers() {
        EndSignal.handleAll(signal -> {
            awaitNativeCode(new Console());
            System.exit(signal.exitStatus());
        });
    }

    /**
     * Starts, waits until the end is asked for, and closes what was handed over.
     *
     * @return the exit status
     * @throws InterruptedException where nobody asked for the end
     */
    int run(Start start) throws InterruptedException {
        try {
            start.run();
            awaitAsked();
        } catch (RuntimeException | InterruptedException e) {
            if (signal() == null) {
                throw e;
            }
            // Whatever comes of a start that was interrupted is no news to whoever asked for that.
        } finally {
            stop();
        }
        return Objects.requireNonNull(signal(), "else it waits").exitStatus();
    }

    /**
     * Has {@code part} closed at the end.
     *
     * @throws InterruptedException where the end was asked for meanwhile; it is closed like the others
     */
    <T extends AutoCloseable> T close(T part, String name) throws InterruptedException {
        parts.push(new Part(part, name));
        if (signal() != null) {
            throw new InterruptedException("stopped while starting");
        }
        return part;
    }

    private synchronized @Nullable EndSignal signal() {
        return asked;
    }

    private synchronized void awaitAsked() throws InterruptedException {
        starting = false;
        while (asked == null) {
            wait();
        }
    }

    /** On the thread of a signal. A second one changes nothing. */
    private void ask(EndSignal signal) {
        synchronized (this) {
            if (asked != null) {
                return;
            }
            asked = signal;
            notifyAll();
            if (starting) {
                owner.interrupt();
            }
        }
        console.progress("Stopping …");
        try {
            if (!ended.await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                console.progress("not stopped after " + LIMIT.toSeconds() + " s: ending as it is");
                Runtime.getRuntime().halt(signal.exitStatus());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stop() {
        synchronized (this) {
            starting = false;
            if (asked == null && !parts.isEmpty()) {
                console.progress("Stopping …");
            }
        }
        // Closing waits, which an interrupted thread does not.
        boolean interrupted = Thread.interrupted();
        parts.forEach(this::closeQuietly);
        awaitNativeCode(console);
        ended.countDown();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeQuietly(Part part) {
        try {
            part.part().close();
        } catch (Exception e) {
            console.progress("could not stop " + part.name() + " cleanly: " + e);
        }
    }

    private static void awaitNativeCode(Console console) {
        try {
            List<String> left = NativeWork.ofProcess().finish(NATIVE_LIMIT);
            if (!left.isEmpty()) {
                console.progress("ending in the middle of " + String.join(", ", left));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
