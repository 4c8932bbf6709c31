package dev.parley.llm.model;

import java.io.IOException;

/** A model server compressed its answer in a way that it was not asked for. */
final class UnreadableEncodingException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String encoding;

    UnreadableEncodingException(String encoding) {
        super("compressed by " + encoding);
        this.encoding = encoding;
    }

    String encoding() {
        return encoding;
    }
}
