package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.sinks.postgres.ConversationSnapshot;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/** Calls about the messages of a conversation. */
final class MessageCalls {

    private static final int MAX_COMMENT_BYTES = 16 * 1024;
    private static final Pattern RATING = Pattern.compile("up|down|[1-5]");

    /** Of a message, or nothing for the conversation's beginning. */
    private static final Pattern PLACE = Pattern.compile("(?:" + Request.ID.pattern() + ")?");

    private static final String PLACE_RULE = Request.ID_RULE + "; or empty, for the beginning of the conversation";

    private final Door door;

    MessageCalls(Door door) {
        this.door = door;
    }

    void submit(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.bodyWithFiles();
        Optional<String> ownId = body.text("messageId", Request.ID, Request.ID_RULE);
        Optional<CallerPrompt> prompt = Question.showing(AttachmentList.of(body));
        // A picture may say all that there is to say.
        String content = prompt.isPresent()
                ? body.text("content", Question.MAX_CONTENT_BYTES).orElse("")
                : body.requiredText("content", Question.MAX_CONTENT_BYTES);
        Handling handling = Handling.of(body);
        Optional<BranchPoint> after =
                body.text("after", PLACE, PLACE_RULE).map(id -> new BranchPoint(id.isEmpty() ? null : id));
        body.done();
        TurnIds ids = ownId.map(id -> TurnIds.ofMessage(conversation, new MessageId(id)))
                .orElseGet(() -> TurnIds.of(conversation, key.orElseGet(Request::uniqueId)));
        SubmitMessage submit = new Question(content, handling, prompt, after).submit(ids, prompt, after);
        door.conversations().require(conversation);
        // Whoever says where it is to come has to be told whether there is such a place.
        boolean keyed = key.isPresent() || ownId.isPresent() || after.isPresent();
        // A preference may go unheeded: better the usual answer than none, where too many wait already.
        Optional<Duration> wait = request.waitIfPossible();
        try {
            wait.ifPresent(time -> ctx.header("Preference-Applied", "wait=" + time.toSeconds()));
            answer(
                    ctx,
                    conversation,
                    submit,
                    door.messages().submit(conversation, submit, keyed, wait, request.call()));
        } finally {
            wait.ifPresent(any -> request.waited());
        }
    }

    private static void answer(Context ctx, ConversationKey conversation, SubmitMessage submit, Submission submission) {
        if (submit.getAfter() != null) {
            submission.refuseRejected();
        }
        if (submission.end().isEmpty()) {
            ObjectNode accepted = Json.object().put("messageId", submit.getMessageId());
            Json.answer(
                    ctx,
                    202,
                    turn(
                            accepted,
                            conversation,
                            submit.getTurnId(),
                            submit.getAssistantMessageId(),
                            submission.before()));
            return;
        }
        submission.refuseRejected();
        submission
                .end()
                .map(ConversationEvent::getBody)
                .filter(TurnEnd.class::isInstance)
                .ifPresent(end -> UpstreamHeaders.addTo(ctx, (TurnEnd) end));
        Json.answer(ctx, 200, EndedTurn.view(submit, submission));
    }

    private static ObjectNode turn(
            ObjectNode answer, ConversationKey conversation, String turnId, String assistantMessageId, long before) {
        return answer.put("turnId", turnId)
                .put("assistantMessageId", assistantMessageId)
                .put("events", "/api/conversations/" + conversation.conversation() + "/events?cursor=" + before);
    }

    void list(Context ctx, Request request) {
        ConversationSnapshot snapshot = door.snapshots().get(request.conversation());
        ObjectNode answer = Json.object();
        answer.set("messages", Views.messages(snapshot.messages()));
        Json.answer(ctx, 200, answer.put("cursor", Long.toString(snapshot.cursor())));
    }

    void regenerate(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        MessageId messageId = request.messageId();
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.body();
        OnBusy onBusy = Handling.onBusy(body);
        Optional<String> engine = Handling.engine(body);
        body.done();
        TurnIds ids = TurnIds.ofRegeneration(conversation, messageId, key.orElseGet(Request::uniqueId));
        long before = door.messages()
                .regenerate(
                        conversation,
                        new RegenerateMessage(
                                messageId.text(),
                                ids.turnId().text(),
                                ids.assistantMessageId().text(),
                                onBusy,
                                engine.orElse(null)),
                        request.call());
        Json.answer(
                ctx,
                202,
                turn(
                        Json.object(),
                        conversation,
                        ids.turnId().text(),
                        ids.assistantMessageId().text(),
                        before));
    }

    void cancel(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        JsonBody body = request.body();
        Optional<String> turnId = body.text("turnId", Request.ID, Request.ID_RULE);
        body.done();
        door.turns().cancel(conversation, new CancelTurn(turnId.orElse(null)), request.call());
        Json.answer(ctx, 202, Json.object());
    }

    void rate(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        MessageId messageId = request.messageId();
        JsonBody body = request.body();
        String rating = body.textOrNumber("rating").orElseThrow(() -> JsonBody.required("rating"));
        if (!RATING.matcher(rating).matches()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "must be up, down, or 1 to 5", "rating");
        }
        Optional<String> comment = body.text("comment", MAX_COMMENT_BYTES);
        body.done();
        door.messages()
                .rate(conversation, new RateMessage(messageId.text(), rating, comment.orElse(null)), request.call());
        Json.answer(ctx, 202, Json.object().put("messageId", messageId.text()).put("rating", rating));
    }
}
