package dev.parley.ingest.http;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

/** What every protocol's calls go through: admission, and a request that knows who calls. */
public final class Serving {

    private final Access access;
    private final Admission admission;

    public Serving(Access access, Admission admission) {
        this.access = access;
        this.admission = admission;
    }

    /** Serves one call. */
    @FunctionalInterface
    public interface Call {
        void serve(Context ctx, Request request) throws Exception;
    }

    /** Takes a call in, and says what is left to do for it. */
    @FunctionalInterface
    public interface Streamed {
        Reply take(Context ctx, Request request) throws Exception;
    }

    public Handler call(Call call) {
        return admission.admitted(ctx -> call.serve(ctx, request(ctx)));
    }

    /** Only taking the call in counts as a request being served: its stream has a bound of its own, the edge's. */
    public Handler streamed(Streamed call) {
        return ctx -> {
            Reply[] reply = {Reply.SENT};
            admission.admitted(any -> reply[0] = call.take(ctx, request(ctx))).handle(ctx);
            if (ctx.method().equals(HandlerType.HEAD) && !(reply[0] instanceof Reply.Sent)) {
                EventStreamHeaders.addTo(ctx); // Whoever asks for headers alone is not told a whole answer.
            } else {
                reply[0].send();
            }
        };
    }

    /** Streams are not counted as requests. */
    public Handler stream(Call call) {
        return ctx -> call.serve(ctx, request(ctx));
    }

    private Request request(Context ctx) {
        return new Request(ctx, access, admission);
    }
}
