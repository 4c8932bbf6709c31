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

    /** Who asks for the health of a process knows its address and not its names. */
    static boolean isProbe(Context ctx) {
        return ctx.path().startsWith("/health/");
    }

    void addTo(RoutesConfig routes) {
        routes.get("/health/live", this::live);
        routes.get("/health/ready", this::ready);
        routes.get(
                "/metrics",
                ctx -> ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(meters.scrape()));
    }

    private void live(Context ctx) {
        List<Role> dead = roles.get().stream().filter(Role::hasDied).toList();
        ObjectNode answer = Json.object().put("live", dead.isEmpty());
        if (!dead.isEmpty()) {
            ArrayNode names = answer.putArray("dead");
            dead.forEach(role -> names.add(role.name()));
        }
        Json.answer(ctx, dead.isEmpty() ? 200 : 503, answer);
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
