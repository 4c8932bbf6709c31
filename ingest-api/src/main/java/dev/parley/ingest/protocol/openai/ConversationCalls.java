package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.KeyedId;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Conversations of OpenAI's API: those of all protocols, and their items. What callers add without a turn, and take back before
 * a turn has it, are events of the conversation like all that happens in it.
 */
final class ConversationCalls {

    /** Of the URLs of items: what some clients ask to be told, of which there is nothing to be left out. */
    static final String[] INCLUDE = {"include", "include[]"};

    static final String[] LIST = Paging.parametersAnd(INCLUDE);

    private static final int MAX_ITEMS = 20;

    private final Door door;
    private final Responses responses;
    private final String defaultWorkspace;

    ConversationCalls(Door door, String defaultWorkspace) {
        this.door = door;
        this.responses = new Responses(door);
        this.defaultWorkspace = defaultWorkspace;
    }

    void create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        String tenant = request.tenant();
        JsonBody body = request.body();
        Map<String, String> metadata = ChatCompletionRequest.ownMetadata(body);
        List<String> items = items(tenant, body);
        body.done();
        ConversationKey conversation = new ConversationKey(tenant, "conv_" + KeyedId.of(tenant, "conversation", key));
        ConversationEvent created = created(conversation, metadata, key.isPresent(), request.call());
        if (!items.isEmpty()) {
            ConversationEvent _ = add(conversation, items, call(request, key, "conversation.items"), key.isPresent());
        }
        Json.answer(ctx, 200, json(conversation.conversation(), created.getTime(), metadata));
    }

    private ConversationEvent created(
            ConversationKey conversation, Map<String, String> metadata, boolean keyed, Call call) {
        try {
            return door.conversations()
                    .create(conversation, new CreateConversation(null, defaultWorkspace, metadata), call);
        } catch (ProblemException e) {
            throw keyed && e.code() == ErrorCode.CONVERSATION_EXISTS
                    ? new ProblemException(ErrorCode.IDEMPOTENCY_CONFLICT, "this key was used for another conversation")
                    : e;
        }
    }

    /** A repeat under the same key is the same command. */
    private static Call call(Request request, Optional<String> key, String kind) {
        Call call = request.call();
        return key.map(text ->
                        new Call("cmd_" + KeyedId.of(request.tenant(), kind, Optional.of(text)), call.traceparent()))
                .orElse(call);
    }

    void get(Context ctx, Request request) {
        Summary summary = door.snapshots().get(request.conversation()).conversation();
        Json.answer(ctx, 200, json(summary));
    }

    void update(Context ctx, Request request) {
        Map<String, String> metadata = metadata(request);
        Summary summary = door.snapshots().get(request.conversation()).conversation();
        replace(door, summary, metadata, request);
        Json.answer(ctx, 200, json(summary.id(), summary.createdAt(), metadata));
    }

    /** The caller's own pairs of a body that is about nothing else. */
    static Map<String, String> metadata(Request request) {
        JsonBody body = request.body();
        Map<String, String> metadata = ChatCompletionRequest.ownMetadata(body);
        if (!body.has("metadata")) {
            throw JsonBody.required("metadata");
        }
        body.done();
        return metadata;
    }

    /** Has the conversation that a request names keep {@code own} in place of the caller's pairs that it has. */
    static void replace(Door door, Summary summary, Map<String, String> own, Request request) {
        ConversationEvent _ = door.conversations()
                .annotate(
                        request.conversation(),
                        new AnnotateConversation(null, replaced(summary, own), List.of(), List.of()),
                        request.call());
    }

    private static Map<String, String> replaced(Summary summary, Map<String, String> own) {
        Map<String, String> metadata = new LinkedHashMap<>(own);
        summary.metadata().forEach((key, value) -> {
            if (key.startsWith(ChatCompletionRequest.RESERVED)) {
                metadata.put(key, value);
            }
        });
        return metadata;
    }

    void delete(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        door.conversations().delete(conversation, request.call());
        Json.answer(
                ctx,
                200,
                Json.object()
                        .put("id", conversation.conversation())
                        .put("object", "conversation.deleted")
                        .put("deleted", true));
    }

    private static ObjectNode json(Summary summary) {
        return json(summary.id(), summary.createdAt(), summary.metadata());
    }

    private static ObjectNode json(String id, Instant created, Map<String, String> metadata) {
        ObjectNode json =
                Json.object().put("id", id).put("object", "conversation").put("created_at", created.getEpochSecond());
        json.set("metadata", ChatCompletionJson.metadata(metadata));
        return json;
    }

    void listItems(Context ctx, Request request) {
        Paging paging = Paging.of(request, true);
        Json.answer(ctx, 200, paging.page(items(request.conversation()).all()));
    }

    void createItems(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.body();
        List<String> items = items(conversation.tenant(), body);
        if (items.isEmpty()) {
            throw body.refusal("items", "must hold at least one item");
        }
        body.done();
        ConversationEvent event =
                add(conversation, items, call(request, key, "items " + conversation.conversation()), key.isPresent());
        List<ObjectNode> added = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            added.add(ConversationItems.added(
                    items.get(i), ConversationItems.addedId(event.getSequence(), i, conversation.conversation())));
        }
        Json.answer(ctx, 200, Paging.list(added, false));
    }

    private List<String> items(String tenant, JsonBody body) {
        return body.objects("items", MAX_ITEMS).stream()
                .flatMap(item -> AddedItems.of(item, id -> responses.referenced(tenant, id)).stream())
                .map(ObjectNode::toString)
                .toList();
    }

    private ConversationEvent add(ConversationKey conversation, List<String> items, Call call, boolean keyed) {
        AnnotateConversation annotate = new AnnotateConversation(null, null, items, List.of());
        ConversationEvent event = keyed
                ? door.conversations().annotateOnce(conversation, annotate, call)
                : door.conversations().annotate(conversation, annotate, call);
        if (!event.getBody().equals(new ConversationAnnotated(null, items, List.of()))) {
            throw new ProblemException(ErrorCode.IDEMPOTENCY_CONFLICT, "this key was used for other items");
        }
        return event;
    }

    void getItem(Context ctx, Request request) {
        String id = ctx.pathParam("item");
        Json.answer(ctx, 200, items(request.conversation()).item(id).orElseThrow(() -> notFound(id)));
    }

    void deleteItem(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        String id = ctx.pathParam("item");
        ConversationItems items = items(conversation);
        if (items.item(id).isEmpty()) {
            throw notFound(id);
        }
        if (!items.isRemovable(id)) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "is part of a turn, and the log keeps turns whole: delete the conversation, or its response",
                    "item_id");
        }
        ConversationEvent _ = door.conversations()
                .annotate(conversation, new AnnotateConversation(null, null, List.of(), List.of(id)), request.call());
        Json.answer(ctx, 200, json(door.snapshots().get(conversation).conversation()));
    }

    private static ProblemException notFound(String id) {
        return new ProblemException(ErrorCode.NOT_FOUND, "there is no item '" + id + "'", "item_id");
    }

    private ConversationItems items(ConversationKey conversation) {
        door.conversations().require(conversation);
        return items(door, conversation);
    }

    /** Those of a conversation that is known to be there. */
    static ConversationItems items(Door door, ConversationKey conversation) {
        long last = door.snapshots().lastSequence(conversation);
        return ConversationItems.of(
                conversation.conversation(),
                last == 0 ? List.of() : door.turns().eventsUpTo(conversation, last));
    }
}
