package dev.parley.launcher;

import org.jspecify.annotations.Nullable;

/**
 * What a client shows of one turn's answer, by the rules of the event stream; fails on a repeat, a hole, or a splice.
 * Survives cuts: feed it the events of one connection after another.
 */
final class ShownMessage {

    private final String turnId;
    private final StringBuilder text = new StringBuilder();
    private int attempt;
    private int nextSeq;
    private int resets;
    private @Nullable String outcome;

    ShownMessage(String turnId) {
        this.turnId = turnId;
    }

    void take(ApiClient.Event event) {
        if (!event.data().path("turnId").asText("").equals(turnId)) {
            return;
        }
        switch (event.type()) {
            case "message.started" -> {
                attempt = event.data().path("attempt").asInt();
                expect(nextSeq == 0 || text.isEmpty(), "a start in mid-text without a reset", event);
                nextSeq = 0;
            }
            case "message.reset" -> {
                text.setLength(0);
                nextSeq = 0;
                resets++;
                attempt = event.data().path("attempt").asInt();
            }
            case "message.snapshot" -> {
                text.setLength(0);
                text.append(event.data().path("text").asText());
                nextSeq = event.data().path("seq").asInt() + 1;
                attempt = event.data().path("attempt").asInt();
            }
            case "message.delta" -> {
                expect(event.data().path("attempt").asInt() == attempt, "a delta of another attempt", event);
                expect(event.data().path("seq").asInt() == nextSeq, "delta " + nextSeq + " expected", event);
                nextSeq++;
                text.append(event.data().path("text").asText(""));
            }
            case "message.completed" -> {
                // A connection without a cursor may begin after the last delta; one with a cursor may not lose any.
                String content = event.data().path("content").asText();
                expect(content.startsWith(text.toString()), "deltas are no preview of the whole", event);
                end("completed", content, event);
            }
            case "turn.failed" -> end("failed", text.toString(), event);
            case "turn.cancelled" ->
                end("cancelled", event.data().path("content").asText(), event);
            default -> {}
        }
    }

    private void end(String how, String content, ApiClient.Event event) {
        expect(outcome == null, "a second end", event);
        outcome = how;
        text.setLength(0);
        text.append(content);
    }

    private static void expect(boolean holds, String otherwise, ApiClient.Event event) {
        if (!holds) {
            throw new AssertionError(otherwise + ": " + event);
        }
    }

    String text() {
        return text.toString();
    }

    int resets() {
        return resets;
    }

    /** {@code completed}, {@code failed} or {@code cancelled}; null while it runs. */
    @Nullable
    String outcome() {
        return outcome;
    }
}
