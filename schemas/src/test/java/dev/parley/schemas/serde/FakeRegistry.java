package dev.parley.schemas.serde;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.avro.Schema;

/** A registry that speaks as much of Confluent's API as the client asks, and can be made to fail. */
final class FakeRegistry implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    final AtomicInteger requests = new AtomicInteger();
    /** How many of the next requests are answered 503. */
    final AtomicInteger failures = new AtomicInteger();

    private final List<String> schemas = new ArrayList<>();
    private final Set<String> subjects = new HashSet<>();
    private final HttpServer server;

    FakeRegistry() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    synchronized int add(Schema schema) {
        schemas.add(schema.toString());
        return schemas.size();
    }

    private synchronized void handle(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        String path = exchange.getRequestURI().getPath();
        JsonNode request = MAPPER.readTree(exchange.getRequestBody());
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            answer(exchange, 503, "{}");
        } else if (path.startsWith("/schemas/ids/")) {
            int id = Integer.parseInt(path.substring("/schemas/ids/".length()));
            if (id < 1 || id > schemas.size()) {
                answer(exchange, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
            } else {
                answer(
                        exchange,
                        200,
                        MAPPER.createObjectNode()
                                .put("schema", schemas.get(id - 1))
                                .toString());
            }
        } else if (exchange.getRequestMethod().equals("GET") && path.contains("/versions")) {
            answerVersions(exchange, path);
        } else if (path.endsWith("/versions")) {
            String schema = request.path("schema").asText();
            if (path.contains("stubborn")) {
                answer(exchange, 409, "{\"error_code\":409,\"message\":\"field removed\"}");
                return;
            }
            subjects.add(path.substring(0, path.length() - "/versions".length()));
            if (!schemas.contains(schema)) {
                schemas.add(schema);
            }
            answer(exchange, 200, "{\"id\":" + (schemas.indexOf(schema) + 1) + "}");
        } else {
            int index = subjects.contains(path)
                    ? schemas.indexOf(request.path("schema").asText())
                    : -1;
            answer(
                    exchange,
                    index < 0 ? 404 : 200,
                    index < 0 ? "{\"error_code\":40403}" : "{\"id\":" + (index + 1) + "}");
        }
    }

    /** Its only subject has all schemas. */
    private void answerVersions(HttpExchange exchange, String path) throws IOException {
        String subject = path.substring(0, path.indexOf("/versions"));
        String version = path.substring(subject.length() + "/versions".length());
        if (!subjects.contains(subject)) {
            answer(exchange, 404, "{\"error_code\":40401,\"message\":\"Subject not found\"}");
        } else if (version.isEmpty()) {
            answer(
                    exchange,
                    200,
                    IntStream.rangeClosed(1, schemas.size()).boxed().toList().toString());
        } else {
            int number = Integer.parseInt(version.substring(1));
            answer(
                    exchange,
                    200,
                    MAPPER.createObjectNode()
                            .put("id", number)
                            .put("version", number)
                            .put("schema", schemas.get(number - 1))
                            .toString());
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (var out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
