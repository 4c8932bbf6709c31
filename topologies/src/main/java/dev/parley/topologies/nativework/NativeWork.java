package dev.parley.topologies.nativework;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Native code that is under way, and a gate before it.
 *
 * <p>When a process exits, libraries take down what their code stands on: ONNX Runtime in a shutdown hook, others in
 * destructors that the C library runs. A thread that is still inside then runs into freed memory, and the process ends in a
 * crash instead. So whoever calls into such a library begins a {@link Section} before and closes it after, and whoever ends the
 * process calls {@link #finish} first.
 *
 * <p>Thread-safe. A section costs a few dozen nanoseconds, and belongs around calls that take milliseconds.
 */
public final class NativeWork {

    /** Libraries and their state belong to the process, and so does this. */
    private static final NativeWork OF_PROCESS = new NativeWork();

    /** Guarded by this. */
    private final List<Section> underWay = new ArrayList<>();

    private boolean finished;

    /** A stretch of native code, from its beginning until it is closed, by any thread. Closing again changes nothing. */
    public final class Section implements AutoCloseable {

        private final String name;

        private Section(String name) {
            this.name = name;
        }

        @Override
        public void close() {
            end(this);
        }
    }

    /** Nothing new is begun: the process ends. */
    public static final class ProcessEndsException extends IllegalStateException {

        private static final long serialVersionUID = 1L;

        ProcessEndsException(String name) {
            super("the process ends: " + name + " is not begun any more");
        }
    }

    NativeWork() {}

    /** That of this process, from its start to its end. */
    public static NativeWork ofProcess() {
        return OF_PROCESS;
    }

    /**
     * Begins a stretch of native code.
     *
     * @param name what it is, for whoever waits for it in vain
     * @throws ProcessEndsException once {@link #finish} was called
     */
    public synchronized Section begin(String name) {
        if (finished) {
            throw new ProcessEndsException(name);
        }
        Section section = new Section(name);
        underWay.add(section);
        return section;
    }

    private synchronized void end(Section section) {
        if (underWay.remove(section) && underWay.isEmpty()) {
            notifyAll();
        }
    }

    /**
     * Lets nothing begin any more, and waits until what is under way has ended.
     *
     * @return the names of what has not ended within {@code limit}, the oldest first
     */
    public synchronized List<String> finish(Duration limit) throws InterruptedException {
        finished = true;
        long deadline = System.nanoTime() + limit.toNanos();
        for (long left = limit.toNanos(); !underWay.isEmpty() && left > 0; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return underWay.stream().map(section -> section.name).toList();
    }
}
