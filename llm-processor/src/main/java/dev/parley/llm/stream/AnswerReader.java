package dev.parley.llm.stream;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Reads the events of one answer in a model server's protocol. One thread. */
public sealed interface AnswerReader permits ChatCompletionReader, MessagesReader {

    /**
     * What an event says, in order; nothing where it says nothing that counts.
     *
     * @throws UnreadableEventException where it cannot be read: the answer has a hole from here on
     */
    List<ModelEvent> read(SseEvent event);

    /**
     * What an answer says that came in one piece, though a stream was asked for, up to its end; nothing where {@code json} is
     * no such answer.
     */
    List<ModelEvent> readWhole(JsonNode json);

    /**
     * What is known to be whole only now that the answer is. Once.
     *
     * @throws UnreadableEventException where it does not make a whole
     */
    List<ModelEvent> whole();

    /** Events by which servers show that they live, whatever their data says. */
    static boolean isSignOfLife(SseEvent event) {
        return switch (event.type()) {
            case "ping", "heartbeat", "keepalive", "keep-alive" -> true;
            default -> false;
        };
    }

    /** Whether {@code data} is the end of a stream, which gateways put in quotes or in small letters. */
    static boolean isDone(String data) {
        return data.equalsIgnoreCase("[DONE]") || data.equalsIgnoreCase("\"[DONE]\"");
    }

    /** An event of a stream is not what its protocol knows. */
    final class UnreadableEventException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String detail;

        /**
         * @param detail for the caller to read; without what was said
         */
        UnreadableEventException(String detail) {
            super(detail);
            this.detail = detail;
        }

        public String detail() {
            return detail;
        }
    }
}
