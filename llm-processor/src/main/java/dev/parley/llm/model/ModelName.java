package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.http.client.HttpMethod;
import dev.langchain4j.http.client.HttpRequest;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The model to ask a server for: the one that was configured, else the first that the server lists, which is then kept. */
final class ModelName {

    private static final ObjectMapper MAPPER = new ObjectMapper();

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

    String toAskFor(CancellableHttpClient client) throws IOException {
        if (server.model().isPresent()) {
            return server.model().get();
        }
        String known = discovered;
        if (known == null) {
            known = firstListed(client);
            discovered = known;
        }
        return known;
    }

    private String firstListed(CancellableHttpClient client) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.builder().method(HttpMethod.GET).url(server.baseUrl() + "/models");
        headers.forEach(request::addHeader);
        JsonNode first = MAPPER.readTree(client.execute(request.build()).body()).at("/data/0/id");
        if (!first.isTextual()) {
            throw new IOException("no model is named, and the model server lists none");
        }
        return first.asText();
    }
}
