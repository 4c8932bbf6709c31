package dev.parley.faults.simulation;

import org.jspecify.annotations.Nullable;

/** One answer as a client shows it. */
final class Shown {

    final String messageId;
    final StringBuilder text = new StringBuilder();

    @Nullable
    String turnId;

    int attempt;
    int nextSeq;

    /** How it ended, such as {@code message.completed}; null while it runs. */
    @Nullable
    String ending;

    Shown(String messageId) {
        this.messageId = messageId;
    }

    void clear() {
        text.setLength(0);
        nextSeq = 0;
    }

    void end(String how, String content) {
        clear();
        text.append(content);
        ending = how;
    }
}
