package dev.parley.launcher;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.parley.schemas.Role;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** {@code /health/live}, {@code /health/ready} and {@code /metrics} of a process without the HTTP front door. */
final class OperationsServer implements Role {

    private final HttpServer server;

    private OperationsServer(HttpServer server) {
        this.server = server;
    }

    static OperationsServer start(String host, int port, PrometheusMeterRegistry meters, Supplier<List<Role>> roles) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 0);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/health/live", exchange -> {
                String dead = roles.get().stream()
                        .filter(Role::hasDied)
                        .map(role -> role.name() + ": dead\n")
                        .collect(Collectors.joining());
                answer(exchange, dead.isEmpty() ? 200 : 503, dead.isEmpty() ? "live\n" : dead);
            });
            server.createContext("/health/ready", exchange -> {
                boolean ready =
                        roles.get().stream().allMatch(role -> role.health().ready());
                StringBuilder text = new StringBuilder();
                roles.get()
                        .forEach(role -> text.append(role.name())
                                .append(": ")
                                .append(role.health().ready() ? "ready" : "not ready")
                                .append(", ")
                                .append(role.health().detail())
                                .append('\n'));
                answer(exchange, ready ? 200 : 503, text.toString());
            });
            server.createContext("/metrics", exchange -> answer(exchange, 200, meters.scrape()));
            server.start();
            return new OperationsServer(server);
        } catch (BindException e) {
            throw new CommandFailedException(
                    "port " + port
                            + ", meant for metrics, is taken by another process: choose another with --metrics-port",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    @Override
    public String name() {
        return "operations";
    }

    @Override
    public Health health() {
        return new Health(true, "serves " + server.getAddress());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
