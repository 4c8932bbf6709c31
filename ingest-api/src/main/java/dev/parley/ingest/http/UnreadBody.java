package dev.parley.ingest.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.jspecify.annotations.Nullable;

/**
 * What is left to come of the body of a request that was refused. A connection that is closed on a caller who is still sending
 * tells it of a broken connection instead of the refusal: many read an answer only when they have sent all. So a small rest is
 * read, and the connection stays; of a large one the answer is sent first, and the rest read, within bounds, before the
 * connection ends.
 */
final class UnreadBody {

    private static final String BEGUN = "parley.body-begun";

    /** Reading so much costs less than another connection. */
    private static final int SMALL_BYTES = Admission.MAX_BODY_BYTES;

    private static final long MAX_BYTES = 1024L * 1024 * 1024;
    private static final Duration LIMIT = Duration.ofSeconds(15);

    /** A caller who stops sending for so long is not waited for. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    /** Large ones at the same time; what is more than that has its connection closed on it. */
    private static final Semaphore LINGERING = new Semaphore(256);

    private UnreadBody() {}

    /** Notes that somebody began to read the body, so that a caller who waits to be asked for it has been. */
    static void isBegun(Context ctx) {
        ctx.attribute(BEGUN, true);
    }

    /** Sees to it that the caller can read the answer that {@code ctx} holds. */
    static void passOver(Context ctx) {
        long declared = ctx.req().getContentLengthLong();
        boolean none = declared == 0 || (declared < 0 && ctx.header("Transfer-Encoding") == null);
        // One that waits to be asked for its body reads the answer instead of sending it.
        boolean waits = ctx.header("Expect") != null && ctx.attribute(BEGUN) == null;
        if (none || waits) {
            return;
        }
        try {
            InputStream body = ctx.req().getInputStream();
            if (declared <= SMALL_BYTES && isReadWithin(body, SMALL_BYTES, Long.MAX_VALUE)) {
                return;
            }
            if (LINGERING.tryAcquire()) {
                try {
                    linger(ctx, body);
                } finally {
                    LINGERING.release();
                }
            }
        } catch (IOException e) {
            // The caller has left; there is nobody to tell.
        }
    }

    private static void linger(Context ctx, InputStream body) throws IOException {
        ctx.header("Connection", "close");
        try (InputStream answer = result(ctx)) {
            byte[] bytes = answer.readAllBytes();
            ctx.res().setContentLength(bytes.length);
            ctx.res().getOutputStream().write(bytes);
            ctx.res().flushBuffer();
        }
        ctx.result(new byte[0]);
        ServletContextRequest.getServletContextRequest(ctx.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .setIdleTimeout(SILENCE.toMillis());
        boolean _ = isReadWithin(body, MAX_BYTES, System.nanoTime() + LIMIT.toNanos());
    }

    private static InputStream result(Context ctx) {
        @Nullable InputStream result = ctx.resultInputStream();
        return result == null ? InputStream.nullInputStream() : result;
    }

    /** Reads to the end, unless that is further than {@code bytes}, or later than {@code deadline} by the monotonic clock. */
    private static boolean isReadWithin(InputStream body, long bytes, long deadline) throws IOException {
        byte[] scratch = new byte[64 * 1024];
        long left = bytes;
        int read = body.read(scratch);
        while (read >= 0 && left > 0 && (deadline == Long.MAX_VALUE || System.nanoTime() - deadline < 0)) {
            left -= read;
            read = body.read(scratch);
        }
        return read < 0;
    }
}
