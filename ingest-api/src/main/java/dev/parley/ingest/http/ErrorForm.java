package dev.parley.ingest.http;

import io.javalin.http.Context;

/** The form in which a protocol tells what went wrong. */
public interface ErrorForm {

    /**
     * Whether a request is told its problems in this form, such as all below {@code /v1/}, be there anything or not. Of two
     * forms the one that is named first counts.
     */
    boolean isFor(Context ctx);

    /** Whether a request is for {@code path}, or for something below it. */
    static boolean isAt(Context ctx, String path) {
        return ctx.path().equals(path) || ctx.path().startsWith(path + "/");
    }

    /** Puts a problem into an answer that has its status: the form's own headers, the content type and the body. */
    void write(Context ctx, ProblemException problem);
}
