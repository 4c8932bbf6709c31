package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.ingest.door.Conversations;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Fingerprint;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.postgres.ConversationQueries.Page;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.ConversationSnapshot;
import io.javalin.http.Context;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Calls about whole conversations. */
final class ConversationCalls {

    private static final int MAX_TITLE_CHARS = 200;

    private static final int MAX_QUERY_CHARS = 200;
    private static final int MAX_WORDS = 10;
    private static final Pattern WORD = Pattern.compile("[^\\p{javaWhitespace}]+");

    private static final int USUAL_PAGE = 50;
    private static final int MAX_PAGE = 200;
    private static final int DERIVED_ID_BYTES = 10;

    private final Conversations conversations;
    private final Snapshots snapshots;
    private final String defaultWorkspace;

    ConversationCalls(Door door, String defaultWorkspace) {
        this.conversations = door.conversations();
        this.snapshots = door.snapshots();
        this.defaultWorkspace = defaultWorkspace;
    }

    void create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        JsonBody body = request.body();
        Optional<String> ownId = body.text("id", Request.ID, Request.ID_RULE);
        Optional<String> title = body.shortText("title", MAX_TITLE_CHARS);
        String workspace = body.text("workspaceId", Request.ID, Request.ID_RULE).orElse(defaultWorkspace);
        Map<String, String> metadata = body.metadata("metadata");
        body.done();
        String tenant = request.tenant();
        // A repeat under the same key must meet the same conversation, so the key makes the id.
        Optional<String> keyedId = key.map(text -> "conv_" + Fingerprint.name(DERIVED_ID_BYTES, tenant, text));
        String id = ownId.or(() -> keyedId).orElseGet(() -> "conv_" + Request.uniqueId());
        ConversationKey conversation = new ConversationKey(tenant, id);
        ConversationEvent created;
        try {
            created = conversations.create(
                    conversation, new CreateConversation(title.orElse(null), workspace, metadata), request.call());
        } catch (ProblemException e) {
            throw e.code() == ErrorCode.CONVERSATION_EXISTS && ownId.isEmpty() && key.isPresent()
                    ? new ProblemException(ErrorCode.IDEMPOTENCY_CONFLICT, "this key was used for another conversation")
                    : e;
        }
        ctx.header("Location", "/api/conversations/" + id);
        Json.answer(ctx, 201, Views.conversation(Snapshots.summary(created)));
    }

    void list(Context ctx, Request request) {
        String tenant = request.tenant();
        int limit = request.query("limit", USUAL_PAGE, 1, MAX_PAGE);
        Page page = snapshots.page(tenant, words(request), limit, request.query("before"));
        ObjectNode answer = Json.object();
        ArrayNode list = answer.putArray("conversations");
        page.conversations().forEach(summary -> list.add(Views.conversation(summary)));
        page.next().ifPresent(next -> answer.put("next", next));
        Json.answer(ctx, 200, answer);
    }

    private static List<String> words(Request request) {
        Optional<String> text = request.query("q");
        if (text.isEmpty()) {
            return List.of();
        }
        List<String> words =
                WORD.matcher(text.get()).results().map(MatchResult::group).toList();
        if (words.isEmpty()
                || words.size() > MAX_WORDS
                || text.get().codePointCount(0, text.get().length()) > MAX_QUERY_CHARS) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must be 1 to " + MAX_WORDS + " words in at most " + MAX_QUERY_CHARS + " characters",
                    "q");
        }
        return words;
    }

    void snapshot(Context ctx, Request request) {
        Optional<String> branches = request.query("branches");
        if (branches.filter(all -> !all.equals("all") && !all.equals("active")).isPresent()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "must be all or active", "branches");
        }
        ConversationSnapshot snapshot = snapshots.get(request.conversation());
        Json.answer(
                ctx, 200, branches.filter("all"::equals).isPresent() ? Views.tree(snapshot) : Views.snapshot(snapshot));
    }

    /** Goes on from another branch. */
    void switchBranch(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        JsonBody body = request.body();
        String messageId =
                body.text("messageId", Request.ID, Request.ID_RULE).orElseThrow(() -> JsonBody.required("messageId"));
        body.done();
        ConversationEvent event = conversations.switchBranch(conversation, new SwitchBranch(messageId), request.call());
        BranchSwitched switched = (BranchSwitched) event.getBody();
        Json.answer(
                ctx,
                200,
                Json.object()
                        .put("messageId", switched.getMessageId())
                        .put("cursor", Long.toString(event.getSequence())));
    }

    void rename(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        JsonBody body = request.body();
        String title = body.shortText("title", MAX_TITLE_CHARS).orElseThrow(() -> JsonBody.required("title"));
        body.done();
        ConversationEvent renamed = conversations.rename(conversation, new RenameConversation(title), request.call());
        Json.answer(ctx, 200, renamed(conversation, renamed, title));
    }

    /** The conversation with its new title, whether or not the read model has it yet. */
    private ObjectNode renamed(ConversationKey conversation, ConversationEvent event, String title) {
        try {
            ConversationSnapshot snapshot = snapshots.get(conversation, event.getSequence());
            ObjectNode answer = Views.conversation(snapshot.conversation());
            return snapshot.cursor() < event.getSequence() ? answer.put("title", title) : answer;
        } catch (ReadModelUnavailableException e) {
            return Json.object().put("id", conversation.conversation()).put("title", title);
        }
    }

    void delete(Context ctx, Request request) {
        conversations.delete(request.conversation(), request.call());
        ctx.status(204);
    }

    void export(Context ctx, Request request) throws IOException {
        ConversationKey conversation = request.conversation();
        Export export = Export.named(request.query("format").orElse("json"))
                .orElseThrow(() ->
                        new ProblemException(ErrorCode.INVALID_REQUEST, "must be json, jsonl, csv or md", "format"));
        ConversationSnapshot snapshot = snapshots.get(conversation);
        ctx.contentType(export.contentType());
        ctx.header("Cache-Control", "no-store");
        ctx.header("Content-Disposition", "attachment; filename=\"" + fileName(conversation, export) + "\"");
        try (Writer writer = new BufferedWriter(new OutputStreamWriter(ctx.outputStream(), StandardCharsets.UTF_8))) {
            export.write(snapshot, writer);
        }
    }

    /** Of what an id may hold, ':' is troublesome in a file's name, and so is a leading dot. */
    private static String fileName(ConversationKey conversation, Export export) {
        String name = conversation.conversation().replace(':', '_');
        return (name.startsWith(".") ? "_" + name.substring(1) : name) + "." + NativeJson.name(export);
    }
}
