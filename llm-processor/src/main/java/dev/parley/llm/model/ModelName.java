package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The model to ask a server for: the one that was configured, else the first that the server lists, which is kept until the
 * server does not know it any more. Thread-safe.
 */
final class ModelName {

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
        for (JsonNode each : list.isArray() ? list : list.has("data") ? list.path("data") : list.path("models")) {
            for (String member : new String[] {"id", "model", "name"}) {
                if (each.path(member).isTextual() && !each.path(member).asText().isBlank()) {
                    return each.path(member).asText();
                }
            }
        }
        throw new IOException("no model is named, and the model server lists none");
    }
}
