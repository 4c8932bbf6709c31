package dev.parley.llm.model;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Closes a model's stream that has been silent for too long, so that its reader fails instead of waiting for ever. One
 * watch serves all streams.
 */
final class StreamWatch implements AutoCloseable {

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("model-stream-watch").daemon().factory());

    /**
     * {@code stream}, which is closed when it is silent for too long; its read then fails as timed out.
     *
     * @param first how long it may say nothing at the beginning
     * @param later how long it may say nothing after its first byte
     */
    InputStream over(InputStream stream, Duration first, Duration later) {
        return new Watched(stream, first, later);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /** Raised by a read of a stream that was closed for its silence. */
    static final class SilentStreamException extends UncheckedIOException {
        private static final long serialVersionUID = 1L;

        SilentStreamException(IOException cause) {
            super(cause);
        }
    }

    private final class Watched extends FilterInputStream {
        private final ScheduledFuture<?> check;
        private final Duration later;
        private volatile Duration limit;
        private volatile long lastByteNanos = System.nanoTime();
        private volatile boolean timedOut;

        Watched(InputStream stream, Duration first, Duration later) {
            super(stream);
            this.limit = first;
            this.later = later;
            long period = Math.clamp(Math.min(first.toMillis(), later.toMillis()) / 4, 20, 1_000);
            check = clock.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
        }

        private void look() {
            if (System.nanoTime() - lastByteNanos > limit.toNanos()) {
                timedOut = true;
                check.cancel(false);
                try {
                    in.close();
                } catch (IOException e) {
                    // The reader finds out by itself.
                }
            }
        }

        @Override
        public int read() throws IOException {
            try {
                return seen(in.read());
            } catch (IOException e) {
                throw explained(e);
            }
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return seen(in.read(bytes, offset, length));
            } catch (IOException e) {
                throw explained(e);
            }
        }

        private int seen(int read) throws IOException {
            if (timedOut) {
                throw new SilentStreamException(new IOException("closed for silence"));
            }
            lastByteNanos = System.nanoTime();
            limit = later;
            return read;
        }

        private IOException explained(IOException e) {
            if (timedOut) {
                throw new SilentStreamException(e);
            }
            return e;
        }

        @Override
        public void close() throws IOException {
            check.cancel(false);
            super.close();
        }
    }
}
