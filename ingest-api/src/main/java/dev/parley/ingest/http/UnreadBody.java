package dev.parley.ingest.http;

import io.javalin.http.Context;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/**
 * What is left to come of the body of a request that was refused. A connection that is closed on a caller who is still sending
 * tells it of a broken connection instead of the refusal: many read an answer only when they have sent all. So the answer is
 * sent, and then the rest is read, within bounds; where that is little, the connection stays for the next request.
 */
final class UnreadBody {

    private static final String BEGUN = "parley.body-begun";

    /** Reading so much costs no more than another connection. */
    private static final int SMALL_BYTES = Admission.MAX_BODY_BYTES;

    private static final long MAX_BYTES = 1024L * 1024 * 1024;
    private static final Duration LIMIT = Duration.ofSeconds(15);

    /** A caller who stops sending for so long is not waited for. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    /** Bodies at the same time; what is more than that has its connection closed on it. */
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
            ServletInputStream body = ctx.req().getInputStream();
            if (!body.isFinished() && LINGERING.tryAcquire()) {
                try {
                    linger(ctx, body, declared >= 0 && declared <= SMALL_BYTES);
                } finally {
                    LINGERING.release();
                }
            }
        } catch (IOException e) {
            // The caller has left; there is nobody to tell.
        }
    }

    private static void linger(Context ctx, InputStream body, boolean stays) throws IOException {
        if (!stays) {
            ctx.header("Connection", "close");
        }
        try (InputStream answer = result(ctx)) {
            byte[] bytes = answer.readAllBytes();
            ctx.res().setContentLength(bytes.length);
            ctx.res().getOutputStream().write(bytes);
            ctx.res().flushBuffer();
        }
        ctx.result(new byte[0]);
        EndPoint connection = ServletContextRequest.getServletContextRequest(ctx.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint();
        long usual = connection.getIdleTimeout();
        connection.setIdleTimeout(SILENCE.toMillis());
        try {
            passOver(body);
        } finally {
            connection.setIdleTimeout(usual);
        }
    }

    private static InputStream result(Context ctx) {
        @Nullable InputStream result = ctx.resultInputStream();
        return result == null ? InputStream.nullInputStream() : result;
    }

    private static void passOver(InputStream body) throws IOException {
        byte[] scratch = new byte[64 * 1024];
        long deadline = System.nanoTime() + LIMIT.toNanos();
        long left = MAX_BYTES;
        for (int read = 0; read >= 0 && left > 0 && System.nanoTime() - deadline < 0; read = body.read(scratch)) {
            left -= read;
        }
    }
}
