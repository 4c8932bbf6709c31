package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * How much is served at the same time: requests, bytes of their bodies and of files, and requests that wait for an answer. What
 * is too much is refused at once, so that a caller can go elsewhere while this node still answers quickly.
 */
public final class Admission {

    public static final int MAX_BODY_BYTES = 2 * 1024 * 1024;

    private static final String RESERVED = "parley.reserved-bytes";

    private final Semaphore requests;
    private final int maxBodyBytes;
    private final Semaphore bodyBytes;
    private final Semaphore waiting;

    /**
     * Room for so many requests, of which half may wait for an answer, and for so many bytes of their bodies and of files in
     * answers.
     */
    public Admission(int maxRequests, int maxBodyBytes, MeterRegistry meters) {
        requests = new Semaphore(maxRequests);
        this.maxBodyBytes = maxBodyBytes;
        bodyBytes = new Semaphore(maxBodyBytes);
        waiting = new Semaphore(Math.max(1, maxRequests / 2));
        meters.gauge("parley.http.active", requests, free -> maxRequests - free.availablePermits());
    }

    /** A handler that is served only while there is room. */
    Handler admitted(Handler handler) {
        return ctx -> {
            if (!requests.tryAcquire()) {
                throw overloaded();
            }
            try {
                handler.handle(ctx);
            } finally {
                requests.release();
                Integer reserved = ctx.attribute(RESERVED);
                if (reserved != null) {
                    bodyBytes.release(reserved);
                }
            }
        };
    }

    /**
     * The request's body, which may have so many bytes; they count as taken until the request has been served. Within
     * {@link #admitted} only.
     */
    byte[] body(Context ctx, int maxBytes) {
        long declared = ctx.req().getContentLengthLong();
        if (declared == 0) {
            return new byte[0];
        }
        if (declared > maxBytes) {
            throw tooLarge(maxBytes);
        }
        int reserved = declared < 0 ? Math.min(maxBytes, MAX_BODY_BYTES) : (int) declared;
        reserve(ctx, reserved);
        UnreadBody.isBegun(ctx);
        try {
            InputStream body = ctx.req().getInputStream();
            byte[] bytes = body.readNBytes(reserved + 1);
            // One that does not say how long it is takes room as it comes.
            while (bytes.length > reserved && reserved < maxBytes) {
                int more = Math.min(reserved, maxBytes - reserved);
                reserve(ctx, more);
                reserved += more;
                byte[] next = body.readNBytes(more);
                int length = bytes.length;
                bytes = Arrays.copyOf(bytes, length + next.length);
                System.arraycopy(next, 0, bytes, length, next.length);
            }
            if (bytes.length > maxBytes) {
                throw tooLarge(maxBytes);
            }
            return bytes;
        } catch (IOException e) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "the body did not arrive whole");
        }
    }

    private void reserve(Context ctx, int bytes) {
        if (!bodyBytes.tryAcquire(bytes)) {
            throw overloaded();
        }
        Integer before = ctx.attribute(RESERVED);
        ctx.attribute(RESERVED, before == null ? bytes : before + bytes);
    }

    /** Takes room for so many bytes of an answer; for one that is longer than all bodies may be, all that there is. */
    void takeRoom(Context ctx, int bytes) {
        reserve(ctx, Math.min(bytes, maxBodyBytes));
    }

    /** Gives back what {@code ctx} has taken beyond so many bytes. */
    void keep(Context ctx, long bytes) {
        Integer reserved = ctx.attribute(RESERVED);
        if (reserved != null && reserved > bytes) {
            ctx.attribute(RESERVED, (int) bytes);
            bodyBytes.release(reserved - (int) bytes);
        }
    }

    /** Room that is kept for something until it is closed, once. */
    @FunctionalInterface
    public interface Room extends AutoCloseable {
        @Override
        void close();
    }

    /** Keeps room for so many bytes that did not come as the body of a request. */
    Room room(int bytes) {
        if (!bodyBytes.tryAcquire(bytes)) {
            throw overloaded();
        }
        return () -> bodyBytes.release(bytes);
    }

    /** Whether one more request may wait; if so, {@link #waited} has to follow. */
    public boolean mayWait() {
        return waiting.tryAcquire();
    }

    public void waited() {
        waiting.release();
    }

    /** Waits within {@code served} for as long as that takes, where one more request may wait. */
    public <T> T waiting(Supplier<T> served) {
        if (!mayWait()) {
            throw overloaded();
        }
        try {
            return served.get();
        } finally {
            waited();
        }
    }

    private static ProblemException overloaded() {
        return new ProblemException(ErrorCode.OVERLOADED, "too many requests are being served: try again soon");
    }

    static ProblemException tooLarge(int maxBytes) {
        return new ProblemException(ErrorCode.PAYLOAD_TOO_LARGE, "the body has more than " + maxBytes + " bytes");
    }
}
