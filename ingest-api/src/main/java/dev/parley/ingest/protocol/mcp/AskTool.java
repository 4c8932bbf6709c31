package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Fingerprint;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.mcp.Sessions.Asked;
import dev.parley.ingest.protocol.mcp.Sessions.UnderWay;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a question, and waits for the answer while telling how it goes on. A client that leaves stops nothing: the answer is in
 * the conversation, which {@link ReadTool} reads. One that cancels its request stops the turn.
 */
final class AskTool implements Tool {

    private static final int ID_BYTES = 12;

    private static final ObjectNode DEFINITION = Tool.defined("""
            {
              "name": "ask",
              "title": "Ask a question",
              "description": "Asks the assistant, which knows the documents of a workspace, and gives its answer with the sources that it drew on. To go on with a conversation, pass the conversation that an answer came with.",
              "inputSchema": {
                "type": "object",
                "properties": {
                  "question": {"type": "string", "minLength": 1},
                  "conversation": {"type": "string", "description": "Goes on with this conversation; left out, another one begins"},
                  "workspace": {"type": "string", "description": "Of a conversation that begins: whose documents; left out, the usual ones"},
                  "intent": {"type": "string", "description": "Sets the route, in place of the one that would be found"},
                  "engine": {"type": "string", "description": "Sets the engine, in place of the route's"}
                },
                "required": ["question"],
                "additionalProperties": false
              },
              "outputSchema": {
                "type": "object",
                "properties": {
                  "answer": {"type": "string"},
                  "conversation": {"type": "string"},
                  "messageId": {"type": "string"},
                  "finishReason": {"type": "string"},
                  "sources": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "sourceId": {"type": "string"},
                        "title": {"type": "string"},
                        "uri": {"type": "string"},
                        "score": {"type": "number"}
                      },
                      "required": ["sourceId", "title", "score"]
                    }
                  }
                },
                "required": ["answer", "conversation", "messageId", "finishReason", "sources"]
              },
              "annotations": {"readOnlyHint": false, "destructiveHint": false, "openWorldHint": false}
            }
            """);

    private final Door door;
    private final EventStreams streams;
    private final Sessions sessions;

    AskTool(Door door, EventStreams streams, Sessions sessions) {
        this.door = door;
        this.streams = streams;
        this.sessions = sessions;
    }

    @Override
    public ObjectNode definition() {
        return DEFINITION;
    }

    /**
     * A question that joined its conversation.
     *
     * @param before cursor from which all of its turn is told
     */
    record Turn(ConversationKey conversation, String turnId, String before, UnderWay request) {}

    /** Puts a question; the request it came with counts as under way until {@link #tell} is through. */
    Turn ask(JsonBody arguments, Asked asked, Request request) {
        String text = arguments.requiredText("question", Question.MAX_CONTENT_BYTES);
        Optional<String> given = arguments.text("conversation", Request.ID, Request.ID_RULE);
        Optional<String> workspace = arguments.text("workspace", Request.ID, Request.ID_RULE);
        Handling handling =
                new Handling(OnBusy.ENQUEUE, Handling.intent(arguments), Handling.engine(arguments), Map.of());
        arguments.done();
        if (given.isPresent() && workspace.isPresent()) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "is that of the conversation: it is for new ones alone", "workspace");
        }
        // The same request once more, as after a cut connection, meets the same conversation and the same turn.
        String key = asked.session().session() + "/" + asked.id();
        String tenant = asked.session().tenant();
        ConversationKey conversation = new ConversationKey(
                tenant, given.orElseGet(() -> "conv_" + Fingerprint.name(ID_BYTES, tenant, "mcp", key)));
        if (given.isPresent()) {
            door.conversations().require(conversation);
        }
        UnderWay underWay = sessions.answering(asked);
        try {
            workspace.ifPresent(id -> door.conversations()
                    .create(conversation, new CreateConversation(null, id, Map.of()), request.call()));
            TurnIds ids = TurnIds.of(conversation, "mcp/" + key);
            SubmitMessage submit = new Question(text, handling, Optional.empty(), Optional.empty())
                    .submit(ids, Optional.empty(), Optional.empty());
            Submission submission =
                    door.messages().submit(conversation, submit, true, Optional.empty(), request.call());
            submission.refuseRejected();
            underWay.by(conversation, submit.getTurnId(), request.call());
            return new Turn(conversation, submit.getTurnId(), Long.toString(submission.before()), underWay);
        } catch (RuntimeException e) {
            underWay.close();
            throw e;
        }
    }

    /** Tells a turn as an event stream. */
    void tell(Context ctx, Turn turn, AskEncoding encoding) throws IOException {
        try (UnderWay request = turn.request()) {
            SseEdge.End _ = streams.answer(ctx, turn.conversation(), turn.before(), encoding);
        }
    }

    /** Waits for a turn's end, for a client that takes no stream; what it comes to is the encoding's then. */
    void await(Turn turn, AskEncoding encoding) {
        SseEdge.End _ = streams.answer(turn.conversation(), turn.before(), encoding, new Silence());
    }

    /** Nobody listens. */
    private static final class Silence implements ClientTransport {
        @Override
        public void write(List<byte[]> pieces) {
            // Only the end matters.
        }

        @Override
        public void abort() {
            // There is nothing to break.
        }
    }
}
