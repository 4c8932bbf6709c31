package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationQueries.Page;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chat completions that were asked to be stored. Each is a conversation, as all are; its metadata say that it is one to be
 * listed, and which pairs the caller gave it.
 */
final class StoredCompletionCalls {

    /** Of the URL of the list; a pair of metadata is {@code metadata[KEY]=VALUE}. */
    static final String[] PARAMETERS = Paging.parametersAnd("model", "metadata", "metadata[*]");

    private static final Pattern PAIR = Pattern.compile("metadata\\[(.+)]");
    private static final String MARK = ChatCompletionRequest.RESERVED + "object";
    private static final String COMPLETION = "chat.completion";

    /** Which turn of the conversation the completion is: people may go on from it. */
    private static final String TURN = ChatCompletionRequest.RESERVED + "turn";

    /** Those that are looked at for one page, where most of them are of other models or have not been answered. */
    private static final int MOST_LOOKED_AT = 1_000;

    private final Door door;

    StoredCompletionCalls(Door door) {
        this.door = door;
    }

    /** The metadata of the conversation of a completion to be stored, which is its turn {@code turnId}. */
    static Map<String, String> marked(Map<String, String> own, String turnId) {
        Map<String, String> metadata = new LinkedHashMap<>(own);
        metadata.put(MARK, COMPLETION);
        metadata.put(TURN, turnId);
        return metadata;
    }

    /** A completion, with the conversation that it is. */
    private record Stored(Summary summary, MessageAccepted accepted, MessageCompleted completed) {

        ObjectNode json(Map<String, String> metadata) {
            ObjectNode json = ChatCompletionJson.whole(summary.id(), summary.createdAt(), completed);
            json.set("metadata", ChatCompletionJson.metadata(metadata));
            return json;
        }

        ObjectNode json() {
            return json(summary.metadata());
        }
    }

    void list(Context ctx, Request request) {
        String tenant = request.tenant();
        Paging paging = Paging.of(request, false);
        Optional<String> model = request.query("model");
        Map<String, String> wanted = wanted(ctx);
        Optional<String> after = paging.after();
        after.ifPresent(id -> {
            if (!id.startsWith(ChatCompletionCalls.PREFIX) || !isThere(tenant, id)) {
                throw Paging.notThere();
            }
        });
        List<ObjectNode> page = new ArrayList<>();
        int seen = 0;
        do {
            Page next =
                    door.snapshots().storedCompletions(tenant, wanted, paging.newestFirst(), paging.limit() + 1, after);
            for (Summary summary : next.conversations()) {
                find(summary, turnId -> door.turns().knownEvents(new ConversationKey(tenant, summary.id()), turnId))
                        .filter(stored -> model.map(name -> name.equals(
                                        stored.completed().getAttempt().getModel()))
                                .orElse(true))
                        .ifPresent(stored -> page.add(stored.json()));
            }
            seen += paging.limit() + 1;
            after = next.next();
        } while (after.isPresent() && page.size() <= paging.limit() && seen < MOST_LOOKED_AT);
        boolean whole = page.size() <= paging.limit();
        ObjectNode list = Paging.list(whole ? page : page.subList(0, paging.limit()), !whole || after.isPresent());
        // What was looked at in vain is not looked at again.
        after.filter(id -> whole).ifPresent(id -> list.put("last_id", id));
        Json.answer(ctx, 200, list);
    }

    private boolean isThere(String tenant, String id) {
        return ConversationKey.isConversationId(id)
                && door.conversations().presence(new ConversationKey(tenant, id)) != Presence.UNKNOWN;
    }

    /** The pairs that the URL names. */
    private static Map<String, String> wanted(Context ctx) {
        Map<String, String> wanted = new LinkedHashMap<>();
        ctx.queryParamMap().forEach((name, values) -> {
            Matcher pair = PAIR.matcher(name);
            if (name.equals("metadata") || (pair.matches() && values.size() != 1)) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "must be given as metadata[KEY]=VALUE, once a key", "metadata");
            }
            if (pair.matches()) {
                wanted.put(pair.group(1), values.getFirst());
            }
        });
        return wanted;
    }

    void get(Context ctx, Request request) {
        Json.answer(ctx, 200, named(request).json());
    }

    void update(Context ctx, Request request) {
        Map<String, String> metadata = ConversationCalls.metadata(request);
        Stored stored = named(request);
        ConversationCalls.replace(door, stored.summary(), metadata, request);
        Json.answer(ctx, 200, stored.json(metadata));
    }

    void delete(Context ctx, Request request) {
        Stored stored = named(request);
        door.conversations().delete(request.conversation(), request.call());
        Json.answer(
                ctx,
                200,
                Json.object()
                        .put("object", "chat.completion.deleted")
                        .put("id", stored.summary().id())
                        .put("deleted", true));
    }

    /** What the completion was asked. */
    void messages(Context ctx, Request request) {
        Paging paging = Paging.of(request, false);
        Stored stored = named(request);
        Json.answer(
                ctx,
                200,
                paging.page(ChatCompletionJson.messages(stored.summary().id(), stored.accepted())));
    }

    private Stored named(Request request) {
        ConversationKey conversation = request.conversation();
        String id = conversation.conversation();
        if (!id.startsWith(ChatCompletionCalls.PREFIX)
                || door.conversations().presence(conversation) == Presence.DELETED) {
            throw notFound(id);
        }
        try {
            Summary summary = door.snapshots().get(conversation).conversation();
            return Optional.of(summary)
                    .filter(any -> COMPLETION.equals(any.metadata().get(MARK)))
                    .flatMap(any -> find(any, turnId -> door.turns().events(conversation, turnId)))
                    .orElseThrow(() -> notFound(id));
        } catch (ProblemException e) {
            throw e.code() == ErrorCode.CONVERSATION_NOT_FOUND ? notFound(id) : e;
        }
    }

    private static ProblemException notFound(String id) {
        return new ProblemException(ErrorCode.NOT_FOUND, "there is no stored completion '" + id + "'", "completion_id");
    }

    /**
     * The completion that a conversation is; empty where it has no answer.
     *
     * @param turns finds the events of one of its turns
     */
    private static Optional<Stored> find(Summary summary, Function<String, List<ConversationEvent>> turns) {
        // Other protocols let their callers write what they like.
        return Optional.ofNullable(summary.metadata().get(TURN)).flatMap(turnId -> {
            List<ConversationEvent> events = turns.apply(turnId);
            Optional<MessageAccepted> accepted = first(events, MessageAccepted.class);
            Optional<MessageCompleted> completed = first(events, MessageCompleted.class);
            return accepted.flatMap(asked -> completed.map(answer -> new Stored(summary, asked, answer)));
        });
    }

    private static <T> Optional<T> first(List<ConversationEvent> events, Class<T> kind) {
        return events.stream()
                .map(ConversationEvent::getBody)
                .filter(kind::isInstance)
                .map(kind::cast)
                .findFirst();
    }
}
