package dev.parley.ingest.protocol.mcp;

import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.ingest.search.Searches;
import io.javalin.config.JavalinConfig;
import java.util.List;
import java.util.Optional;

/**
 * The Model Context Protocol over its streamable HTTP transport
 * (<a href="https://modelcontextprotocol.io/specification/2025-11-25">revision 2025-11-25</a>): agents use this server as a tool.
 */
public final class McpApi implements Protocol {

    private static final RpcErrors ERRORS = new RpcErrors();

    private final Serving serving;
    private final McpCalls calls;

    /**
     * The protocol of one server.
     *
     * @param defaultWorkspace that is searched where none is named
     */
    public McpApi(Serving serving, Door door, EventStreams streams, Searches searches, String defaultWorkspace) {
        Sessions sessions = new Sessions(door.turns());
        this.serving = serving;
        this.calls = new McpCalls(
                sessions,
                new AskTool(door, streams, sessions),
                List.of(new SearchTool(searches, defaultWorkspace), new ReadTool(door.snapshots())));
    }

    @Override
    public Optional<ErrorForm> errors() {
        return Optional.of(ERRORS);
    }

    @Override
    public List<String> readableHeaders() {
        return List.of(McpCalls.SESSION);
    }

    @Override
    public void addTo(JavalinConfig config) {
        config.routes.post("/mcp", serving.streamed(calls::take));
        config.routes.delete("/mcp", serving.call(calls::end));
    }
}
