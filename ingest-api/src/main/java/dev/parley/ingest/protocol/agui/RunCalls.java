package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.EventStreamHeaders;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.agui.RunEncoding.Names;
import dev.parley.ingest.protocol.agui.Told.Mark;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Runs over HTTP: what begins one, what goes on with one, and what shows a thread to somebody who comes to it. */
final class RunCalls {

    private static final String EVENT_STREAM = "text/event-stream";

    /** Of a thread's messages in one event; a client of AG-UI's takes 10 MiB. */
    private static final int MAX_SNAPSHOT_BYTES = 8 * 1024 * 1024;

    private final Door door;
    private final Runs runs;
    private final EventStreams streams;
    private final Abandoned abandoned;
    private final ChatRules rules;

    RunCalls(Door door, EventStreams streams, Abandoned abandoned, ChatRules rules) {
        this.door = door;
        this.runs = new Runs(door);
        this.streams = streams;
        this.abandoned = abandoned;
        this.rules = rules;
    }

    Reply run(Context ctx, Request request) {
        checkAccept(ctx);
        JsonBody body = request.body();
        ConversationKey conversation = new ConversationKey(
                request.tenant(),
                body.text("threadId", Request.ID, Request.ID_RULE).orElseThrow(() -> JsonBody.required("threadId")));
        RunInput input = RunInput.of(body);
        TurnStart turn = runs.ask(conversation, input, request.call());
        return stream(ctx, conversation, input.runId(), turn, Told.nothing(turn.turnId()));
    }

    /** Goes on after the event whose id the client has; told is exactly what follows it. */
    Reply resume(Context ctx, Request request) {
        checkAccept(ctx);
        ConversationKey conversation = request.conversation();
        String runId = ctx.pathParam("run");
        if (!Request.ID.matcher(runId).matches()) {
            throw new ProblemException(ErrorCode.INVALID_ID, "must be " + Request.ID_RULE, "run");
        }
        Told told = Told.parse(request.cursor().orElseThrow(() -> JsonBody.required("cursor")));
        door.conversations().require(conversation);
        List<ConversationEvent> events = door.turns().events(conversation, told.turnId());
        if (events.isEmpty()) {
            throw Told.unknown();
        }
        if (told.has(Mark.END)) {
            ctx.status(204); // An EventSource comes back until it is told this.
            return Reply.SENT;
        }
        return stream(ctx, conversation, runId, TurnStart.at(events.getFirst()), told);
    }

    /** The thread's messages, and the run that goes on in it. */
    Reply connect(Context ctx, Request request) {
        checkAccept(ctx);
        ConversationKey conversation = request.conversation();
        door.conversations().require(conversation);
        Optional<TurnStart> turn = runs.underWay(conversation);
        if (turn.isEmpty()) {
            return atRest(ctx, conversation);
        }
        Told told = Told.nothing(turn.get().turnId());
        told.mark(Mark.HISTORY_DUE);
        told.mark(Mark.AFRESH);
        return stream(ctx, conversation, runId(conversation, turn.get().turnId()), turn.get(), told);
    }

    /** What a run's client called it; one that has another protocol's client goes by its turn. */
    private String runId(ConversationKey conversation, String turnId) {
        return door.turns().events(conversation, turnId).stream()
                .map(ConversationEvent::getBody)
                .filter(MessageAccepted.class::isInstance)
                .map(accepted -> Optional.ofNullable(
                        ((MessageAccepted) accepted).getMetadata().get(Runs.RUN)))
                .flatMap(Optional::stream)
                .findFirst()
                .orElse(turnId);
    }

    private Reply atRest(Context ctx, ConversationKey conversation) {
        Names names = new Names(
                conversation.conversation(),
                door.turns()
                        .latest(conversation)
                        .map(turnId -> runId(conversation, turnId))
                        .orElse(conversation.conversation()),
                "");
        ArrayNode messages = messages(conversation, 0, "", false);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (ObjectNode event :
                List.of(RunEvents.started(names), RunEvents.messages(messages), RunEvents.atRest(names, messages))) {
            stream.writeBytes(SseJson.of(event));
        }
        EventStreamHeaders.addTo(ctx);
        ctx.result(stream.toByteArray());
        return Reply.SENT;
    }

    private Reply stream(Context ctx, ConversationKey conversation, String runId, TurnStart turn, Told told) {
        Names names = new Names(conversation.conversation(), runId, turn.turnId());
        return rules.reply(
                abandoned,
                conversation,
                turn.turnId(),
                () -> streams.answer(
                        ctx,
                        conversation,
                        turn.before(),
                        new RunEncoding(
                                names,
                                told,
                                (sequence, answerId, thoughts) -> messages(conversation, sequence, answerId, thoughts),
                                rules.heartbeat())));
    }

    /** The thread's messages up to the last event that is known, or at least that of {@code sequence}. */
    private ArrayNode messages(ConversationKey conversation, long sequence, String answerId, boolean thoughts) {
        long last = Math.max(sequence, known(conversation));
        ArrayNode messages = ThreadMessages.of(
                last == 0 ? List.of() : door.turns().eventsUpTo(conversation, last), answerId, thoughts);
        if (messages.toString().length() > MAX_SNAPSHOT_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "the thread has more than AG-UI's clients take in one event: read it by /api/conversations");
        }
        return messages;
    }

    private long known(ConversationKey conversation) {
        try {
            return door.snapshots().lastSequence(conversation);
        } catch (ReadModelUnavailableException e) {
            return 0;
        }
    }

    /** The protocol's binary form is not spoken here; its clients ask for both, or for text alone. */
    private static void checkAccept(Context ctx) {
        Optional<String> accept = Optional.ofNullable(ctx.header("Accept"))
                .map(text -> text.toLowerCase(Locale.ROOT))
                .filter(text -> !text.isBlank());
        boolean takesText = accept.map(
                        text -> text.contains(EVENT_STREAM) || text.contains("*/*") || text.contains("text/*"))
                .orElse(true);
        if (!takesText) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must allow " + EVENT_STREAM + ": events are told in no other form here",
                    "Accept");
        }
    }
}
