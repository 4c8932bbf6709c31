package dev.parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Does the same many times, some at a time, in virtual threads. */
final class Together {

    private Together() {}

    interface Task {
        void run(int index) throws IOException, InterruptedException;
    }

    /** Something that a client does. */
    interface Step {
        void run() throws IOException, InterruptedException;
    }

    /**
     * Runs {@code task} for 0 to {@code count - 1}, {@code width} at a time.
     *
     * @throws IllegalStateException where one failed, when the others are done
     */
    static void run(int width, int count, Task task) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            threads.add(Thread.ofVirtual().name("bench-", i).start(() -> {
                for (int index = next.getAndIncrement(); index < count; index = next.getAndIncrement()) {
                    try {
                        task.run(index);
                    } catch (IOException | InterruptedException | RuntimeException e) {
                        failures.add(e);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.size() + " of " + count + " failed", failures.peek());
        }
    }
}
