package dev.parley.ingest.protocol.aisdk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.answer.TextSocket;
import dev.parley.ingest.answer.TextSockets;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of the AI SDK's {@code WebSocketChatTransport}: any number of chats over it, each request answered by
 * frames with its id.
 *
 * <pre>{@code
 *   client: send | resume | abort          server: start, chunk*, end | error | no-active
 * }</pre>
 *
 * <p>Frames of the client arrive on the connection's thread; each answer is written by a virtual thread of its own.
 * {@code abort} stops the answer that it names; closing the connection stops nothing.
 */
final class ChatSocket implements TextSockets.Client {

    private static final Logger logger = LoggerFactory.getLogger(ChatSocket.class);

    private static final int MAX_ANSWERS = 64;
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private final String tenant;
    private final TextSocket socket;
    private final Serving serving;
    private final UiChat chat;
    private final EventStreams streams;
    private final Abandoned abandoned;
    private final Map<String, Answering> answering = new ConcurrentHashMap<>();

    /** A request that is being answered. */
    private static final class Answering {
        private final String requestId;
        private final ConversationKey conversation;
        private volatile Optional<TurnStart> answer = Optional.empty();
        private volatile boolean aborted;
        private volatile Thread thread = Thread.currentThread();

        Answering(String requestId, ConversationKey conversation) {
            this.requestId = requestId;
            this.conversation = conversation;
        }
    }

    ChatSocket(
            String tenant, TextSocket socket, Serving serving, UiChat chat, EventStreams streams, Abandoned abandoned) {
        this.tenant = tenant;
        this.socket = socket;
        this.serving = serving;
        this.chat = chat;
        this.streams = streams;
        this.abandoned = abandoned;
    }

    @Override
    public void onText(String text) {
        Optional<String> requestId = Optional.empty();
        try {
            JsonBody frame = serving.frame(text);
            String id = frame.requiredText("requestId", 256);
            requestId = Optional.of(id);
            switch (frame.requiredText("type")) {
                case "send" -> {
                    ConversationKey conversation = UiChatCalls.conversation(tenant, frame);
                    JsonBody own = frame.object("body").orElseGet(() -> JsonBody.of(new byte[0]));
                    UiChatRequest asked = UiChatRequest.of(frame, own);
                    own.done();
                    answer(new Answering(id, conversation), () -> {
                        try (Admission.Room room = serving.room(text)) {
                            return Optional.of(chat.ask(conversation, asked, Request.newCall(frame)));
                        }
                    });
                }
                case "resume" -> {
                    ConversationKey conversation = UiChatCalls.conversation(tenant, frame);
                    answer(new Answering(id, conversation), () -> chat.unfinished(conversation));
                }
                case "abort" -> abort(id);
                default -> throw frame.refusal("type", "must be send, resume or abort");
            }
        } catch (ProblemException e) {
            error(requestId.orElse(""), e);
        }
    }

    /** Finds or begins an answer; empty where there is none. */
    private interface Finding {
        Optional<TurnStart> answer();
    }

    private void answer(Answering request, Finding finding) {
        if (answering.size() >= MAX_ANSWERS) {
            throw new ProblemException(ErrorCode.OVERLOADED, "this connection already has " + MAX_ANSWERS + " answers");
        }
        if (answering.putIfAbsent(request.requestId, request) != null) {
            throw new ProblemException(ErrorCode.INVALID_ID, "is in use on this connection", "requestId");
        }
        request.thread = Thread.ofVirtual().name("chat-socket").start(() -> {
            try {
                stream(request, finding);
            } catch (ProblemException e) {
                error(request.requestId, e);
            } catch (RuntimeException e) {
                logger.error("a chat over a web socket failed", e);
                error(
                        request.requestId,
                        new ProblemException(
                                ErrorCode.INTERNAL, "an internal error; its cause is in the server's log"));
            } finally {
                answering.remove(request.requestId, request);
            }
        });
    }

    private void stream(Answering request, Finding finding) {
        Optional<TurnStart> answer = finding.answer();
        if (answer.isEmpty()) {
            send(frame("no-active", request.requestId));
            return;
        }
        request.answer = answer;
        if (request.aborted) {
            chat.stop(request.conversation, answer.get(), Request.newCall());
            return;
        }
        send(frame("start", request.requestId));
        SocketEncoding encoding = new SocketEncoding(request, answer.get());
        SseEdge.End end;
        try (Abandoned.Reader reader = abandoned.attend(answer.get().turnId())) {
            end = streams.answer(request.conversation, answer.get().before(), encoding, new SocketTransport());
        }
        if (end == SseEdge.End.OVER) {
            send(frame("end", request.requestId));
        } else if (end == SseEdge.End.BROKEN_OFF && !request.aborted) {
            error(request.requestId, new ProblemException(ErrorCode.UNAVAILABLE, "the stream broke off: resume it"));
        }
    }

    /** Stopping is what this frame means: a client that only looks away closes its connection, or just goes. */
    private void abort(String requestId) {
        Answering request = answering.get(requestId);
        if (request == null) {
            return;
        }
        request.aborted = true;
        request.answer.ifPresent(answer -> {
            request.thread.interrupt();
            chat.stop(request.conversation, answer, Request.newCall());
        });
    }

    /** The answers go on without it. */
    @Override
    public void onClose() {
        answering.values().stream()
                // One that is only being asked for is put on the log all the same.
                .filter(request -> request.answer.isPresent())
                .forEach(request -> request.thread.interrupt());
    }

    private static ObjectNode frame(String type, String requestId) {
        return Json.object().put("type", type).put("requestId", requestId);
    }

    private void error(String requestId, ProblemException problem) {
        String field = problem.field().map(name -> name + " ").orElse("");
        send(frame("error", requestId).put("errorText", field + problem.detail()));
    }

    private void send(ObjectNode frame) {
        try {
            socket.write(frame.toString());
        } catch (IOException e) {
            logger.debug("a client left: {}", e.toString());
        }
    }

    /** One answer's chunks, each a frame. */
    private static final class SocketEncoding extends AnswerEncoding {
        private static final byte[] NOTHING = new byte[0];

        private final String requestId;
        private final UiMessageChunks chunks;
        private long sequence;

        SocketEncoding(Answering request, TurnStart answer) {
            super(new AnswerReader(answer.turnId()), HEARTBEAT);
            this.requestId = request.requestId;
            this.chunks = new UiMessageChunks(request.conversation, answer.turnId(), true);
        }

        @Override
        public byte[] heartbeat() {
            return NOTHING; // The connection has pings of its own.
        }

        @Override
        protected void tell(Step step) {
            for (ObjectNode chunk : chunks.of(step)) {
                ObjectNode json = ChatSocket.frame("chunk", requestId).put("sequence", sequence++);
                json.set("chunk", chunk);
                send(json.toString().getBytes(StandardCharsets.UTF_8));
            }
            if (chunks.isOver()) {
                finish();
            }
        }
    }

    /** The connection as the edge writes to it. */
    private final class SocketTransport implements ClientTransport {

        @Override
        public void write(List<byte[]> pieces) throws IOException {
            for (byte[] piece : pieces) {
                if (piece.length > 0) {
                    socket.write(new String(piece, StandardCharsets.UTF_8));
                } else if (!socket.isOpen()) {
                    throw new IOException("the connection is gone");
                }
            }
        }

        @Override
        public void abort() {
            socket.disconnect();
        }
    }
}
