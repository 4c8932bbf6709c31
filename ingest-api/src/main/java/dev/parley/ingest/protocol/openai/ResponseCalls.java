package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.door.Exchanges.Answer;
import dev.parley.ingest.door.Exchanges.Exchange;
import dev.parley.ingest.door.KeyedId;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.openai.ConversationItems.Pending;
import dev.parley.ingest.protocol.openai.Places.Place;
import dev.parley.ingest.protocol.openai.Responses.Found;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.json.NativeJson;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Responses of OpenAI's API. A response is a turn: its id leads to the turn's events, from which everything is told, while
 * it runs and ever after.
 */
final class ResponseCalls {

    /** Of the URL of a response that is read. */
    static final String[] PARAMETERS = {"stream", "starting_after", "include", "include[]", "include_obfuscation"};

    private static final Duration STOPPING = Duration.ofSeconds(5);

    private final Door door;
    private final Answering answering;
    private final Supplier<Models> models;
    private final Responses responses;
    private final Places places;

    ResponseCalls(Door door, Answering answering, Supplier<Models> models) {
        this.door = door;
        this.answering = answering;
        this.models = models;
        this.responses = new Responses(door);
        this.places = new Places(door, responses);
    }

    Reply create(Context ctx, Request request) {
        String tenant = request.tenant();
        Optional<String> key = request.idempotencyKey();
        ResponseRequest asked = read(tenant, request.bodyWithFiles());
        Place place = places.of(tenant, asked, key);
        SubmitMessage submit = command(asked, place, key);
        ResponseId id = ResponseId.of(submit.getTurnId(), place.conversation().conversation());
        if (asked.stream()) {
            Submission submission = submit(place, submit, key, Optional.empty(), request);
            submission.refuseRejected();
            return stream(ctx, place, id, submission, asked.store(), key.isPresent());
        }
        if (asked.background()) {
            submit(place, submit, key, Optional.empty(), request).refuseRejected();
        } else {
            Submission submission =
                    request.waiting(() -> submit(place, submit, key, Optional.of(Answering.WAIT), request));
            ConversationEvent _ = Answering.end(submission);
        }
        List<ConversationEvent> events = door.turns().events(place.conversation(), id.turnId());
        if (!events.isEmpty() && events.getFirst().getBody() instanceof MessageRejected rejected) {
            throw Submission.refusal(rejected);
        }
        return answer(ctx, responses.find(tenant, id, "id"));
    }

    private ResponseRequest read(String tenant, JsonBody body) {
        return ResponseRequest.of(body, models.get(), id -> responses.referenced(tenant, id));
    }

    private SubmitMessage command(ResponseRequest asked, Place place, Optional<String> key) {
        TurnIds ids = TurnIds.of(place.conversation(), key.orElseGet(Request::uniqueId));
        if (asked.conversation().isEmpty()) {
            return asked.kept(asked.call().submit(ids, place.after()), Map.of());
        }
        // A conversation may have items that no model has been shown.
        Pending pending = ConversationCalls.items(door, place.conversation()).pending();
        List<PromptMessage> context = new ArrayList<>(pending.messages());
        context.addAll(asked.call().prompt().getContext());
        return asked.kept(asked.call().submitWith(ids, context), pending.mark());
    }

    /** Creates a response for a frame of a connection. */
    Begun begin(String tenant, JsonBody body, Call call) {
        ResponseRequest asked = read(tenant, body);
        Place place = places.of(tenant, asked, Optional.empty());
        SubmitMessage submit = command(asked, place, Optional.empty());
        Submission submission = door.messages().submit(place.conversation(), submit, false, Optional.empty(), call);
        submission.refuseRejected();
        ResponseId id = ResponseId.of(submit.getTurnId(), place.conversation().conversation());
        return new Begun(told(place, id, submission, asked.store()), asked.store());
    }

    /** A response that is to be told; whether it goes on without a reader. */
    record Begun(Answering.Told told, boolean goesOn) {}

    /** Tells a response over a connection, from its beginning; how that ended. */
    SseEdge.End tell(Begun response, ClientTransport transport) {
        return answering.tell(response.told(), transport, response.goesOn());
    }

    private Submission submit(
            Place place, SubmitMessage submit, Optional<String> key, Optional<Duration> wait, Request request) {
        return door.messages().submit(place.conversation(), submit, key.isPresent(), wait, request.call());
    }

    private Reply stream(Context ctx, Place place, ResponseId id, Submission submission, boolean store, boolean keyed) {
        Answering.Told told = told(place, id, submission, store);
        return store ? answering.stream(ctx, told) : answering.streamWhileRead(ctx, told, keyed);
    }

    private static Answering.Told told(Place place, ResponseId id, Submission submission, boolean store) {
        return new Answering.Told(
                place.conversation(),
                id.turnId(),
                Long.toString(submission.before()),
                new ResponseEncoding(id, ResponseEncoding.NOTHING_SEEN, store));
    }

    private static Reply answer(Context ctx, Found response) {
        if (response.events().getLast().getBody() instanceof TurnEnd end) {
            UpstreamHeaders.addTo(ctx, end);
        }
        Json.answer(ctx, 200, ResponseJson.of(response.id(), response.events()));
        return Reply.SENT;
    }

