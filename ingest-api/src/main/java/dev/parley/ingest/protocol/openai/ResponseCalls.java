package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.openai.Places.Place;
import dev.parley.ingest.protocol.openai.Responses.Found;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.TurnIds;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.List;
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
        ResponseRequest asked =
                ResponseRequest.of(request.bodyWithFiles(), models.get(), id -> responses.referenced(tenant, id));
        Place place = places.of(tenant, asked, key);
        TurnIds ids = TurnIds.of(place.conversation(), key.orElseGet(Request::uniqueId));
        ResponseId id = ResponseId.of(ids.turnId().text(), place.conversation().conversation());
        SubmitMessage submit = asked.call().submit(ids, place.after());
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

    private Submission submit(
            Place place, SubmitMessage submit, Optional<String> key, Optional<Duration> wait, Request request) {
        return door.messages().submit(place.conversation(), submit, key.isPresent(), wait, request.call());
    }

    private Reply stream(Context ctx, Place place, ResponseId id, Submission submission, boolean store, boolean keyed) {
        Answering.Told told = new Answering.Told(
                place.conversation(),
                id.turnId(),
                Long.toString(submission.before()),
                new ResponseEncoding(id, ResponseEncoding.NOTHING_SEEN, store));
        return store ? answering.stream(ctx, told) : answering.streamWhileRead(ctx, told, keyed);
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

    private Found named(Context ctx, Request request) {
        return responses.find(request.tenant(), ResponseId.parse(ctx.pathParam("id"), "id"), "id");
    }

    /** Stops a response and waits, for a moment, until it has stopped. One that is over stays as it is. */
    void cancel(Context ctx, Request request) {
        Found response = named(ctx, request);
        String turnId = response.id().turnId();
        if (door.turns().end(response.conversation(), turnId, Duration.ZERO).isEmpty()) {
            door.turns().cancel(response.conversation(), new CancelTurn(turnId), request.call());
            Optional<ConversationEvent> _ = door.turns().end(response.conversation(), turnId, STOPPING);
        }
        Reply _ = answer(ctx, responses.find(request.tenant(), response.id(), "id"));
    }
}
