package dev.parley.ingest.protocol.aisdk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What assistant-ui's transport sends beside a chat: the page's own instructions and tools, and how to generate. The rest of
 * what it sends ({@code config}, {@code runConfig}) is about model providers that a page would call by itself.
 */
final class UiOptions {

    private static final int MAX_TOOLS = 512;
    private static final int MAX_STOPS = 16;

    private UiOptions() {}

    /** Empty where they say nothing: then routes and documents count as they do for every chat. */
    static Optional<GenerationOptions> of(JsonBody body) {
        GenerationOptions.Builder options = GenerationOptions.newBuilder()
                .setInstructions(body.textUnlessBlank("system").orElse(null))
                .setTools(tools(body));
        body.object("callSettings").ifPresent(settings -> settings(settings, options));
        body.unused("config");
        body.unused("runConfig");
        GenerationOptions read = options.build();
        return read.equals(GenerationOptions.newBuilder().build()) ? Optional.empty() : Optional.of(read);
    }

    private static List<ToolDefinition> tools(JsonBody body) {
        List<ToolDefinition> tools = new ArrayList<>();
        body.members("tools", MAX_TOOLS).forEach((name, tool) -> {
            Optional<String> schema = tool.object("parameters").flatMap(any -> tool.json("parameters"));
            tools.add(new ToolDefinition(
                    name,
                    tool.text("description").orElse(null),
                    schema.orElse(null),
                    tool.flag("strict").orElse(null)));
            tool.unusedRest(Set.of());
        });
        return tools;
    }

    private static void settings(JsonBody settings, GenerationOptions.Builder options) {
        Optional<Long> older = settings.integer("maxTokens", 1, Integer.MAX_VALUE);
        options.setMaxOutputTokens(settings.integer("maxOutputTokens", 1, Integer.MAX_VALUE)
                        .or(() -> older)
                        .map(Long::intValue)
                        .orElse(null))
                .setTemperature(settings.number("temperature", 0, 2).orElse(null))
                .setTopP(settings.number("topP", 0, 1).orElse(null))
                .setPresencePenalty(settings.number("presencePenalty", -2, 2).orElse(null))
                .setFrequencyPenalty(settings.number("frequencyPenalty", -2, 2).orElse(null))
                .setSeed(
                        settings.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(null))
                .setStop(settings.texts("stopSequences", MAX_STOPS));
        settings.integer("topK", Integer.MIN_VALUE, Integer.MAX_VALUE).ifPresent(topK -> {
            ObjectNode extra = Json.object().put("top_k", topK);
            options.setExtraParameters(extra.toString());
        });
        settings.unusedRest(Set.of());
    }
}
