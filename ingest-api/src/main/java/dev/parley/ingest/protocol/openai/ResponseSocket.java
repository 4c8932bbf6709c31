package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.answer.TextSocket;
import dev.parley.ingest.answer.TextSockets;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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

    /** Of frames that wait for the response before theirs. */
    private static final int MAX_WAITING_CHARS = 2 * Admission.MAX_BODY_BYTES;

    private static final int MAX_STREAM_ID_BYTES = 256;
    private static final String STREAM_ID = "stream_id";

    /** What an event of a stream has before its JSON. */
    private static final String DATA = "data: ";

    private final String tenant;
    private final TextSocket socket;
    private final ResponseCalls responses;
    private final Serving serving;

    /** Of each stream the last that was asked for, by its id, which is empty where there is none: the next one waits for it. */
    private final Map<String, CompletableFuture<Boolean>> last = new ConcurrentHashMap<>();

    private final AtomicInteger telling = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();

    ResponseSocket(String tenant, TextSocket socket, Serving serving, ResponseCalls responses) {
        this.tenant = tenant;
        this.socket = socket;
        this.responses = responses;
        this.serving = serving;
    }

    /** Those that are told find out when they write. */
    @Override
    public void onClose() {}

    @Override
    public void onText(String text) {
        String streamId = "";
        try {
            JsonBody frame = serving.frame(text);
            streamId = frame.text(STREAM_ID, MAX_STREAM_ID_BYTES).orElse("");
            String _ = frame.oneOf("type", List.of("response.create")).orElseThrow(() -> JsonBody.required("type"));
            if (!frame.flag("generate").orElse(true)) {
                throw frame.refusal("generate", "must be true: there is nothing here to warm up");
            }
            begin(streamId, frame, room(text));
        } catch (ProblemException e) {
            error(streamId, e);
        }
    }

    /** Room for a frame that has to be kept: some of this connection's own, and of all that is kept at a time. */
    private Admission.Room room(String text) {
        int chars = text.length();
        if (telling.get() >= MAX_RESPONSES) {
            throw new ProblemException(
                    ErrorCode.OVERLOADED, "this connection already has " + MAX_RESPONSES + " responses");
        }
        if (waiting.get() + chars > MAX_WAITING_CHARS) {
            throw new ProblemException(
                    ErrorCode.OVERLOADED, "too much waits on this connection for what came before it");
        }
        Admission.Room room = serving.room(text);
        waiting.addAndGet(chars);
        return () -> {
            waiting.addAndGet(-chars);
            room.close();
        };
    }

    private void begin(String streamId, JsonBody frame, Admission.Room room) {
        telling.incrementAndGet();
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        CompletableFuture<Boolean> before = last.put(streamId, told);
        Thread.ofVirtual().name("response-socket").start(() -> {
            try {
                Optional<ResponseCalls.Begun> response;
                try (room) {
                    if (before != null) {
                        boolean _ = before.join();
                    }
                    response = ask(streamId, frame);
                }
                response.ifPresent(begun -> tell(streamId, begun));
            } finally {
                boolean _ = last.remove(streamId, told);
                telling.decrementAndGet();
                boolean _ = told.complete(true);
            }
        });
    }

    /** Whoever has left meanwhile is not waiting for it any more. */
    private Optional<ResponseCalls.Begun> ask(String streamId, JsonBody frame) {
        if (!socket.isOpen()) {
            return Optional.empty();
        }
        try {
            return Optional.of(responses.begin(tenant, frame, Request.newCall(frame)));
        } catch (ProblemException e) {
            error(streamId, e);
        } catch (RuntimeException e) {
            failed(streamId, e);
        }
        return Optional.empty();
    }

    private void tell(String streamId, ResponseCalls.Begun response) {
        try {
            if (responses.tell(response, new Transport(streamId)) == SseEdge.End.BROKEN_OFF) {
                error(
                        streamId,
                        new ProblemException(
                                ErrorCode.UNAVAILABLE, "the stream broke off: read the response by its id"));
            }
        } catch (ProblemException e) {
            error(streamId, e);
        } catch (RuntimeException e) {
            failed(streamId, e);
        }
    }

    private void failed(String streamId, RuntimeException cause) {
        logger.error("a response over a web socket failed", cause);
        error(
                streamId,
                new ProblemException(ErrorCode.INTERNAL, "an internal error; its cause is in the server's log"));
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
