package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Fingerprint;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TurnIds;
import dev.parley.sinks.postgres.ConversationSnapshot;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Calls about the messages of a conversation. */
public final class MessageCalls {

    public static final int MAX_CONTENT_BYTES = 1024 * 1024;

    private static final int MAX_COMMENT_BYTES = 16 * 1024;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:/-]{1,100}");
    private static final String NAME_RULE = "1 to 100 of A-Z a-z 0-9 . _ : / -";
    private static final Pattern RATING = Pattern.compile("up|down|[1-5]");

    private final Door door;
    private final Snapshots snapshots;
    private final Admission admission;

    MessageCalls(Door door, Snapshots snapshots, Admission admission) {
        this.door = door;
        this.snapshots = snapshots;
        this.admission = admission;
    }

    void submit(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.body();
        Optional<String> ownId = body.text("messageId", Request.ID, Request.ID_RULE);
        String content = body.requiredText("content", MAX_CONTENT_BYTES);
        OnBusy onBusy = body.oneOf("onBusy", OnBusy.class).orElse(OnBusy.ENQUEUE);
        Optional<String> intent = body.text("intent", NAME, NAME_RULE);
        Optional<String> engine = body.text("engine", NAME, NAME_RULE);
        Map<String, String> metadata = body.metadata("metadata");
        body.done();
        TurnIds ids = ownId.map(id -> TurnIds.ofMessage(conversation, id))
                .orElseGet(() -> TurnIds.of(conversation, key.orElseGet(Request::uniqueId)));
        SubmitMessage submit = new SubmitMessage(
                ids.messageId(),
                ids.turnId(),
                ids.assistantMessageId(),
                content,
                onBusy,
                intent.orElse(null),
                engine.orElse(null),
                metadata,
                Fingerprint.of(content, onBusy, intent, engine, metadata, Optional.empty()),
                null);
        door.require(conversation);
        boolean keyed = key.isPresent() || ownId.isPresent();
        // A preference may go unheeded: better the usual answer than none, where too many wait already.
        Optional<Duration> wait = request.waitPreference().filter(any -> admission.mayWait());
        try {
            wait.ifPresent(time -> ctx.header("Preference-Applied", "wait=" + time.toSeconds()));
            answer(ctx, conversation, submit, door.submit(conversation, submit, keyed, wait, request.call()));
        } finally {
            wait.ifPresent(any -> admission.waited());
        }
    }

    private static void answer(
            Context ctx, ConversationKey conversation, SubmitMessage submit, Door.Submission submission) {
        if (submission.end().isEmpty()) {
            ObjectNode accepted = Views.MAPPER.createObjectNode().put("messageId", submit.getMessageId());
            NativeApi.answer(
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
        NativeApi.answer(ctx, 200, Exchange.view(submit, submission));
    }

    private static ObjectNode turn(
            ObjectNode answer, ConversationKey conversation, String turnId, String assistantMessageId, long before) {
        return answer.put("turnId", turnId)
                .put("assistantMessageId", assistantMessageId)
                .put("events", "/api/conversations/" + conversation.conversation() + "/events?cursor=" + before);
    }

    void list(Context ctx, Request request) {
        ConversationSnapshot snapshot = snapshots.get(request.conversation());
        ObjectNode answer = Views.MAPPER.createObjectNode();
        answer.set("messages", Views.messages(snapshot.messages()));
        NativeApi.answer(ctx, 200, answer.put("cursor", Long.toString(snapshot.cursor())));
    }

    void regenerate(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        String messageId = request.messageId();
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.body();
        OnBusy onBusy = body.oneOf("onBusy", OnBusy.class).orElse(OnBusy.ENQUEUE);
        Optional<String> engine = body.text("engine", NAME, NAME_RULE);
        body.done();
        // Prefixed, so that a key used for a message as well means another turn here.
        TurnIds ids = TurnIds.of(conversation, "regenerate/" + messageId + "/" + key.orElseGet(Request::uniqueId));
        long before = door.regenerate(
                conversation,
                new RegenerateMessage(messageId, ids.turnId(), ids.assistantMessageId(), onBusy, engine.orElse(null)),
                request.call());
        NativeApi.answer(
                ctx,
                202,
                turn(Views.MAPPER.createObjectNode(), conversation, ids.turnId(), ids.assistantMessageId(), before));
    }

    void cancel(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        JsonBody body = request.body();
        Optional<String> turnId = body.text("turnId", Request.ID, Request.ID_RULE);
        body.done();
        door.cancel(conversation, new CancelTurn(turnId.orElse(null)), request.call());
        NativeApi.answer(ctx, 202, Views.MAPPER.createObjectNode());
    }

    void rate(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        String messageId = request.messageId();
        JsonBody body = request.body();
        String rating = body.textOrNumber("rating").orElseThrow(() -> JsonBody.required("rating"));
        if (!RATING.matcher(rating).matches()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "must be up, down, or 1 to 5", "rating");
        }
        Optional<String> comment = body.text("comment", MAX_COMMENT_BYTES);
        body.done();
        door.rate(conversation, new RateMessage(messageId, rating, comment.orElse(null)), request.call());
        NativeApi.answer(
                ctx,
                202,
                Views.MAPPER.createObjectNode().put("messageId", messageId).put("rating", rating));
    }
}
