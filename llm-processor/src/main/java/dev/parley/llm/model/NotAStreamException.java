package dev.parley.llm.model;

import java.io.IOException;

/** A model server answered with success, and with something else than an event stream. */
final class NotAStreamException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String detail;

    /**
     * @param status what there is to say of it, with what parts it from the rest; empty for 200
     * @param contentType as the server calls it
     * @param words its first, for a person to read
     */
    NotAStreamException(String status, String contentType, String words) {
        super("no event stream");
        this.detail = "the model server answered with " + status + contentType + " in place of an event stream"
                + (words.isEmpty() ? ", and nothing in it" : ": " + words);
    }

    String detail() {
        return detail;
    }
}
