package dev.parley.ingest.protocol.agui;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * AG-UI's {@code RunAgentInput}: the whole thread as the client has it, of which the last message is new.
 *
 * @param asked the messages, taken apart
 * @param options that the client brings; empty where it leaves them to the server
 */
record RunInput(String runId, Asked asked, Optional<GenerationOptions> options, Handling handling) {

    private static final int MAX_TOOLS = 512;
    private static final int MAX_CONTEXT = 512;
    private static final int MAX_INTERRUPTS = 512;

    static RunInput of(JsonBody body) {
        String runId = body.text("runId", Request.ID, Request.ID_RULE).orElseThrow(() -> JsonBody.required("runId"));
        Asked asked = Asked.of(body);
        Optional<GenerationOptions> options = options(body);
        Handling handling = handling(body.object("forwardedProps").orElseGet(() -> JsonBody.of(new byte[0])));
        if (!body.objects("resume", MAX_INTERRUPTS).isEmpty()) {
            throw body.refusal("resume", "must be empty: no run of this server waits for an answer");
        }
        body.pass("protocolVersion");
        // The protocol has those who do not know a field pass over it.
        body.unusedRest(Set.of());
        return new RunInput(runId, asked, options, handling);
    }

    /** What is this server's own in what goes to agents as it is. */
    private static Handling handling(JsonBody forwarded) {
        JsonBody own = forwarded.object("parley").orElseGet(() -> JsonBody.of(new byte[0]));
        Handling handling = Handling.of(own);
        own.done();
        forwarded.unusedRest(Set.of());
        return handling;
    }

    private static Optional<GenerationOptions> options(JsonBody body) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (JsonBody tool : body.objects("tools", MAX_TOOLS)) {
            Optional<String> schema = tool.object("parameters").flatMap(any -> tool.json("parameters"));
            tools.add(new ToolDefinition(
                    tool.requiredText("name"), tool.text("description").orElse(null), schema.orElse(null), null));
            tool.unusedRest(Set.of());
        }
        String context = context(body);
        return tools.isEmpty() && context.isEmpty()
                ? Optional.empty()
                : Optional.of(GenerationOptions.newBuilder()
                        .setInstructions(context.isEmpty() ? null : context)
                        .setTools(tools)
                        .build());
    }

    /** What the page knows, for the model; it is of this run alone, so that it has no place among the messages. */
    private static String context(JsonBody body) {
        return body.objects("context", MAX_CONTEXT).stream()
                .map(entry -> {
                    String about = entry.text("description").orElse("");
                    String value = entry.requiredText("value");
                    entry.unusedRest(Set.of());
                    return about.isBlank() ? value : about + ": " + value;
                })
                .filter(text -> !text.isBlank())
                .collect(Collectors.joining("\n\n"));
    }
}
