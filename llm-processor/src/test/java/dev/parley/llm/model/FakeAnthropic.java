package dev.parley.llm.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** Speaks Anthropic's stream of messages, as far as it is told to. */
final class FakeAnthropic implements AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

    /** What was asked: headers in lower case, and the body. */
    final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();

    /** Counted down when a client has left an answer that never ends. */
    final CountDownLatch left = new CountDownLatch(1);

    record Asked(Map<String, List<String>> headers, JsonNode body) {
        String header(String name) {
            return headers.entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .findFirst()
                    .orElseThrow()
                    .getValue()
                    .getFirst();
        }
    }

    /**
     * An answer.
     *
     * @param endless whether the last event is repeated until the client has gone
     */
    private record Answer(int status, String body, boolean endless) {}

    FakeAnthropic() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/v1/messages", this::answer);
        server.start();
    }

    URI baseUrl() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1");
    }

    static String event(String type, String members) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.isEmpty() ? "" : ",") + members
                + "}\n\n";
    }

    static String start(int inputTokens) {
        return event(
                "message_start",
                "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"
                        + "\"model\":\"claude\",\"usage\":{\"input_tokens\":" + inputTokens + ",\"output_tokens\":1}}");
    }

    static String block(int index, String block) {
        return event("content_block_start", "\"index\":" + index + ",\"content_block\":" + block);
    }

    static String delta(int index, String delta) {
        return event("content_block_delta", "\"index\":" + index + ",\"delta\":" + delta);
    }

    static String blockEnd(int index) {
        return event("content_block_stop", "\"index\":" + index);
    }

    static String end(String reason, int outputTokens) {
        return event(
                        "message_delta",
                        "\"delta\":{\"stop_reason\":\"" + reason + "\"},\"usage\":{\"output_tokens\":" + outputTokens
                                + "}")
                + event("message_stop", "");
    }

    void streams(String... events) {
        answers.add(new Answer(200, String.join("", events), false));
    }

    void streamsWithoutEnd(String... events) {
        answers.add(new Answer(200, String.join("", events), true));
    }

    void refuses(int status, String type, String message) {
        answers.add(new Answer(
                status,
                "{\"type\":\"error\",\"error\":{\"type\":\"" + type + "\",\"message\":\"" + message + "\"}}",
                false));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            asked.add(new Asked(Map.copyOf(exchange.getRequestHeaders()), MAPPER.readTree(exchange.getRequestBody())));
            Answer answer = answers.take();
            exchange.getResponseHeaders()
                    .add("content-type", answer.status() == 200 ? "text/event-stream" : "application/json");
            exchange.sendResponseHeaders(answer.status(), 0);
            OutputStream out = exchange.getResponseBody();
            out.write(answer.body().getBytes(StandardCharsets.UTF_8));
            out.flush();
            while (answer.endless()) {
                out.write(event("ping", "").getBytes(StandardCharsets.UTF_8));
                out.flush();
                Thread.sleep(5);
            }
        } catch (IOException e) {
            left.countDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
