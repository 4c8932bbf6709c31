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
 * The stream of a completion, whichever of the two APIs asked for it: who answers and since when, and what fails. What is said is
 * theirs to tell, as far as they have words for it.
 *
 * <p>What fails before anything has been sent becomes the HTTP answer; later, an event with an {@code error} member, which
 * the clients throw. An answer that is begun anew is such an error once some of it has been sent: these protocols have no word
 * for it, and their clients only ever append.
 */
abstract class CompletionStream extends AnswerEncoding {

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
    CompletionStream(String id, String turnId, String model, Instant created, boolean includeUsage) {
        super(new AnswerReader(turnId), HEARTBEAT);
        this.id = id;
        this.model = model;
        this.created = created;
        this.includeUsage = includeUsage;
    }

    final String id() {
        return id;
    }

    final boolean includesUsage() {
        return includeUsage;
    }

    /** Who answers, as far as that is known. */
    final String model() {
        return model;
    }

    final Instant created() {
        return created;
    }

    @Override
    protected final void tell(Step step) {
        switch (step) {
            case Step.Accepted(var accepted, Instant time) -> created = time;
            case Step.Begun begun -> {}
            case Step.Retrieved retrieved -> {}
            case Step.Attempted(int attempt, String engine, String name) -> model = name;
            case Step.Reasoning(String piece) -> reasoning(piece);
            case Step.Text(String piece) -> text(piece);
            case Step.Refusal(String piece) -> refusal(piece);
            case Step.Restarted(String reason) ->
                fail(
                        ErrorCode.STREAM_RESET,
                        "the answer starts again (" + reason
                                + "): repeat the request, with its Idempotency-Key where it has one");
            case Step.CallBegun(String callId, String name, String piece) -> callBegun(callId, name, piece);
            case Step.CallArguments(String callId, String piece) -> callArguments(piece);
            case Step.Called called -> called();
            case Step.Completed(MessageCompleted completed, Instant time) -> {
                model = completed.getAttempt().getModel();
                completed(completed);
                send(SseJson.DONE);
                finish();
            }
            case Step.Failed(var failed, Instant time) -> fail(UpstreamHeaders.problem(failed), failed.getUpstream());
            case Step.Cancelled cancelled -> fail(ErrorCode.CANCELLED, "the answer was stopped");
            case Step.Rejected(var rejected) ->
                fail(ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INTERNAL), rejected.getDetail());
            case Step.Lost(String reason) -> fail(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason);
        }
    }

    abstract void text(String piece);

    abstract void refusal(String piece);

    /** The end, up to the usage. */
    abstract void completed(MessageCompleted completed);

    void reasoning(String piece) {}

    void callBegun(String callId, String name, String piece) {}

    /** More of the arguments of the call that began last. */
    void callArguments(String piece) {}

    /** The next call, in the order in which they began, is whole. */
    void called() {}

    private void fail(ErrorCode code, String detail) {
        fail(new ProblemException(code, detail), null);
    }

    private void fail(ProblemException problem, @Nullable Upstream upstream) {
        finish();
        if (isUnsent()) {
            throw problem;
        }
        send(SseJson.of(OpenAiErrors.json(problem, upstream)));
    }
}
