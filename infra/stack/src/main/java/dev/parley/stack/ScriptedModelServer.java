package dev.parley.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.stack.Script.Answer;
import dev.parley.stack.Script.Delta;
import dev.parley.stack.Script.Ending;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stand-in for an OpenAI-compatible model server: it says what a {@link Script} says, at the script's pace, with the
 * script's failures. For tests, benchmarks and demos; its model ids and {@code owned_by} say that it is no model.
 *
 * <p>The script of a request is, in this order: what its {@code model} name says ({@link Script.ModelName}, any name
 * but plain {@code scripted}); the next of {@link #enqueue}; what {@link #answerWith} decides; else an echo of what the
 * user said last.
 *
 * <p>Each connection has one virtual thread that reads, and each request one that answers: so a client that leaves is
 * noticed at once, also while nothing is being sent ({@link ModelExchange#awaitClosedByClient}). Safe for use by
 * several threads.
 */
public final class ScriptedModelServer implements AutoCloseable {

    private static final Duration BEFORE_DROPPING = Duration.ofMillis(100);
    private static final Logger LOGGER = LoggerFactory.getLogger(ScriptedModelServer.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String COMPLETIONS = "/v1/chat/completions";
    private static final String MODELS = "/v1/models";
    private static final String OWNER = "parley-scripted-server-not-a-model";
    private static final int BACKLOG = 1024;

    /** The last exchanges that are remembered. */
    private static final int REMEMBERED = 2_000;

    /** Roughly, for English; this server has no tokenizer. */
    private static final int CHARS_PER_TOKEN = 4;

    private final ServerSocket listener;
    private final Queue<Script> queue = new ConcurrentLinkedQueue<>();
    private final Deque<ModelExchange> exchanges = new ArrayDeque<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger openStreams = new AtomicInteger();
    private final AtomicInteger peakOpenStreams = new AtomicInteger();
    private final AtomicLong requests = new AtomicLong();
    private volatile Function<ModelRequest, Script> decision = ScriptedModelServer::echo;
    private volatile boolean closed;

    private ScriptedModelServer(ServerSocket listener) {
        this.listener = listener;
    }

    /**
     * Starts on the loopback address.
     *
     * @param port 0 for a free one
     */
    public static ScriptedModelServer start(int port) {
        int claimed = Ports.claim(port, "the scripted model server");
        try {
            ServerSocket listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), claimed), BACKLOG);
            ScriptedModelServer server = new ScriptedModelServer(listener);
            Thread.ofPlatform().name("scripted-model-accept").daemon().start(server::accept);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on port " + claimed, e);
        }
    }

    /** Starts on a free port. */
    public static ScriptedModelServer start() {
        return start(0);
    }

    /** The base URL that OpenAI clients are given, {@code /v1} included. */
    public URI baseUrl() {
        return URI.create("http://" + Ports.LOOPBACK + ":" + port() + "/v1");
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Scripts for the next requests, one each. */
    public ScriptedModelServer enqueue(Script... scripts) {
        queue.addAll(List.of(scripts));
        return this;
    }

    /** Decides about every request for which nothing is queued. */
    public ScriptedModelServer answerWith(Function<ModelRequest, Script> chooser) {
        decision = chooser;
        return this;
    }

    /** Every request for which nothing is queued is answered by {@code script}. */
    public ScriptedModelServer answerWith(Script script) {
        return answerWith(request -> script);
    }

    /** The last 2,000 completion requests, oldest first. */
    public List<ModelExchange> exchanges() {
        synchronized (exchanges) {
            return List.copyOf(exchanges);
        }
    }

    /** The exchange with that number, from 0, waiting for it where it has not come yet. */
    public ModelExchange awaitExchange(int index, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (exchanges) {
            while (exchanges.size() <= index) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new IllegalStateException("only " + exchanges.size() + " requests came within " + limit);
                }
                try {
                    exchanges.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted", e);
                }
            }
            return List.copyOf(exchanges).get(index);
        }
    }

    /** All completion requests so far. */
    public long requestCount() {
        return requests.get();
    }

    /** Completion requests that are being answered now. */
    public int openStreams() {
        return openStreams.get();
    }

    public int peakOpenStreams() {
        return peakOpenStreams.get();
    }

    /** What it says when it has no other script: deterministic, readable, and honest about itself. */
    public static Answer echo(ModelRequest request) {
        String asked = request.lastUserText().strip();
        return Script.text("This is a scripted server, not a model. "
                + (asked.isEmpty() ? "You said nothing." : "You said: " + asked));
    }

    /** Closes every connection. */
    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            LOGGER.debug("closing the listener", e);
        }
        connections.forEach(ScriptedModelServer::drop);
    }

    /** Runs one until the process is stopped: {@code [--port <port>]}. */
    public static void main(String[] arguments) throws InterruptedException {
        int port = 8000;
        if (arguments.length == 2 && arguments[0].equals("--port")) {
            port = Integer.parseInt(arguments[1]);
        } else if (arguments.length != 0) {
            System.err.println("usage: ScriptedModelServer [--port <port>]");
            System.exit(2);
        }
        try (ScriptedModelServer server = start(port)) {
            System.out.println("A scripted server, not a model, at " + server.baseUrl());
            System.out.println("Models: " + Script.ModelName.GRAMMAR);
            Thread.currentThread().join();
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                connections.add(socket);
                Thread.ofVirtual().name("scripted-model-read").start(() -> serve(socket));
            } catch (IOException e) {
                if (!closed) {
                    LOGGER.warn("cannot accept a connection", e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedInputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            boolean more = true;
            while (more) {
                HttpWire.Request request = HttpWire.read(in, out);
                more = request != null && answerWhileWatching(socket, in, out, request) && request.keepAlive();
            }
        } catch (IOException e) {
            LOGGER.debug("a connection broke", e);
        } finally {
            connections.remove(socket);
        }
    }

    /** Answers in a second thread while this one waits for the next request's first byte, or for the client to go. */
    private boolean answerWhileWatching(
            Socket socket, BufferedInputStream in, OutputStream out, HttpWire.Request request) {
        ModelExchange exchange =
                request.path().equals(COMPLETIONS) && request.method().equals("POST")
                        ? exchange(request.body(), request.headers())
                        : null;
        if (exchange != null) {
            remember(exchange);
        }
        Thread answering = Thread.ofVirtual().name("scripted-model-answer").start(() -> {
            try {
                if (exchange == null) {
                    out.write(otherwise(request));
                } else {
                    answer(exchange, socket, out);
                    exchange.served();
                }
            } catch (IOException e) {
                LOGGER.debug("the client left", e);
                drop(socket);
            } catch (InterruptedException e) {
                drop(socket);
            } finally {
                if (exchange != null) {
                    end(exchange);
                }
            }
        });
        boolean connected = awaitInput(in);
        if (!connected) {
            answering.interrupt();
        }
        try {
            answering.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return connected;
    }

    /** Whoever is not served by now lost its client, or this server. */
    private void end(ModelExchange exchange) {
        openStreams.decrementAndGet();
        if (closed) {
            exchange.served();
        } else {
            exchange.clientGone();
        }
    }

    private static boolean awaitInput(BufferedInputStream in) {
        try {
            in.mark(1);
            boolean input = in.read() >= 0;
            in.reset();
            return input;
        } catch (IOException e) {
            return false;
        }
    }

    private @Nullable ModelExchange exchange(String body, Map<String, String> headers) {
        try {
            JsonNode parsed = JSON.readTree(body);
            if (parsed == null || !parsed.isObject() || !parsed.path("messages").isArray()) {
                return null;
            }
            ModelRequest request = new ModelRequest(headers, parsed);
            return new ModelExchange(request, script(request));
        } catch (IOException e) {
            return null;
        }
    }

    private Script script(ModelRequest request) {
        Optional<Script> asked = Script.InMessage.parse(request);
        if (asked.isPresent()) {
            return asked.get();
        }
        if (!request.model().equals(Script.ModelName.ECHO)) {
            Optional<Script> named = Script.ModelName.parse(request.model(), echo(request));
            if (named.isPresent()) {
                return named.get();
            }
        }
        Script queued = queue.poll();
        return queued == null ? decision.apply(request) : queued;
    }

    private void remember(ModelExchange exchange) {
        requests.incrementAndGet();
        peakOpenStreams.accumulateAndGet(openStreams.incrementAndGet(), Math::max);
        synchronized (exchanges) {
            if (exchanges.size() == REMEMBERED) {
                exchanges.removeFirst();
            }
            exchanges.addLast(exchange);
            exchanges.notifyAll();
        }
    }

    /** Everything but a well-formed completion request. */
    private static byte[] otherwise(HttpWire.Request request) {
        if (request.path().equals(MODELS)) {
            return HttpWire.response(
                    200,
                    Map.of(),
                    "{\"object\":\"list\",\"data\":[{\"id\":\"" + Script.ModelName.ECHO
                            + "\",\"object\":\"model\",\"created\":0,\"owned_by\":\"" + OWNER + "\"}]}");
        }
        if (request.path().equals(COMPLETIONS)) {
            return error(400, Map.of(), "invalid_request_error", "a JSON object with messages is needed");
        }
        return error(404, Map.of(), "not_found_error", "there is nothing here");
    }

    private static byte[] error(int status, Map<String, String> headers, String type, String message) {
        return HttpWire.response(
                status,
                headers,
                "{\"error\":{\"message\":" + JsonText.quote(message) + ",\"type\":\"" + type
                        + "\",\"param\":null,\"code\":null}}");
    }

    private static void answer(ModelExchange exchange, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        long arrived = System.nanoTime();
        switch (exchange.script()) {
            case Script.Refusal refusal -> {
                exchange.answered();
                out.write(refused(refusal));
            }
            case Script.Silence() -> hang();
            case Answer answer -> {
                if (exchange.request().stream()) {
                    stream(exchange, answer, arrived, socket, out);
                } else {
                    whole(exchange, answer, arrived, socket, out);
                }
            }
        }
    }

    private static byte[] refused(Script.Refusal refusal) {
        Map<String, String> headers = new TreeMap<>();
        refusal.retryAfter().ifPresent(delay -> headers.put("retry-after", Long.toString(delay.toSeconds())));
        String type = switch (refusal.status()) {
            case 401, 403 -> "authentication_error";
            case 429 -> "rate_limit_error";
            default -> refusal.status() < 500 ? "invalid_request_error" : "server_error";
        };
        return error(refusal.status(), headers, type, refusal.message());
    }

    private static void stream(ModelExchange exchange, Answer answer, long arrived, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        ModelRequest request = exchange.request();
        String head = "data: {\"id\":\"chatcmpl-scripted-" + Long.toHexString(arrived)
                + "\",\"object\":\"chat.completion.chunk\",\"created\":" + System.currentTimeMillis() / 1000
                + ",\"model\":" + JsonText.quote(request.model());
        String open = head + ",\"choices\":[{\"index\":0,\"delta\":{";
        String close = "},\"finish_reason\":null}]}\n\n";
        out.write(HttpWire.eventStreamHead(Map.of()));
        long due = arrived + answer.firstTokenAfter().toNanos();
        boolean first = true;
        for (Delta delta : answer.deltas()) {
            sleepUntil(due);
            due += answer.pace().toNanos();
            String role = first ? "\"role\":\"assistant\"," : "";
            first = false;
            send(
                    out,
                    switch (delta) {
                        case Delta.Text(String text) -> open + role + "\"content\":" + JsonText.quote(text) + close;
                        case Delta.Reasoning(String text) ->
                            open + role + "\"reasoning_content\":" + JsonText.quote(text) + close;
                        case Delta.Call(int index, String id, String name, String arguments) ->
                            open + role + "\"tool_calls\":[{\"index\":" + index + ",\"id\":" + JsonText.quote(id)
                                    + ",\"type\":\"function\",\"function\":{\"name\":" + JsonText.quote(name)
                                    + ",\"arguments\":\"\"}}]" + close + open
                                    + "\"tool_calls\":[{\"index\":" + index + ",\"function\":{\"arguments\":"
                                    + JsonText.quote(arguments) + "}}]" + close;
                        case Delta.Raw(String line) -> "data: " + line + "\n\n";
                    });
            exchange.sent();
        }
        switch (answer.ending()) {
            case Ending.Finished(String reason) -> {
                StringBuilder end = new StringBuilder(head)
                        .append(",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":")
                        .append(JsonText.quote(reason))
                        .append("}]}\n\n");
                if (answer.usage() && request.includeUsage()) {
                    end.append(head)
                            .append(",\"choices\":[],\"usage\":")
                            .append(usage(request, answer))
                            .append("}\n\n");
                }
                end.append("data: [DONE]\n\n");
                exchange.answered();
                out.write(HttpWire.join(
                        HttpWire.chunk(end.toString().getBytes(StandardCharsets.UTF_8)), HttpWire.lastChunk()));
            }
            case Ending.Unfinished() -> {
                exchange.answered();
                out.write(HttpWire.lastChunk());
            }
            case Ending.Dropped() -> {
                // What arrives together with the end of a connection may be lost with it.
                sleepUntil(System.nanoTime() + BEFORE_DROPPING.toNanos());
                exchange.answered();
                drop(socket);
            }
            case Ending.Stuck() -> hang();
        }
    }

    private static void whole(ModelExchange exchange, Answer answer, long arrived, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        int pauses = Math.max(0, answer.deltas().size() - 1);
        sleepUntil(arrived
                + answer.firstTokenAfter()
                        .plus(answer.pace().multipliedBy(pauses))
                        .toNanos());
        String reason = "null";
        switch (answer.ending()) {
            case Ending.Finished(String named) -> reason = JsonText.quote(named);
            case Ending.Unfinished() -> {}
            case Ending.Dropped() -> {
                exchange.answered();
                drop(socket);
                return;
            }
            case Ending.Stuck() -> hang();
        }
        StringBuilder reasoning = new StringBuilder();
        StringBuilder calls = new StringBuilder();
        boolean garbage = false;
        for (Delta delta : answer.deltas()) {
            switch (delta) {
                case Delta.Text _ -> {}
                case Delta.Reasoning(String text) -> reasoning.append(text);
                case Delta.Call(int index, String id, String name, String arguments) ->
                    calls.append(calls.isEmpty() ? "" : ",")
                            .append("{\"id\":")
                            .append(JsonText.quote(id))
                            .append(",\"type\":\"function\",\"function\":{\"name\":")
                            .append(JsonText.quote(name))
                            .append(",\"arguments\":")
                            .append(JsonText.quote(arguments))
                            .append("}}");
                case Delta.Raw _ -> garbage = true;
            }
        }
        String json = "{\"id\":\"chatcmpl-scripted-" + Long.toHexString(arrived)
                + "\",\"object\":\"chat.completion\",\"created\":" + System.currentTimeMillis() / 1000
                + ",\"model\":" + JsonText.quote(exchange.request().model())
                + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                + JsonText.quote(answer.fullText())
                + (reasoning.isEmpty() ? "" : ",\"reasoning_content\":" + JsonText.quote(reasoning.toString()))
                + (calls.isEmpty() ? "" : ",\"tool_calls\":[" + calls + "]")
                + "},\"finish_reason\":" + reason + "}]"
                + (answer.usage() ? ",\"usage\":" + usage(exchange.request(), answer) : "") + "}";
        exchange.answered();
        out.write(HttpWire.response(200, Map.of(), garbage ? json.substring(1) : json));
    }

    private static String usage(ModelRequest request, Answer answer) {
        int characters = request.messages().stream()
                .mapToInt(message -> message.text().length())
                .sum();
        int prompt = Math.max(1, characters / CHARS_PER_TOKEN);
        int completion = answer.deltas().size();
        return "{\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + completion + ",\"total_tokens\":"
                + (prompt + completion) + "}";
    }

    private static void send(OutputStream out, String event) throws IOException {
        out.write(HttpWire.chunk(event.getBytes(StandardCharsets.UTF_8)));
    }

    private static void sleepUntil(long due) throws InterruptedException {
        long left = due - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    /** Until the client goes, which interrupts us. */
    private static void hang() throws InterruptedException {
        Thread.sleep(Duration.ofDays(1));
    }

    private static void drop(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOGGER.debug("closing a connection", e);
        }
    }
}
