package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.Optional;

/**
 * What became of a message.
 *
 * @param before sequence of the last event before it: a stream from there shows the whole turn
 * @param accepted its acceptance, where known
 * @param rejected its rejection, where known
 * @param started the start of its turn, where known
 * @param end the end of its turn or its rejection, where it came in time
 */
public record Submission(
        long before,
        Optional<ConversationEvent> accepted,
        Optional<MessageRejected> rejected,
        Optional<ConversationEvent> started,
        Optional<ConversationEvent> end) {

    /** Throws what a rejection says, where the message is known to have been rejected. */
    public void refuseRejected() {
        rejected.ifPresent(event -> {
            throw refusal(event);
        });
    }

    /** What a rejection says. */
    public static ProblemException refusal(MessageRejected rejected) {
        return new ProblemException(
                ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INVALID_REQUEST), rejected.getDetail());
    }
}
