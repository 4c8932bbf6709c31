package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Fingerprint;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.ResponseTransport;
import dev.parley.ingest.protocol.nativeapi.NativeApi;
import dev.parley.ingest.protocol.nativeapi.Views;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TurnIds;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Calls of OpenAI's API that are about no response of its own: chat completions and models. */
public final class OpenAiCalls {

    static final int DERIVED_ID_BYTES = 12;

    /** As long as OpenAI's own clients wait by themselves. */
    static final Duration WAIT = Duration.ofMinutes(10);

    private static final String OWNER = "parley";

    private final Door door;
    private final SseEdge edge;
    private final Admission admission;
    private final Supplier<Models> models;
    private final Abandoned abandoned;
    private final long startedAt = Instant.now().getEpochSecond();

    public OpenAiCalls(Door door, SseEdge edge, Admission admission, Supplier<Models> models, Abandoned abandoned) {
        this.door = door;
        this.edge = edge;
        this.admission = admission;
        this.models = models;
        this.abandoned = abandoned;
    }

    void models(Context ctx, Request request) {
        request.tenant();
        ObjectNode answer = Views.MAPPER.createObjectNode().put("object", "list");
        ArrayNode data = answer.putArray("data");
        models.get().byName().keySet().stream().sorted().forEach(name -> data.add(model(name)));
        NativeApi.answer(ctx, 200, answer);
    }

    void model(Context ctx, Request request) {
        request.tenant();
        String name = ctx.pathParam("model");
        Models.Choice _ = models.get().choice(name);
        NativeApi.answer(ctx, 200, model(name));
    }

    private ObjectNode model(String name) {
        return Views.MAPPER
                .createObjectNode()
                .put("id", name)
                .put("object", "model")
                .put("created", startedAt)
                .put("owned_by", OWNER);
    }

    /** A chat completion: a conversation of its own, under the completion's id, with one turn. */
    Reply complete(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        ChatCompletionRequest asked = ChatCompletionRequest.of(request.body(), models.get());
        String id = "chatcmpl-" + ownId(request.tenant(), "chat.completion", key);
        ConversationKey conversation = new ConversationKey(request.tenant(), id);
        SubmitMessage submit = asked.call().submit(TurnIds.of(conversation, key.orElse(id)));
        if (!asked.stream()) {
            return whole(ctx, request, conversation, submit, key.isPresent());
        }
        Door.Submission submission =
                door.submit(conversation, submit, key.isPresent(), Optional.empty(), request.call());
        submission.refuseRejected();
        ChatCompletionEncoding encoding = new ChatCompletionEncoding(
                id, submit.getTurnId(), asked.call().model(), Instant.now(), asked.includeUsage());
        return () -> abandoned.watch(
                conversation,
                submit.getTurnId(),
                key.isPresent(),
                () -> stream(ctx, conversation, submission.before(), encoding));
    }

    private SseEdge.End stream(Context ctx, ConversationKey conversation, long before, ChatCompletionEncoding encoding)
            throws IOException {
        try (ResponseTransport transport = new ResponseTransport(ctx)) {
            return edge.stream(conversation, Optional.of(Long.toString(before)), encoding, transport);
        }
    }

    private Reply whole(
            Context ctx, Request request, ConversationKey conversation, SubmitMessage submit, boolean keyed) {
        Door.Submission submission =
                admission.waiting(() -> door.submit(conversation, submit, keyed, Optional.of(WAIT), request.call()));
        submission.refuseRejected();
        ConversationEvent end = submission.end().orElseThrow(OpenAiCalls::late);
        MessageCompleted completed = completion(end);
        NativeApi.answer(
                ctx,
                200,
                ChatCompletionJson.whole(
                        conversation.conversation(),
                        submission.accepted().orElse(end).getTime(),
                        completed));
        return Reply.SENT;
    }

    /** An id that a repeat under the same key meets again. */
    static String ownId(String tenant, String kind, Optional<String> key) {
        return key.map(text -> Fingerprint.name(DERIVED_ID_BYTES, tenant, kind, text))
                .orElseGet(Request::uniqueId);
    }

    static ProblemException late() {
        return new ProblemException(
                ErrorCode.TURN_TIMEOUT, "the answer is not there yet: repeat the request with its Idempotency-Key");
    }

    private static MessageCompleted completion(ConversationEvent end) {
        return switch (end.getBody()) {
            case MessageCompleted completed -> completed;
            case TurnFailed failed ->
                throw new ProblemException(
                        ErrorCode.ofWire(failed.getCode()).orElse(ErrorCode.INTERNAL), failed.getDetail());
            default -> throw new ProblemException(ErrorCode.CANCELLED, "the answer was stopped");
        };
    }
}
