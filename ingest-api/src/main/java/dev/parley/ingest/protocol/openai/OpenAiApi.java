package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.http.Serving;
import io.javalin.config.RoutesConfig;

/** The routes of OpenAI's API, under {@code /v1}: a view of the same log for the clients that people have. */
public final class OpenAiApi {

    /** Problems under this path are told in OpenAI's form. */
    public static final String PREFIX = "/v1/";

    private final Serving serving;
    private final OpenAiCalls calls;
    private final ResponseCalls responses;

    public OpenAiApi(Serving serving, OpenAiCalls calls, ResponseCalls responses) {
        this.serving = serving;
        this.calls = calls;
        this.responses = responses;
    }

    public void addTo(RoutesConfig routes) {
        routes.get("/v1/models", serving.call(calls::models));
        // A model's name may hold slashes.
        routes.get("/v1/models/<model>", serving.call(calls::model));
        routes.post("/v1/chat/completions", serving.streamed(calls::complete));
        routes.post("/v1/responses", serving.streamed(responses::create));
        routes.get("/v1/responses/{id}", serving.streamed(responses::get));
        routes.post("/v1/responses/{id}/cancel", serving.call(responses::cancel));
    }
}
