package dev.parley.llm.model;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Closes a model's stream that has meant nothing for too long, so that its reader fails instead of waiting for ever. What
 * counts is meaning, not bytes: a server that sends comments and no tokens is silent. One watch serves all streams.
 */
final class StreamWatch implements AutoCloseable {

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("model-stream-watch").daemon().factory());

    /**
     * Watches {@code body} until it is closed itself.
     *
     * @param sinceNanos from when on it is silent
     * @param first how long it may be, until there is any progress
     */
    Watched over(ResponseBody body, long sinceNanos, Duration first) {
        return new Watched(body, sinceNanos, first);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /** A stream was closed for its silence. */
    static final class SilentStreamException extends IOException {
        private static final long serialVersionUID = 1L;

        private final Duration limit;

        SilentStreamException(Duration limit) {
            super("silent for " + limit);
            this.limit = limit;
        }

        Duration limit() {
            return limit;
        }
    }

    /** One stream. Its reader alone tells of progress. */
    final class Watched implements AutoCloseable {
        private static final long SHORTEST_LOOK_MILLIS = 20;
        private static final long LONGEST_LOOK_MILLIS = 1_000;

        private final ResponseBody body;
        private volatile long sinceNanos;
        private volatile Duration limit;
        /** Whether its reader waits for the server; a reader that is kept by others is not kept by the server. */
        private volatile boolean waiting;

        private ScheduledFuture<?> looks;

        private Watched(ResponseBody body, long sinceNanos, Duration first) {
            this.body = body;
            this.sinceNanos = sinceNanos;
            this.limit = first;
            this.looks = scheduled(first);
        }

        private ScheduledFuture<?> scheduled(Duration patience) {
            long period = Math.clamp(patience.toMillis() / 4, SHORTEST_LOOK_MILLIS, LONGEST_LOOK_MILLIS);
            return clock.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
        }

        private void look() {
            if (waiting && System.nanoTime() - sinceNanos > limit.toNanos()) {
                body.fail(new SilentStreamException(limit));
            }
        }

        /** The reader waits for the server from now on. */
        void waits() {
            waiting = true;
        }

        /** The server has sent something, whatever it is worth. */
        void works() {
            waiting = false;
        }

        /** What it sent meant something: from now on it may be silent for {@code next}. */
        void progressed(Duration next) {
            sinceNanos = System.nanoTime();
            if (!next.equals(limit)) {
                limit = next;
                looks.cancel(false);
                looks = scheduled(next);
            }
        }

        @Override
        public void close() {
            looks.cancel(false);
        }
    }
}
