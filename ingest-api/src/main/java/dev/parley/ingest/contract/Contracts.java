package dev.parley.ingest.contract;

import dev.parley.schemas.Topics;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The two contracts that the server publishes about itself: its calls, written by hand, and its topics, generated. */
public final class Contracts {

    private final byte[] openApi;
    private final byte[] asyncApi;

    public Contracts(Topics topics) {
        openApi = resource("/contracts/openapi.yaml");
        asyncApi = new AsyncApiDocument(topics).yaml();
    }

    public void addTo(RoutesConfig routes) {
        routes.get("/openapi.yaml", serving(openApi));
        routes.get("/asyncapi.yaml", serving(asyncApi));
    }

    private static Handler serving(byte[] document) {
        return ctx -> {
            ctx.header("Cache-Control", "no-cache");
            ctx.contentType("application/yaml").result(document);
        };
    }

    private static byte[] resource(String name) {
        try (InputStream in = Objects.requireNonNull(Contracts.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
