package dev.parley.llm.model;

import java.io.IOException;

/** No model is named, and the model server lists none. */
final class NoModelException extends IOException {
    private static final long serialVersionUID = 1L;
}
