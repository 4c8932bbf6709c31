package dev.parley.topologies.preparing;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.chat.v1.TurnRequest;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to generate: as the caller says, within what the route allows. The output form is the route's where the caller wants
 * none; the length of the answer is the smaller of both; tools are those of the caller that the route lets through.
 */
final class RouteOptions {

    private static final Set<String> PLAIN_CHOICES = Set.of("auto", "none", "required");

    private RouteOptions() {}

    /** Null where neither has a wish. */
    static @Nullable GenerationOptions of(TurnRequest turn, RouteConfiguration route) {
        CallerPrompt caller = turn.getPrompt();
        Integer limit = route.getLimits().getOutput();
        String form = route.getResponseFormat();
        if (caller == null && limit == null && form == null) {
            return null;
        }
        GenerationOptions asked =
                caller == null ? GenerationOptions.newBuilder().build() : caller.getOptions();
        GenerationOptions.Builder options = GenerationOptions.newBuilder(asked);
        if (asked.getResponseFormat() == null) {
            options.setResponseFormat(form);
        }
        Integer wanted = asked.getMaxOutputTokens();
        if (limit != null) {
            options.setMaxOutputTokens(wanted == null ? limit : Integer.valueOf(Math.min(wanted, limit)));
        }
        restrictTools(options, asked, route.getTools());
        return options.build();
    }

    private static void restrictTools(
            GenerationOptions.Builder options, GenerationOptions asked, @Nullable List<String> allowed) {
        if (allowed == null) {
            return;
        }
        List<ToolDefinition> kept = asked.getTools().stream()
                .filter(tool -> allowed.contains(tool.getName()))
                .toList();
        if (kept.size() == asked.getTools().size()) {
            return;
        }
        options.setTools(kept);
        // Model servers refuse a choice among no tools, and one that names a tool they were not told of.
        if (kept.isEmpty() || !remains(asked.getToolChoice(), kept)) {
            options.setToolChoice(null);
        }
        if (kept.isEmpty()) {
            options.setParallelToolCalls(null);
        }
    }

    private static boolean remains(@Nullable String choice, List<ToolDefinition> kept) {
        if (choice == null) {
            return true;
        }
        String plain = choice.strip();
        if (PLAIN_CHOICES.stream().anyMatch(word -> plain.equals('"' + word + '"') || plain.equals(word))) {
            return true;
        }
        // A name is of letters, digits, _ and - only, so that in JSON it stands as it is, between quotes.
        return kept.stream().anyMatch(tool -> plain.contains('"' + tool.getName() + '"'));
    }
}
