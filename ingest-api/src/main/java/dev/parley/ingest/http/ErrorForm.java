package dev.parley.ingest.http;

import io.javalin.http.Context;

/** The form in which a protocol tells what went wrong. */
public interface ErrorForm {

    /** What its paths begin with, such as {@code /v1/}: below that all is told in this form, be there anything or not. */
    String prefix();

    /** Puts a problem into an answer that has its status: the form's own headers, the content type and the body. */
    void write(Context ctx, ProblemException problem);
}
