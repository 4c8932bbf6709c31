package dev.parley.ingest.answer;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.http.Context;
import java.time.Duration;

/** How answers reach their callers: as streams, or whole, once they are there. */
public final class Answering {

    /** As long as OpenAI's and Anthropic's own clients wait by themselves. */
    public static final Duration WAIT = Duration.ofMinutes(10);

    private final EventStreams streams;
    private final Abandoned abandoned;

    public Answering(EventStreams streams, Abandoned abandoned) {
        this.streams = streams;
        this.abandoned = abandoned;
    }

    /**
     * An answer to be streamed.
     *
     * @param before cursor from which all of its turn is told
     */
    public record Told(ConversationKey conversation, String turnId, String before, AnswerEncoding encoding) {}

    /** A stream of an answer that goes on whether or not anybody reads it. */
    public Reply stream(Context ctx, Told told) {
        return () -> {
            SseEdge.End _ = run(ctx, told);
        };
    }

    /**
     * A stream of an answer that is stopped when its last reader leaves.
     *
     * @param keyed whether the request may be on its way again, so that its reader gets a moment to come back
     */
    public Reply streamWhileRead(Context ctx, Told told, boolean keyed) {
        return () -> {
            SseEdge.End _ = abandoned.watch(told.conversation(), told.turnId(), keyed, () -> run(ctx, told));
        };
    }

    /** Tells an answer over a connection; one that is not to go on without a reader is stopped when that leaves. */
    public SseEdge.End tell(Told told, ClientTransport transport, boolean goesOn) {
        Abandoned.Reading<RuntimeException> reading =
                () -> streams.answer(told.conversation(), told.before(), told.encoding(), transport);
        return goesOn ? reading.run() : abandoned.watch(told.conversation(), told.turnId(), false, reading);
    }

    private SseEdge.End run(Context ctx, Told told) throws Exception {
        return streams.answer(ctx, told.conversation(), told.before(), told.encoding());
    }

    /** The end of a turn that was waited for; throws where it did not come, or is a failure or rejection. */
    public static ConversationEvent end(Submission submission) {
        submission.refuseRejected();
        ConversationEvent end = submission
                .end()
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.TURN_TIMEOUT,
                        "the answer is not there yet: repeat the request with its Idempotency-Key"));
        if (end.getBody() instanceof TurnFailed failed) {
            // A caller who waits for an answer and gets none is to see that from the status.
            throw UpstreamHeaders.problem(failed);
        }
        return end;
    }
}
