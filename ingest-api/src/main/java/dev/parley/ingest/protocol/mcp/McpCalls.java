package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.mcp.Sessions.Asked;
import dev.parley.ingest.protocol.mcp.Sessions.Name;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The transport and the methods: each message of a client's is a POST of its own. A request is answered by JSON, or by a stream
 * where an answer takes its time; this server has nothing to say unasked, so that there is no stream to GET.
 */
final class McpCalls {

    static final String SESSION = "Mcp-Session-Id";

    private static final String VERSION = "MCP-Protocol-Version";

    /** The newest first. */
    private static final List<String> VERSIONS = List.of("2025-11-25", "2025-06-18", "2025-03-26");

    private static final String EVENT_STREAM = "text/event-stream";

    private static final String INSTRUCTIONS =
            "Parley answers questions from the documents of workspaces and keeps every conversation. Use ask for answers,"
                    + " search_workspace for the passages themselves, read_conversation for what was said before.";

    private final Sessions sessions;
    private final AskTool ask;
    private final List<ImmediateTool> immediate;

    McpCalls(Sessions sessions, AskTool ask, List<ImmediateTool> immediate) {
        this.sessions = sessions;
        this.ask = ask;
        this.immediate = immediate;
    }

    Reply take(Context ctx, Request request) {
        String tenant = request.tenant();
        Optional<String> version = Optional.ofNullable(ctx.header(VERSION));
        version.filter(any -> !VERSIONS.contains(any)).ifPresent(any -> {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "must be one of " + String.join(", ", VERSIONS), VERSION);
        });
        RpcMessage message = RpcMessage.of(request.body());
        String method = message.method().orElse("");
        if (method.equals("initialize") && message.id().isPresent()) {
            ctx.header(SESSION, Sessions.begin());
            return answer(ctx, Rpc.result(message.id().get(), initialized(message.params())));
        }
        Name session = sessions.named(tenant, Optional.ofNullable(ctx.header(SESSION)));
        if (message.id().isEmpty() || message.method().isEmpty()) {
            noted(message, method, session, request);
            ctx.status(202);
            return Reply.SENT;
        }
        return answered(
                ctx, request, message, method, new Asked(session, message.id().get()));
    }

    /** Ends a session, and what is under way in it. */
    void end(Context ctx, Request request) {
        Name session = sessions.named(request.tenant(), Optional.ofNullable(ctx.header(SESSION)));
        sessions.end(session, request.call());
        ctx.status(204);
    }

    private static ObjectNode initialized(JsonBody params) {
        String wanted = params.text("protocolVersion").orElse("");
        ObjectNode result =
                Json.object().put("protocolVersion", VERSIONS.contains(wanted) ? wanted : VERSIONS.getFirst());
        result.putObject("capabilities").putObject("tools").put("listChanged", false);
        result.putObject("serverInfo")
                .put("name", "parley")
                .put("title", "Parley")
                .put("version", "1");
        return result.put("instructions", INSTRUCTIONS);
    }

    /** A notification, or an answer to what this server never asked. */
    private void noted(RpcMessage message, String method, Name session, Request request) {
        if (method.equals("notifications/cancelled")) {
            RpcMessage.value(message.params(), "requestId")
                    .ifPresent(id -> sessions.cancel(new Asked(session, id), request.call()));
        }
    }

    private Reply answered(Context ctx, Request request, RpcMessage message, String method, Asked asked) {
        return switch (method) {
            case "ping" -> answer(ctx, Rpc.result(asked.id(), Json.object()));
            case "tools/list" ->
                message.params().has("cursor")
                        ? answer(ctx, Rpc.error(asked.id(), Rpc.INVALID_PARAMS, "there are no further pages"))
                        : answer(ctx, Rpc.result(asked.id(), tools()));
            case "tools/call" -> call(ctx, request, message, asked);
            default -> answer(ctx, Rpc.error(asked.id(), Rpc.METHOD_NOT_FOUND, "there is no method " + method));
        };
    }

    private ObjectNode tools() {
        ObjectNode result = Json.object();
        ArrayNode tools = result.putArray("tools");
        List<Tool> all = new ArrayList<>(immediate);
        all.add(ask);
        all.forEach(tool -> tools.add(tool.definition()));
        return result;
    }

    private Reply call(Context ctx, Request request, RpcMessage message, Asked asked) {
        JsonBody params = message.params();
        String name = params.text("name").orElse("");
        try {
            JsonBody arguments = params.object("arguments").orElseGet(() -> JsonBody.of(new byte[0]));
            if (name.equals(ask.name())) {
                return ask(ctx, request, message, asked, arguments);
            }
            Optional<ImmediateTool> tool =
                    immediate.stream().filter(any -> any.name().equals(name)).findFirst();
            return tool.isEmpty()
                    ? answer(ctx, Rpc.error(asked.id(), Rpc.INVALID_PARAMS, "there is no tool " + name))
                    : answer(ctx, Rpc.result(asked.id(), tool.get().call(arguments, request)));
        } catch (ProblemException e) {
            // As a result, the model that made the call sees it, and may mend it.
            return answer(ctx, Rpc.result(asked.id(), Tool.failure(Rpc.text(e))));
        }
    }

    private Reply ask(Context ctx, Request request, RpcMessage message, Asked asked, JsonBody arguments) {
        boolean streams = Optional.ofNullable(ctx.header("Accept"))
                .filter(text -> text.toLowerCase(Locale.ROOT).contains(EVENT_STREAM))
                .isPresent();
        AskTool.Turn turn = ask.ask(arguments, asked, request);
        AskEncoding encoding = new AskEncoding(
                asked.id(),
                message.progressToken().filter(token -> streams),
                turn.conversation().conversation(),
                turn.turnId(),
                turn.request()::isCancelled);
        if (streams) {
            return () -> ask.tell(ctx, turn, encoding);
        }
        try (Sessions.UnderWay underWay = turn.request()) {
            AskEncoding _ = request.waiting(() -> {
                ask.await(turn, encoding);
                return encoding;
            });
        }
        encoding.response().ifPresentOrElse(response -> answer(ctx, response), () -> ctx.status(202));
        return Reply.SENT;
    }

    private static Reply answer(Context ctx, JsonNode message) {
        Json.answer(ctx, 200, message);
        return Reply.SENT;
    }
}
