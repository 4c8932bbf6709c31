package dev.parley.llm.model;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** What a server that is slow does between two bytes. */
final class Pause {

    private Pause() {}

    static void of(Duration time) throws InterruptedIOException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    static void until(CountDownLatch event) throws InterruptedIOException {
        try {
            event.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }
}
