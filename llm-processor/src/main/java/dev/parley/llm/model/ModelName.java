package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The model to ask a server for: the one that was configured, else the first that the server lists and that speaks, which is kept until the
 * server does not know it any more. Thread-safe.
 */
final class ModelName {

    /** Names of models that embed, rank, hear or draw, and answer nobody; servers list them among the others. */
    private static final Pattern SPEECHLESS =
            Pattern.compile("(?i)embed|rerank|moderation|whisper|tts|dall-e|(?:^|[/-])bge-|stable-diffusion");

    private final ModelServer server;
    private final Map<String, String> headers;
    private volatile @Nullable String discovered;

    /**
     * Asks nothing yet.
     *
     * @param headers with which the server lets itself be asked
     */
    ModelName(ModelServer server, Map<String, String> headers) {
        this.server = server;
        this.headers = headers;
    }

    String known() {
        String listed = discovered;
        return server.model().orElse(listed == null ? "unknown" : listed);
    }

    String toAskFor(ServerCall call) throws IOException {
        if (server.model().isPresent()) {
            return server.model().get();
        }
        String known = discovered;
        if (known == null) {
            known = firstListed(call);
            discovered = known;
        }
        return known;
    }

    /** Forgets a model that was found out and that the server has no more; whether it is worth looking for another. */
    boolean isGone(String name, RefusedException refused) {
        if (server.model().isPresent() || !isUnknown(refused)) {
            return false;
        }
        if (name.equals(discovered)) {
            discovered = null;
        }
        return true;
    }

    private static boolean isUnknown(RefusedException refused) {
        String words = refused.error().message().toLowerCase(Locale.ROOT);
        return refused.status() == 404
                || refused.error().names().contains("model_not_found")
                || (refused.status() == 400
                        && words.contains("model")
                        && (words.contains("not found")
                                || words.contains("not exist")
                                || words.contains("not loaded")
                                || words.contains("unknown model")));
    }

    private String firstListed(ServerCall call) throws IOException {
        JsonNode list = call.get(URI.create(server.baseUrl() + "/models"), headers);
        List<String> names = new ArrayList<>();
        for (JsonNode each : list.isArray() ? list : list.has("data") ? list.path("data") : list.path("models")) {
            name(each).ifPresent(names::add);
        }
        return names.stream()
                .filter(listed -> !SPEECHLESS.matcher(listed).find())
                .findFirst()
                .or(() -> names.stream().findFirst())
                .orElseThrow(NoModelException::new);
    }

    private static Optional<String> name(JsonNode listed) {
        return Stream.of("id", "model", "name")
                .map(listed::path)
                .filter(said -> said.isTextual() && !said.asText().isBlank())
                .map(JsonNode::asText)
                .findFirst();
    }
}
