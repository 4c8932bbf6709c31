package dev.parley.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.TurnIds;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Page;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.sse.ClientTransport;
import dev.parley.sinks.sse.ConversationFeed;
import dev.parley.sinks.sse.SseEdge;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;

/** The native API: conversations, messages, event streams. */
final class NativeApi {

    static final int MAX_CONTENT_BYTES = 1024 * 1024;

    private static final int MAX_TITLE_BYTES = 800;
    private static final int MAX_COMMENT_BYTES = 16 * 1024;
    private static final int MAX_PAGE = 200;
    private static final int MAX_WAIT_SECONDS = 120;
    private static final int MAX_KEY_CHARS = 255;
    private static final Pattern CONVERSATION_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final String ID_RULE = "1 to 128 of A-Z a-z 0-9 . _ : -";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:/-]{1,100}");
    private static final String NAME_RULE = "1 to 100 of A-Z a-z 0-9 . _ : / -";
    private static final Pattern RATING = Pattern.compile("up|down|[1-5]");
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;]\\s*)wait\\s*=\\s*(\\d{1,6})(?:\\s*[,;]|\\s*$)");

    /** How long a snapshot may wait for the sink to reach what the feed knows already. */
    private static final Duration SINK_LAG = Duration.ofSeconds(2);

    private static final Duration SINK_PAUSE = Duration.ofMillis(20);

    private final Door door;
    private final Access access;
    private final ConversationFeed feed;
    private final SseEdge edge;
    private final ConversationQueries queries;

    NativeApi(Door door, Access access, ConversationFeed feed, SseEdge edge, ConversationQueries queries) {
        this.door = door;
        this.access = access;
        this.feed = feed;
        this.edge = edge;
        this.queries = queries;
    }

    void addTo(RoutesConfig routes) {
        routes.post("/api/conversations", this::create);
        routes.get("/api/conversations", this::list);
        routes.get("/api/conversations/{id}", this::snapshot);
        routes.patch("/api/conversations/{id}", this::rename);
        routes.delete("/api/conversations/{id}", this::delete);
        routes.post("/api/conversations/{id}/messages", this::submit);
        routes.get("/api/conversations/{id}/messages", this::messages);
        routes.post("/api/conversations/{id}/messages/{messageId}/regenerate", this::regenerate);
        routes.post("/api/conversations/{id}/messages/{messageId}/feedback", this::rate);
        routes.post("/api/conversations/{id}/cancel", this::cancel);
        routes.get("/api/conversations/{id}/export", this::export);
        routes.get("/api/conversations/{id}/events", this::events);
        routes.get("/api/events", this::allEvents);
    }

    // Conversations

    private void create(Context ctx) {
        JsonBody body = body(ctx);
        String id = body.text("id", CONVERSATION_ID, ID_RULE).orElseGet(() -> "conv_" + shortId());
        Optional<String> title = body.text("title", MAX_TITLE_BYTES);
        String workspace = body.text("workspaceId", CONVERSATION_ID, ID_RULE).orElse("default");
        Map<String, String> metadata = body.metadata("metadata");
        body.done();
        ConversationKey conversation = new ConversationKey(access.tenant(ctx), id);
        CreateConversation create = new CreateConversation(title.orElse(null), workspace, metadata);
        Presence presence = door.presence(conversation);
        if (presence == Presence.DELETED) {
            throw new ProblemException(ErrorCode.CONVERSATION_EXISTS, "a deleted conversation had this id", "id");
        }
        if (presence == Presence.PRESENT) {
            answerExisting(ctx, conversation, create);
            return;
        }
        ConversationCreated created = door.create(conversation, create, call(ctx));
        if (!isSame(created, create)) {
            throw new ProblemException(ErrorCode.CONVERSATION_EXISTS, "another conversation has this id", "id");
        }
        ObjectNode answer = Views.MAPPER.createObjectNode().put("id", id);
        answer.put("title", created.getTitle()).put("workspaceId", created.getWorkspaceId());
        ObjectNode pairs = answer.putObject("metadata");
        created.getMetadata().forEach(pairs::put);
        answer(ctx, 201, answer);
        ctx.header("Location", "/api/conversations/" + id);
    }

    private void answerExisting(Context ctx, ConversationKey conversation, CreateConversation create) {
        ConversationSnapshot.Summary existing = awaitSnapshot(conversation).conversation();
        if (!existing.metadata().equals(create.getMetadata())
                || !existing.workspaceId().equals(create.getWorkspaceId())
                || !existing.title().equals(Optional.ofNullable(create.getTitle()))) {
            throw new ProblemException(ErrorCode.CONVERSATION_EXISTS, "another conversation has this id", "id");
        }
        answer(ctx, 201, Views.conversation(existing));
    }

    private static boolean isSame(ConversationCreated created, CreateConversation create) {
        return created.getMetadata().equals(create.getMetadata())
                && created.getWorkspaceId().equals(create.getWorkspaceId())
                && Optional.ofNullable(created.getTitle()).equals(Optional.ofNullable(create.getTitle()));
    }

    private void list(Context ctx) {
        int limit = queryInteger(ctx, "limit", 50, 1, MAX_PAGE);
        Page page;
        try {
            page = queries.conversations(access.tenant(ctx), limit, Optional.ofNullable(ctx.queryParam("before")));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ErrorCode.INVALID_CURSOR, "is not the 'next' of an earlier page", "before");
        }
        ObjectNode answer = Views.MAPPER.createObjectNode();
        ArrayNode conversations = answer.putArray("conversations");
        page.conversations().forEach(summary -> conversations.add(Views.conversation(summary)));
        page.next().ifPresent(next -> answer.put("next", next));
        answer(ctx, 200, answer);
    }

    private void snapshot(Context ctx) {
        answer(ctx, 200, Views.snapshot(awaitSnapshot(conversation(ctx))));
    }

    private void messages(Context ctx) {
        ObjectNode answer = Views.MAPPER.createObjectNode();
        ConversationSnapshot snapshot = awaitSnapshot(conversation(ctx));
        answer.set("messages", Views.messages(snapshot.messages()));
        answer(ctx, 200, answer.put("cursor", Long.toString(snapshot.cursor())));
    }

    /** The snapshot; waits a moment where the feed knows of a conversation that the sink has yet to write. */
    private ConversationSnapshot awaitSnapshot(ConversationKey conversation) {
        long deadline = System.nanoTime() + SINK_LAG.toNanos();
        while (true) {
            Optional<ConversationSnapshot> snapshot = queries.snapshot(conversation);
            if (snapshot.isPresent()) {
                return snapshot.get();
            }
            door.require(conversation);
            if (System.nanoTime() > deadline) {
                throw new ProblemException(
                        ErrorCode.UNAVAILABLE, "the conversation is new, and not in the read model yet");
            }
            pause();
        }
    }

    private void rename(Context ctx) {
        JsonBody body = body(ctx);
        String title = body.requiredText("title", MAX_TITLE_BYTES);
        body.done();
        ConversationKey conversation = required(ctx);
        door.change(conversation, new RenameConversation(title), call(ctx));
        answer(
                ctx,
                200,
                Views.MAPPER
                        .createObjectNode()
                        .put("id", conversation.conversation())
                        .put("title", title));
    }

    private void delete(Context ctx) {
        ConversationKey conversation = required(ctx);
        door.change(conversation, new DeleteConversation(), call(ctx));
        ctx.status(204);
    }

    private void export(Context ctx) {
        String format = Optional.ofNullable(ctx.queryParam("format")).orElse("json");
        Export export = java.util.Arrays.stream(Export.values())
                .filter(known -> Views.wire(known).equals(format))
                .findFirst()
                .orElseThrow(() ->
                        new ProblemException(ErrorCode.INVALID_REQUEST, "must be json, jsonl, csv or md", "format"));
        ConversationKey conversation = conversation(ctx);
        ConversationSnapshot snapshot = awaitSnapshot(conversation);
        // Of an id, only ':' is troublesome in a file's name.
        String name = conversation.conversation().replace(':', '_') + "." + format;
        ctx.contentType(export.contentType());
        ctx.header("Content-Disposition", "attachment; filename=\"" + name + "\"");
        ctx.result(export.write(snapshot));
    }

    // Messages

    private void submit(Context ctx) {
        Optional<String> key = idempotencyKey(ctx);
        Optional<Duration> wait = waitPreference(ctx);
        JsonBody body = body(ctx);
        Optional<String> ownId = body.text("messageId", CONVERSATION_ID, ID_RULE);
        String content = body.requiredText("content", MAX_CONTENT_BYTES);
        OnBusy onBusy = body.oneOf("onBusy", OnBusy.class).orElse(OnBusy.ENQUEUE);
        Optional<String> intent = body.text("intent", NAME, NAME_RULE);
        Optional<String> engine = body.text("engine", NAME, NAME_RULE);
        Map<String, String> metadata = body.metadata("metadata");
        body.done();
        ConversationKey conversation = required(ctx);
        boolean keyed = key.isPresent() || ownId.isPresent();
        TurnIds ids = ownId.map(id -> TurnIds.ofMessage(conversation, id))
                .orElseGet(() -> TurnIds.of(
                        conversation, key.orElseGet(() -> UUID.randomUUID().toString())));
        SubmitMessage submit = new SubmitMessage(
                ids.messageId(),
                ids.turnId(),
                ids.assistantMessageId(),
                content,
                onBusy,
                intent.orElse(null),
                engine.orElse(null),
                metadata,
                fingerprint(content, Views.wire(onBusy), intent.orElse(""), engine.orElse(""), metadata.toString()));
        ObjectNode accepted = accepted(conversation, ids);
        Call call = call(ctx, ids.messageId());
        if (wait.isEmpty()) {
            door.submit(conversation, submit, keyed, call);
            answer(ctx, 202, accepted);
            return;
        }
        ctx.header("Preference-Applied", "wait=" + wait.get().toSeconds());
        Optional<ConversationEvent> end = door.untilEnd(
                conversation,
                ids.turnId(),
                wait.get(),
                () -> door.submit(conversation, submit, keyed, call),
                () -> keyed && hasEnded(conversation, ids));
        Optional<ObjectNode> exchange = end.isPresent() || hasEnded(conversation, ids)
                ? exchange(conversation, ids, submit, end)
                : Optional.empty();
        answer(ctx, exchange.isPresent() ? 200 : 202, exchange.orElse(accepted));
    }

    /** Whether a turn is known to have ended before this request. */
    private boolean hasEnded(ConversationKey conversation, TurnIds ids) {
        try {
            return queries.message(conversation, ids.assistantMessageId())
                    .map(message -> message.completedAt().isPresent())
                    .orElse(false);
        } catch (ConversationQueries.ReadModelUnavailableException e) {
            return false;
        }
    }

    private ObjectNode accepted(ConversationKey conversation, TurnIds ids) {
        return Views.MAPPER
                .createObjectNode()
                .put("messageId", ids.messageId())
                .put("turnId", ids.turnId())
                .put("assistantMessageId", ids.assistantMessageId())
                .put("events", eventsUrl(conversation));
    }

    /** Where the stream from here on is: its cursor lies before whatever the request brings about. */
    private String eventsUrl(ConversationKey conversation) {
        long before = feed.lastSequence(conversation);
        if (before == 0) {
            try {
                before = queries.snapshot(conversation)
                        .map(ConversationSnapshot::cursor)
                        .orElse(0L);
            } catch (ConversationQueries.ReadModelUnavailableException e) {
                // From the beginning, then: the stream says more than is needed, and nothing less.
                before = 0;
            }
        }
        return "/api/conversations/" + conversation.conversation() + "/events?cursor=" + before;
    }

    private Optional<ObjectNode> exchange(
            ConversationKey conversation, TurnIds ids, SubmitMessage submit, Optional<ConversationEvent> end) {
        ObjectNode answer = Views.MAPPER.createObjectNode();
        if (end.isEmpty()) {
            Optional<ConversationSnapshot.Message> question = queries.message(conversation, ids.messageId());
            Optional<ConversationSnapshot.Message> reply = queries.message(conversation, ids.assistantMessageId());
            if (question.isEmpty() || reply.isEmpty()) {
                return Optional.empty();
            }
            answer.set("userMessage", Views.message(question.get()));
            answer.set("assistantMessage", Views.message(reply.get()));
            return Optional.of(answer);
        }
        ConversationEvent event = end.get();
        answer.putObject("userMessage")
                .put("id", ids.messageId())
                .put("turnId", ids.turnId())
                .put("role", "user")
                .put("content", submit.getContent());
        ObjectNode reply = answer.putObject("assistantMessage")
                .put("id", ids.assistantMessageId())
                .put("turnId", ids.turnId())
                .put("role", "assistant");
        switch (event.getBody()) {
            case MessageCompleted completed -> {
                reply.put("content", completed.getContent()).put("status", "completed");
                if (completed.getReasoning() != null) {
                    reply.put("reasoning", completed.getReasoning());
                }
                reply.put("finishReason", completed.getFinishReason())
                        .put("engine", completed.getAttempt().getEngine())
                        .put("model", completed.getAttempt().getModel());
                reply.set("usage", Views.usage(completed.getUsage()));
                reply.set("sources", Views.sources(completed.getSources()));
            }
            case TurnFailed failed -> {
                reply.put("content", failed.getContent()).put("status", "failed");
                reply.putObject("error").put("code", failed.getCode()).put("detail", failed.getDetail());
            }
            case TurnCancelled cancelled ->
                reply.put("content", cancelled.getContent())
                        .put("status", cancelled.getForgotten() ? "forgotten" : "cancelled");
            case MessageRejected rejected ->
                throw new ProblemException(
                        ErrorCode.ofWire(rejected.getCode()).orElse(ErrorCode.INVALID_REQUEST), rejected.getDetail());
            default -> throw new IllegalStateException("not the end of a turn");
        }
        reply.put("createdAt", event.getTime().toString());
        return Optional.of(answer);
    }

    private void regenerate(Context ctx) {
        Optional<String> key = idempotencyKey(ctx);
        JsonBody body = body(ctx);
        OnBusy onBusy = body.oneOf("onBusy", OnBusy.class).orElse(OnBusy.ENQUEUE);
        Optional<String> engine = body.text("engine", NAME, NAME_RULE);
        body.done();
        ConversationKey conversation = required(ctx);
        String messageId = messageId(ctx);
        requireMessage(conversation, messageId);
        TurnIds ids =
                TurnIds.of(conversation, key.orElseGet(() -> UUID.randomUUID().toString()));
        ObjectNode accepted = accepted(conversation, ids);
        accepted.remove("messageId");
        door.append(
                conversation,
                new RegenerateMessage(messageId, ids.turnId(), ids.assistantMessageId(), onBusy, engine.orElse(null)),
                call(ctx, ids.turnId()));
        answer(ctx, 202, accepted);
    }

    private void cancel(Context ctx) {
        JsonBody body = body(ctx);
        Optional<String> turnId = body.text("turnId", CONVERSATION_ID, ID_RULE);
        body.done();
        door.append(required(ctx), new CancelTurn(turnId.orElse(null)), call(ctx));
        answer(ctx, 202, Views.MAPPER.createObjectNode());
    }

    private void rate(Context ctx) {
        JsonBody body = body(ctx);
        String rating = body.textOrNumber("rating")
                .filter(text -> RATING.matcher(text).matches())
                .orElseThrow(
                        () -> new ProblemException(ErrorCode.INVALID_REQUEST, "must be up, down, or 1 to 5", "rating"));
        Optional<String> comment = body.text("comment", MAX_COMMENT_BYTES);
        body.done();
        ConversationKey conversation = required(ctx);
        String messageId = messageId(ctx);
        requireMessage(conversation, messageId);
        door.change(conversation, new RateMessage(messageId, rating, comment.orElse(null)), call(ctx));
        answer(
                ctx,
                202,
                Views.MAPPER.createObjectNode().put("messageId", messageId).put("rating", rating));
    }

    private void requireMessage(ConversationKey conversation, String messageId) {
        long deadline = System.nanoTime() + SINK_LAG.toNanos();
        while (queries.message(conversation, messageId).isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new ProblemException(
                        ErrorCode.MESSAGE_NOT_FOUND, "the conversation has no message '" + messageId + "'");
            }
            pause();
        }
    }

    private static String messageId(Context ctx) {
        String messageId = ctx.pathParam("messageId");
        if (!CONVERSATION_ID.matcher(messageId).matches()) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + ID_RULE, "messageId");
        }
        return messageId;
    }

    // Streams

    private void events(Context ctx) {
        ConversationKey conversation = required(ctx);
        stream(ctx, transport -> edge.stream(conversation, cursor(ctx), transport));
    }

    private void allEvents(Context ctx) {
        String tenant = access.tenant(ctx);
        stream(ctx, transport -> edge.streamTenant(tenant, cursor(ctx), transport));
    }

    private interface Streaming {
        void to(ClientTransport transport);
    }

    private static void stream(Context ctx, Streaming streaming) {
        streaming.to(new ServletTransport(ctx));
    }

    /** The servlet response as the edge writes to it, on the request's own virtual thread. */
    private static final class ServletTransport implements ClientTransport {
        private final Context ctx;

        ServletTransport(Context ctx) {
            this.ctx = ctx;
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            if (!ctx.res().isCommitted()) {
                // Only now: a stream that is refused is answered with a problem.
                ctx.contentType("text/event-stream; charset=utf-8");
                ctx.header("Cache-Control", "no-store");
                // Proxies that buffer would hold tokens back.
                ctx.header("X-Accel-Buffering", "no");
            }
            ctx.res().getOutputStream().write(bytes);
            ctx.res().flushBuffer();
        }

        @Override
        public void abort() {
            ServletContextRequest.getServletContextRequest(ctx.req())
                    .getConnectionMetaData()
                    .getConnection()
                    .getEndPoint()
                    .close();
        }
    }

    private static Optional<String> cursor(Context ctx) {
        return Optional.ofNullable(ctx.header("Last-Event-ID"))
                .filter(id -> !id.isEmpty())
                .or(() -> Optional.ofNullable(ctx.queryParam("cursor")));
    }

    // Requests

    private static JsonBody body(Context ctx) {
        byte[] bytes = ctx.bodyAsBytes();
        String type = ctx.contentType();
        if (bytes.length > 0
                && (type == null
                        || !type.toLowerCase(Locale.ROOT)
                                .split(";", 2)[0]
                                .strip()
                                .equals("application/json"))) {
            throw new ProblemException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the body must be sent as Content-Type: application/json");
        }
        return JsonBody.of(bytes);
    }

    private ConversationKey conversation(Context ctx) {
        String id = ctx.pathParam("id");
        if (!ConversationKey.isConversationId(id)) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + ID_RULE, "id");
        }
        return new ConversationKey(access.tenant(ctx), id);
    }

    private ConversationKey required(Context ctx) {
        ConversationKey conversation = conversation(ctx);
        door.require(conversation);
        return conversation;
    }

    private Call call(Context ctx) {
        return call(ctx, "cmd_" + shortId());
    }

    private Call call(Context ctx, String commandId) {
        return new Call(access.tenant(ctx), commandId, TraceParent.continueOrStart(ctx.header("traceparent")));
    }

    private static Optional<String> idempotencyKey(Context ctx) {
        Optional<String> key = Optional.ofNullable(ctx.header("Idempotency-Key"));
        key.ifPresent(text -> {
            if (text.isBlank() || text.length() > MAX_KEY_CHARS) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST,
                        "must have 1 to " + MAX_KEY_CHARS + " characters",
                        "Idempotency-Key");
            }
        });
        return key;
    }

    private static Optional<Duration> waitPreference(Context ctx) {
        String prefer = ctx.header("Prefer");
        Matcher matcher = prefer == null ? null : WAIT.matcher(prefer);
        return matcher == null || !matcher.find()
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(Math.min(MAX_WAIT_SECONDS, Integer.parseInt(matcher.group(1)))));
    }

    private static int queryInteger(Context ctx, String name, int otherwise, int min, int max) {
        String text = ctx.queryParam(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (min <= number && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the range.
        }
        throw new ProblemException(
                ErrorCode.INVALID_REQUEST, "must be a whole number from " + min + " to " + max, name);
    }

    private static String fingerprint(String... parts) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                sha256.update(part.getBytes(StandardCharsets.UTF_8));
                sha256.update((byte) 0);
            }
            return HexFormat.of().formatHex(sha256.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String shortId() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 20);
    }

    static void answer(Context ctx, int status, JsonNode body) {
        ctx.status(status).contentType("application/json").result(body.toString());
    }

    private static void pause() {
        try {
            Thread.sleep(SINK_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }
}
