package dev.parley.ingest.http;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** What every protocol's calls go through: admission, and a request that knows who calls. */
public final class Serving {

    private final Access access;
    private final Admission admission;
    private final boolean strict;
    private final FileLimits files;

    /**
     * The way of all calls of one server.
     *
     * @param strict whether what means nothing here is refused
     */
    public Serving(Access access, Admission admission, boolean strict, FileLimits files) {
        this.access = access;
        this.admission = admission;
        this.strict = strict;
        this.files = files;
    }

    /** Who may call, for connections that are no calls. */
    public Access access() {
        return access;
    }

    /**
     * A frame of a connection that is no call, read as a body is: what means nothing here is refused or passed over, for there are
     * no headers to name it in. A {@link Call} for it takes the files that it brought along.
     */
    public JsonBody frame(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return JsonBody.of(bytes, strict ? Unused.refused() : Unused.passedOver(), new Enclosures(files));
    }

    /**
     * Keeps room for what a frame of so many characters holds, until that is given back.
     *
     * @throws ProblemException {@code overloaded} where there is none
     */
    public Admission.Room room(String frame) {
        return admission.room(frame.length());
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

    /**
     * A call.
     *
     * @param parameters of the URL that it has
     */
    public Handler call(Call call, String... parameters) {
        return checked(admission.admitted(ctx -> call.serve(ctx, request(ctx))), parameters);
    }

    /** Whoever may not call at all is told that first. */
    private Handler checked(Handler handler, String... parameters) {
        Set<String> known = Set.of(parameters);
        return ctx -> {
            String _ = access.tenant(ctx);
            Request.checkQuery(ctx, known);
            handler.handle(ctx);
        };
    }

    /** Only taking the call in counts as a request being served: its stream has a bound of its own, the edge's. */
    public Handler streamed(Streamed call, String... parameters) {
        return checked(
                ctx -> {
                    Reply[] reply = {Reply.SENT};
                    admission
                            .admitted(any -> reply[0] = call.take(ctx, request(ctx)))
                            .handle(ctx);
                    if (ctx.method().equals(HandlerType.HEAD) && !(reply[0] instanceof Reply.Sent)) {
                        EventStreamHeaders.addTo(ctx); // Whoever asks for headers alone is not told a whole answer.
                    } else {
                        reply[0].send();
                    }
                },
                parameters);
    }

    /** Streams are not counted as requests. They take tickets, of which one look is the last: so the parameters come first. */
    public Handler stream(Call call, String... parameters) {
        Set<String> known = Set.of(parameters);
        return ctx -> {
            Request.checkQuery(ctx, known);
            call.serve(ctx, request(ctx));
        };
    }

    private Request request(Context ctx) {
        return new Request(ctx, access, admission, strict, files);
    }
}