    Reply get(Context ctx, Request request) {
        Found response = named(ctx, request);
        boolean stream = request.query("stream").filter("true"::equals).isPresent();
        Optional<Long> after = request.query("starting_after", 0, Long.MAX_VALUE);
        request.query("include_obfuscation").filter("true"::equals).ifPresent(wanted -> {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "is not supported", "include_obfuscation");
        });
        if (stream) {
            ResponseEncoding encoding =
                    new ResponseEncoding(response.id(), after.orElse(ResponseEncoding.NOTHING_SEEN), true);
            return answering.stream(
                    ctx,
                    new Answering.Told(response.conversation(), response.id().turnId(), response.before(), encoding));
        }
        if (after.isPresent()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "needs stream=true", "starting_after");
        }
        return answer(ctx, response);
    }

    void inputItems(Context ctx, Request request) {
        Paging paging = Paging.of(request, true);
        Found response = named(ctx, request);
        // Found by how it begins.
        MessageAccepted accepted =
                (MessageAccepted) response.events().getFirst().getBody();
        Json.answer(ctx, 200, paging.page(PromptItems.of(response.id(), accepted, 0)));
    }

    /** Has a response not be found any more, and stops it where it runs. The log, and its conversation, keep the turn. */
    void delete(Context ctx, Request request) {
        Found response = named(ctx, request);
        stop(response, request);
        ConversationEvent _ = door.conversations()
                .annotate(
                        response.conversation(),
                        new AnnotateConversation(
                                response.id().turnId(),
                                null,
                                List.of(),
                                List.of(response.id().toString())),
                        request.call());
        Json.answer(
                ctx,
                200,
                Json.object()
                        .put("id", response.id().toString())
                        .put("object", "response")
                        .put("deleted", true));
    }

    /** Has a model summarise a conversation, in a turn of a conversation of its own. */
    void compact(Context ctx, Request request) {
        String tenant = request.tenant();
        Optional<String> key = request.idempotencyKey();
        CompactionRequest asked =
                CompactionRequest.of(request.body(), models.get(), id -> responses.referenced(tenant, id));
        List<PromptMessage> past = asked.previous()
                .map(text -> past(tenant, ResponseId.parse(text, "previous_response_id")))
                .orElse(List.of());
        ConversationKey conversation =
                new ConversationKey(tenant, "conv_" + KeyedId.of(tenant, "response.compaction", key));
        TurnIds ids = TurnIds.of(conversation, key.orElseGet(Request::uniqueId));
        SubmitMessage submit = asked.call(past).submit(ids);
        Submission submission = request.waiting(() -> door.messages()
                .submit(conversation, submit, key.isPresent(), Optional.of(Answering.WAIT), request.call()));
        ConversationEvent end = Answering.end(submission);
        if (!(end.getBody() instanceof MessageCompleted completed)) {
            throw new ProblemException(ErrorCode.CANCELLED, "the summary was stopped");
        }
        UpstreamHeaders.addTo(ctx, completed);
        ResponseId id = ResponseId.of(ids.turnId().text(), conversation.conversation());
        ObjectNode json = Json.object()
                .put("id", id.toString())
                .put("object", "response.compaction")
                .put("created_at", submission.accepted().orElse(end).getTime().getEpochSecond());
        json.putArray("output")
                .add(Json.object()
                        .put("id", id.compactionItem())
                        .setAll(new Compaction(completed.getContent()).json()));
        json.set("usage", ResponseJson.used(completed.getUsage(), NativeJson.details(completed.getUpstream())));
        Extension.addTo(json, completed);
        Json.answer(ctx, 200, json);
    }

    private List<PromptMessage> past(String tenant, ResponseId id) {
        Found previous = responses.find(tenant, id, "previous_response_id");
        Exchanges exchanges = Exchanges.of(door.turns()
                .eventsUpTo(previous.conversation(), previous.events().getLast().getSequence()));
        List<PromptMessage> past = new ArrayList<>();
        for (Exchange exchange : exchanges.branch(previous.answerId())) {
            if (exchange.answer() instanceof Answer.Given(String content, List<ToolCall> calls)) {
                past.addAll(exchange.asked());
                past.add(new PromptMessage(Role.ASSISTANT, content, calls, null, null));
            }
        }
        return past;
    }

    private Found named(Context ctx, Request request) {
        return responses.find(request.tenant(), ResponseId.parse(ctx.pathParam("id"), "id"), "id");
    }

    /** Stops a response and waits, for a moment, until it has stopped. One that is over stays as it is. */
    void cancel(Context ctx, Request request) {
        Found response = named(ctx, request);
        stop(response, request);
        Reply _ = answer(ctx, responses.find(request.tenant(), response.id(), "id"));
    }

    private void stop(Found response, Request request) {
        String turnId = response.id().turnId();
        if (door.turns().end(response.conversation(), turnId, Duration.ZERO).isEmpty()) {
            door.turns().cancel(response.conversation(), new CancelTurn(turnId), request.call());
            Optional<ConversationEvent> _ = door.turns().end(response.conversation(), turnId, STOPPING);
        }
    }
}
