package dev.parley.ingest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.Role;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What those ask who look after a process: whether it lives, whether its roles do their work, and its measurements. */
final class Operations {

    private final PrometheusMeterRegistry meters;
    private final Supplier<List<Role>> roles;

    Operations(PrometheusMeterRegistry meters, Supplier<List<Role>> roles) {
        this.meters = meters;
        this.roles = roles;
    }

    void addTo(RoutesConfig routes) {
        routes.get("/health/live", ctx -> Json.answer(ctx, 200, Json.object().put("live", true)));
        routes.get("/health/ready", this::ready);
        routes.get(
                "/metrics",
                ctx -> ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(meters.scrape()));
    }

    private void ready(Context ctx) {
        ObjectNode answer = Json.object();
        boolean ready = true;
        ArrayNode list = answer.putArray("roles");
        for (Role role : roles.get()) {
            Role.Health health = role.health();
            ready &= health.ready();
            list.addObject()
                    .put("role", role.name())
                    .put("ready", health.ready())
                    .put("detail", health.detail());
        }
        Json.answer(ctx, ready ? 200 : 503, answer.put("ready", ready));
    }
}
