package dev.parley.stack.scripted;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.stack.Ports;
import dev.parley.stack.scripted.Script.Answer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
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
 * A stand-in for a model server: it says what a {@link Script} says, at the script's pace, with the script's failures and
 * {@linkplain Quirk quirks}, in OpenAI's chat completions and in Anthropic's messages. For tests, benchmarks and demos; its
 * model ids and {@code owned_by} say that it is no model.
 *
 * <p>The script of a request is, in this order: what the user's message carries ({@link Script.InMessage}); what its
 * {@code model} name says ({@link Script.ModelName}, any name but plain {@code scripted}); the next of {@link #enqueue}; what
 * {@link #answerWith} decides; else an echo of what the user said last.
 *
 * <p>Each connection has one virtual thread that reads, and each request one that answers: so a client that leaves is
 * noticed at once, also while nothing is being sent ({@link ModelExchange#awaitClosedByClient}). Safe for use by
 * several threads.
 */
public final class ScriptedModelServer implements AutoCloseable {

    private static final Logger LOGGER = LoggerFactory.getLogger(ScriptedModelServer.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OWNER = "parley-scripted-server-not-a-model";
    private static final int BACKLOG = 1024;

    /** The last exchanges that are remembered. */
    private static final int REMEMBERED = 2_000;

    private final ServerSocket listener;
    private final Queue<Script> queue = new ConcurrentLinkedQueue<>();
    private final Deque<ModelExchange> exchanges = new ArrayDeque<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Map<Long, Rudeness> rudeness = new ConcurrentHashMap<>();
    private final AtomicInteger openStreams = new AtomicInteger();
    private final AtomicInteger peakOpenStreams = new AtomicInteger();
    private final AtomicLong requests = new AtomicLong();
    private volatile Function<ModelRequest, Script> decision = ScriptedModelServer::echo;
    private volatile List<Quirk> habits = List.of();
    private volatile Optional<String> onlyModel = Optional.empty();
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

    /**
     * Every answer, and the list of models, is played with these, besides the quirks that a script has.
     *
     * @param quirks in place of those before
     */
    public ScriptedModelServer playing(Quirk... quirks) {
        habits = List.of(quirks);
        return this;
    }

    /** Every request for which nothing is queued is answered by an echo, with quirks drawn at random. */
    public ScriptedModelServer rude(long seed) {
        return answerWith(request -> echo(request).with(rudeness(seed).next(request)));
    }

    /** Lists that model alone, and says of any other that it does not exist, as after a restart with another model. */
    public ScriptedModelServer serving(String model) {
        onlyModel = Optional.of(model);
        return this;
    }

    private Rudeness rudeness(long seed) {
        return rudeness.computeIfAbsent(seed, Rudeness::new);
    }

    /** The last 2,000 requests for an answer, oldest first. */
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

    /** All requests for an answer so far. */
    public long requestCount() {
        return requests.get();
    }

    /** Requests that are being answered now. */
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
        Optional<Api> api = Api.at(request.path());
        ModelExchange exchange =
                api.isPresent() && api.get() != Api.MODELS && request.method().equals("POST")
                        ? exchange(api.get(), request)
                        : null;
        if (exchange != null) {
            remember(exchange);
        }
        Thread answering = Thread.ofVirtual().name("scripted-model-answer").start(() -> {
            try {
                if (exchange == null) {
                    out.write(HttpWire.response(otherwise(api, request)));
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

    private @Nullable ModelExchange exchange(Api api, HttpWire.Request http) {
        try {
            JsonNode parsed = JSON.readTree(http.body());
            if (parsed == null || !parsed.isObject() || !parsed.path("messages").isArray()) {
                return null;
            }
            ModelRequest request = new ModelRequest(api, http.headers(), parsed);
            Script script;
            try {
                script = script(request);
            } catch (Quirk.UnknownException e) {
                script = Script.refuse(400).saying(String.valueOf(e.getMessage()));
            }
            return new ModelExchange(
                    request, script instanceof Answer answer && !habits.isEmpty() ? answer.with(habits) : script);
        } catch (IOException e) {
            return null;
        }
    }

    private Script script(ModelRequest request) {
        if (onlyModel.isPresent() && !onlyModel.get().equals(request.model())) {
            return Script.refuse(404).saying("The model `" + request.model() + "` does not exist.");
        }
        Optional<Script> asked = Script.InMessage.parse(request);
        if (asked.isPresent()) {
            return asked.get();
        }
        if (!request.model().equals(Script.ModelName.ECHO)) {
            Optional<Script> named = Script.ModelName.parse(request, echo(request), this::rudeness);
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

    /** Everything but a well-formed request for an answer. */
    private Response.Whole otherwise(Optional<Api> api, HttpWire.Request request) {
        if (api.isEmpty()) {
            return new ChatCompletions().refusal(404, "there is nothing here");
        }
        return switch (api.get()) {
            case CHAT_COMPLETIONS, MESSAGES ->
                Dialect.of(api.get()).refusal(400, "a JSON object with messages is needed");
            case MODELS -> models(request);
        };
    }

    private Response.Whole models(HttpWire.Request request) {
        String model = onlyModel.orElse(Script.ModelName.ECHO);
        ModelRequest asked =
                new ModelRequest(Api.MODELS, request.headers(), Json.object().put("model", model));
        Response list = Response.Whole.json(
                200,
                "{\"object\":\"list\",\"data\":[{\"id\":" + JsonText.quote(model)
                        + ",\"object\":\"model\",\"created\":0,\"owned_by\":\"" + OWNER + "\"}]}");
        for (Quirk quirk : habits) {
            if (quirk.apis().contains(Api.MODELS)) {
                list = quirk.response(asked, Script.text(""), list);
            }
        }
        return (Response.Whole) list;
    }

    private static void answer(ModelExchange exchange, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        long arrived = System.nanoTime();
        Rendering rendering = Rendering.of(exchange.request(), exchange.script());
        exchange.playing(rendering);
        new Player(exchange, socket, out).play(rendering.response(), arrived);
    }

    private static void drop(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOGGER.debug("closing a connection", e);
        }
    }
}
