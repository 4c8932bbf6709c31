package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.answer.TextSocket;
import dev.parley.ingest.answer.TextSockets;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Unused;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.edge.ClientTransport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection on which responses are created and told: each frame of the client's is {@code response.create} with the
 * members of a request's body, each of the server's an event of a response's stream, or an {@code error}. One after the
 * other, or several at once that have a {@code stream_id} each, which their events tell again. That a client has left shows
 * when something is written to it: those that are stored go on without it.
 */
final class ResponseSocket implements TextSockets.Client {

    private static final Logger logger = LoggerFactory.getLogger(ResponseSocket.class);

    private static final int MAX_RESPONSES = 64;
    private static final int MAX_STREAM_ID_BYTES = 256;
    private static final String STREAM_ID = "stream_id";

    /** What an event of a stream has before its JSON. */
    private static final String DATA = "data: ";

    private final String tenant;
    private final TextSocket socket;
    private final ResponseCalls responses;
    private final Supplier<Unused> unused;

    /** Of each stream the last that was asked for, by its id, which is empty where there is none: the next one waits for it. */
    private final Map<String, CompletableFuture<Boolean>> last = new ConcurrentHashMap<>();

    private final AtomicInteger telling = new AtomicInteger();

    ResponseSocket(String tenant, TextSocket socket, ResponseCalls responses, Supplier<Unused> unused) {
        this.tenant = tenant;
        this.socket = socket;
        this.responses = responses;
        this.unused = unused;
    }

    /** Those that are told find out when they write. */
    @Override
    public void onClose() {}

    @Override
    public void onText(String text) {
        String streamId = "";
        try {
            JsonBody frame = JsonBody.of(text.getBytes(StandardCharsets.UTF_8), unused.get());
            streamId = frame.text(STREAM_ID, MAX_STREAM_ID_BYTES).orElse("");
            String _ = frame.oneOf("type", List.of("response.create")).orElseThrow(() -> JsonBody.required("type"));
            if (!frame.flag("generate").orElse(true)) {
                throw frame.refusal("generate", "must be true: there is nothing here to warm up");
            }
            begin(streamId, frame);
        } catch (ProblemException e) {
            error(streamId, e);
        }
    }

    private void begin(String streamId, JsonBody frame) {
        if (telling.get() >= MAX_RESPONSES) {
            throw new ProblemException(
                    ErrorCode.OVERLOADED, "this connection already has " + MAX_RESPONSES + " responses");
        }
        telling.incrementAndGet();
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        CompletableFuture<Boolean> before = last.put(streamId, told);
        Thread.ofVirtual().name("response-socket").start(() -> {
            try {
                if (before != null) {
                    boolean _ = before.join();
                }
                tell(streamId, frame);
            } finally {
                boolean _ = last.remove(streamId, told);
                telling.decrementAndGet();
                boolean _ = told.complete(true);
            }
        });
    }

    private void tell(String streamId, JsonBody frame) {
        try {
            responses.tell(tenant, frame, Request.newCall(), new Transport(streamId));
        } catch (ProblemException e) {
            error(streamId, e);
        } catch (RuntimeException e) {
            logger.error("a response over a web socket failed", e);
            error(
                    streamId,
                    new ProblemException(ErrorCode.INTERNAL, "an internal error; its cause is in the server's log"));
        }
    }

    private void error(String streamId, ProblemException problem) {
        ObjectNode json = Json.object().put("type", "error").put("status", ProblemException.status(problem.code()));
        json.set("error", OpenAiErrors.error(problem.code(), problem.detail(), problem.field()));
        try {
            socket.write(named(streamId, json).toString());
        } catch (IOException e) {
            logger.debug("a client left: {}", e.toString());
        }
    }

    private static ObjectNode named(String streamId, ObjectNode json) {
        return streamId.isEmpty() ? json : json.put(STREAM_ID, streamId);
    }

    /** The connection as the edge writes events of one response to it, each a piece in the form of server-sent events. */
    private final class Transport implements ClientTransport {

        private final String streamId;

        Transport(String streamId) {
            this.streamId = streamId;
        }

        @Override
        public void write(List<byte[]> pieces) throws IOException {
            for (byte[] piece : pieces) {
                Optional<String> json = new String(piece, StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.startsWith(DATA))
                        .map(line -> line.substring(DATA.length()))
                        .findFirst();
                if (json.isPresent()) {
                    socket.write(streamId.isEmpty() ? json.get() : named(json.get()));
                } else if (!socket.isOpen()) {
                    throw new IOException("the connection is gone"); // It has pings of its own.
                }
            }
        }

        private String named(String json) {
            try {
                return ResponseSocket.named(streamId, (ObjectNode) Json.MAPPER.readTree(json))
                        .toString();
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("events are JSON", e);
            }
        }

        @Override
        public void abort() {
            socket.disconnect();
        }
    }
}
