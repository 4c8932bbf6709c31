package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a completion of {@code /v1/completions}: its text alone, a refusal included. What fails is told as of a chat
 * completion.
 */
final class CompletionEncoding extends AnswerEncoding {

    /** A client that leaves shows only when something is sent to it, and its generation is to stop then. */
    private static final Duration HEARTBEAT = Duration.ofMillis(250);

    private final String id;
    private final boolean includeUsage;
    private String model;
    private Instant created;

    /**
     * A stream that has told nothing yet.
     *
     * @param model as asked for, until it is known which one answers
     */
    CompletionEncoding(String id, String turnId, String model, Instant created, boolean includeUsage) {
        super(new AnswerReader(turnId), HEARTBEAT);
        this.id = id;
        this.model = model;
        this.created = created;
        this.includeUsage = includeUsage;
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted(var accepted, Instant time) -> created = time;
            case Step.Attempted(int attempt, String engine, String name) -> model = name;
            case Step.Text(String piece) -> piece(piece, null);
            case Step.Refusal(String piece) -> piece(piece, null);
            case Step.Restarted(String reason) ->
                fail(
                        new ProblemException(
                                ErrorCode.STREAM_RESET,
                                "the answer starts again (" + reason
                                        + "): repeat the request, with its Idempotency-Key where it has one"),
                        null);
            case Step.Completed(MessageCompleted completed, Instant time) -> complete(completed);
            case Step.Failed(var failed, Instant time) -> fail(UpstreamHeaders.problem(failed), failed.getUpstream());
            case Step.Cancelled cancelled ->
                fail(new ProblemException(ErrorCode.CANCELLED, "the answer was stopped"), null);
            case Step.Rejected(var rejected) ->
                fail(
                        new ProblemException(
                                ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INTERNAL), rejected.getDetail()),
                        null);
            case Step.Lost(String reason) ->
                fail(new ProblemException(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason), null);
            case Step.Begun _,
                    Step.Retrieved _,
                    Step.Reasoning _,
                    Step.CallBegun _,
                    Step.CallArguments _,
                    Step.Called _ -> {} // It has no words for these.
        }
    }

    private void piece(String text, @Nullable String finishReason) {
        send(SseJson.of(CompletionJson.piece(id, created, model, text, finishReason)));
    }

    private void complete(MessageCompleted completed) {
        model = completed.getAttempt().getModel();
        piece("", CompletionJson.finishReason(completed));
        if (includeUsage) {
            send(SseJson.of(CompletionJson.usage(id, created, completed)));
        }
        send(SseJson.DONE);
        finish();
    }

    private void fail(ProblemException problem, @Nullable Upstream upstream) {
        finish();
        if (isUnsent()) {
            throw problem;
        }
        send(SseJson.of(OpenAiErrors.json(problem, upstream)));
    }
}
