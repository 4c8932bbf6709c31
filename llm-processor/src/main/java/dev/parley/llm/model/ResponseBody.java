package dev.parley.llm.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A response's body in the order in which the network had it: what came before the connection broke is read first, and only
 * then is it known to be broken. The JDK's own stream forgets what it holds as soon as the connection breaks, the end of the
 * protocol included. Read by one thread; closed and failed by any.
 */
final class ResponseBody extends InputStream {

    private final Deque<ByteBuffer> buffers = new ArrayDeque<>();
    private Flow.@Nullable Subscription subscription;
    private @Nullable IOException failure;
    private boolean ended;
    private boolean closed;

    /** Fills it. */
    HttpResponse.BodySubscriber<ResponseBody> subscriber() {
        return new Subscriber(this);
    }

    private record Subscriber(ResponseBody body) implements HttpResponse.BodySubscriber<ResponseBody> {
        @Override
        public CompletionStage<ResponseBody> getBody() {
            return CompletableFuture.completedStage(body);
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            body.subscribed(subscription);
        }

        @Override
        public void onNext(List<ByteBuffer> next) {
            body.arrived(next);
        }

        @Override
        public void onError(Throwable error) {
            body.broken(error instanceof IOException io ? io : new IOException(error));
        }

        @Override
        public void onComplete() {
            body.completed();
        }
    }

    private void subscribed(Flow.Subscription next) {
        boolean wanted;
        synchronized (this) {
            wanted = !closed;
            subscription = next;
        }
        if (wanted) {
            next.request(1);
        } else {
            next.cancel();
        }
    }

    private void arrived(List<ByteBuffer> next) {
        boolean empty;
        synchronized (this) {
            next.stream().filter(ByteBuffer::hasRemaining).forEach(buffers::add);
            empty = buffers.isEmpty();
            notifyAll();
        }
        if (empty) {
            more();
        }
    }

    private synchronized void broken(IOException error) {
        failure = failure == null ? error : failure;
        notifyAll();
    }

    private synchronized void completed() {
        ended = true;
        notifyAll();
    }

    private void more() {
        Flow.Subscription current;
        synchronized (this) {
            current = subscription;
        }
        if (current != null) {
            current.request(1);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        int read;
        boolean empty;
        synchronized (this) {
            ByteBuffer first = awaited();
            if (first == null) {
                return -1;
            }
            read = Math.min(length, first.remaining());
            first.get(bytes, offset, read);
            if (!first.hasRemaining()) {
                buffers.removeFirst();
            }
            empty = buffers.isEmpty();
        }
        if (empty) {
            more();
        }
        return read;
    }

    private @Nullable ByteBuffer awaited() throws IOException {
        while (true) {
            if (closed) {
                throw new IOException("closed");
            }
            if (!buffers.isEmpty()) {
                return buffers.getFirst();
            }
            if (failure != null) {
                throw failure;
            }
            if (ended) {
                return null;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    /** Has its reader fail with {@code reason} once it has read what is there, and closes the connection. */
    void fail(IOException reason) {
        broken(reason);
        cancel();
    }

    /** Closes the connection, unless all of the body has come; its reader fails at once. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            buffers.clear();
            notifyAll();
        }
        cancel();
    }

    private void cancel() {
        Flow.Subscription current;
        synchronized (this) {
            current = subscription;
        }
        if (current != null) {
            current.cancel();
        }
    }
}
