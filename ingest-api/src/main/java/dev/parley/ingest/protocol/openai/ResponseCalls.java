package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.PastExchanges;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.ResponseTransport;
import dev.parley.ingest.protocol.nativeapi.NativeApi;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TurnIds;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Responses of OpenAI's API. A response is a turn: its id leads to the turn's events, from which everything is told, while
 * it runs and ever after.
 */
public final class ResponseCalls {

    private static final Duration STOPPING = Duration.ofSeconds(5);

    private final Door door;
    private final Snapshots snapshots;
    private final SseEdge edge;
    private final Admission admission;
    private final Supplier<Models> models;
    private final Abandoned abandoned;

    public ResponseCalls(
            Door door,
            Snapshots snapshots,
            SseEdge edge,
            Admission admission,
            Supplier<Models> models,
            Abandoned abandoned) {
        this.door = door;
        this.snapshots = snapshots;
        this.edge = edge;
        this.admission = admission;
        this.models = models;
        this.abandoned = abandoned;
    }

    /** A turn's events with the name under which they are asked for. */
    private record Turn(ResponseId id, ConversationKey conversation, List<ConversationEvent> events) {
        /** The cursor from which a stream tells all of it. */
        String before() {
            return Long.toString(events.getFirst().getSequence() - 1);
        }
    }

    Reply create(Context ctx, Request request) {
        String tenant = request.tenant();
        Optional<String> key = request.idempotencyKey();
        ResponseRequest asked = ResponseRequest.of(request.body(), models.get(), id -> referenced(tenant, id));
        Place place = place(tenant, asked, key);
        TurnIds ids = TurnIds.of(place.conversation(), key.orElseGet(Request::uniqueId));
        ResponseId id = ResponseId.of(ids.turnId(), place.conversation().conversation());
        SubmitMessage submit = asked.call().submit(ids, place.before());
        boolean waits = !asked.stream() && !asked.background();
        Door.Submission submission = waits
                ? admission.waiting(() -> submit(place, submit, key, Optional.of(OpenAiCalls.WAIT), request))
                : submit(place, submit, key, Optional.empty(), request);
        submission.refuseRejected();
        if (asked.stream()) {
            return stream(ctx, place.conversation(), id, submission.before(), asked.store(), key.isPresent());
        }
        if (waits) {
            refuseFailure(submission.end().orElseThrow(OpenAiCalls::late));
        }
        List<ConversationEvent> events = door.turn(place.conversation(), id.turnId());
        if (!events.isEmpty() && events.getFirst().getBody() instanceof MessageRejected rejected) {
            throw Door.refusal(rejected);
        }
        NativeApi.answer(ctx, 200, ResponseJson.of(id, turn(tenant, id, "id").events()));
        return Reply.SENT;
    }

    private Door.Submission submit(
            Place place, SubmitMessage submit, Optional<String> key, Optional<Duration> wait, Request request) {
        return door.submit(place.conversation(), submit, key.isPresent(), wait, request.call());
    }

    /** A caller who waits for an answer and gets none is to see that from the status. */
    private static void refuseFailure(ConversationEvent end) {
        if (end.getBody() instanceof TurnFailed failed) {
            throw new ProblemException(
                    ErrorCode.ofWire(failed.getCode()).orElse(ErrorCode.INTERNAL), failed.getDetail());
        }
    }

    private Reply stream(
            Context ctx, ConversationKey conversation, ResponseId id, long before, boolean store, boolean keyed) {
        ResponseEncoding encoding = new ResponseEncoding(id, ResponseEncoding.NOTHING_SEEN, store);
        String cursor = Long.toString(before);
        return store
                ? () -> {
                    SseEdge.End _ = stream(ctx, conversation, cursor, encoding);
                }
                : () -> abandoned.watch(
                        conversation, id.turnId(), keyed, () -> stream(ctx, conversation, cursor, encoding));
    }

    private SseEdge.End stream(Context ctx, ConversationKey conversation, String cursor, ResponseEncoding encoding)
            throws IOException {
        try (ResponseTransport transport = new ResponseTransport(ctx)) {
            return edge.stream(conversation, Optional.of(cursor), encoding, transport);
        }
    }

    // Where a response goes

    /**
     * The conversation of a new response.
     *
     * @param before messages that come first, where the conversation is a copy of another's beginning
     */
    private record Place(ConversationKey conversation, List<PromptMessage> before) {}

    private Place place(String tenant, ResponseRequest asked, Optional<String> key) {
        if (asked.conversation().isPresent()) {
            ConversationKey conversation =
                    new ConversationKey(tenant, asked.conversation().get());
            door.require(conversation);
            return new Place(conversation, List.of());
        }
        if (asked.previous().isPresent()) {
            ResponseId id = ResponseId.parse(asked.previous().get(), "previous_response_id");
            Turn previous = turn(tenant, id, "previous_response_id");
            if (isLatest(previous)) {
                return new Place(previous.conversation(), List.of());
            }
            // Others have gone on from there: what is said now belongs to a branch of its own.
            return new Place(newConversation(tenant, key), historyUpTo(previous));
        }
        return new Place(newConversation(tenant, key), List.of());
    }

    private static ConversationKey newConversation(String tenant, Optional<String> key) {
        return new ConversationKey(tenant, "conv_" + OpenAiCalls.ownId(tenant, "response", key));
    }

    private boolean isLatest(Turn turn) {
        return door.latestTurn(turn.conversation())
                .map(turn.id().turnId()::equals)
                .orElseGet(() -> snapshot(turn).stream()
                        .filter(message -> message.role() != Role.ASSISTANT)
                        .reduce((first, second) -> second)
                        .filter(message -> message.turnId().equals(turn.id().turnId()))
                        .isPresent());
    }

    private List<Message> snapshot(Turn turn) {
        return snapshots
                .get(turn.conversation(), turn.events().getLast().getSequence())
                .messages();
    }

    private List<PromptMessage> historyUpTo(Turn turn) {
        return PastExchanges.messages(
                door.eventsUpTo(turn.conversation(), turn.events().getLast().getSequence()));
    }

    // Responses that are there

    /**
     * Finds a response.
     *
     * @throws ProblemException {@code not_found} where this tenant has no such response
     */
    private Turn turn(String tenant, ResponseId id, String field) {
        ConversationKey conversation = id.key(tenant);
        List<ConversationEvent> events = door.turn(conversation, id.turnId());
        // A turn that begins otherwise was asked for by no request of this kind, or refused.
        boolean asked = !events.isEmpty() && events.getFirst().getBody() instanceof MessageAccepted;
        if (!asked || door.presence(conversation) == ConversationQueries.Presence.DELETED) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "there is no response '" + id + "'", field);
        }
        return new Turn(id, conversation, events);
    }

    /** What a reference to an item of an earlier response stands for. */
    private List<PromptMessage> referenced(String tenant, String itemId) {
        ResponseId.Item item = ResponseId.item(itemId)
                .orElseThrow(
                        () -> new ProblemException(ErrorCode.NOT_FOUND, "there is no item '" + itemId + "'", "input"));
        MessageCompleted completed = turn(tenant, item.response(), "input").events().stream()
                .map(ConversationEvent::getBody)
                .filter(MessageCompleted.class::isInstance)
                .map(MessageCompleted.class::cast)
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.NOT_FOUND, "item '" + itemId + "' is of a response that is not complete", "input"));
        return switch (item.kind()) {
            case "msg" -> List.of(new PromptMessage(Role.ASSISTANT, completed.getContent(), List.of(), null));
            case "rs" -> List.of();
            default -> {
                int index = Integer.parseInt(item.kind().substring(2));
                List<ToolCall> calls = completed.getToolCalls();
                yield index < calls.size()
                        ? List.of(new PromptMessage(Role.ASSISTANT, "", List.of(calls.get(index)), null))
                        : List.of();
            }
        };
    }

    Reply get(Context ctx, Request request) {
        Turn turn = named(ctx, request);
        boolean stream = request.query("stream").filter("true"::equals).isPresent();
        Optional<Long> after = request.query("starting_after", 0, Long.MAX_VALUE);
        if (!stream) {
            if (after.isPresent()) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "needs stream=true", "starting_after");
            }
            NativeApi.answer(ctx, 200, ResponseJson.of(turn.id(), turn.events()));
            return Reply.SENT;
        }
        ResponseEncoding encoding = new ResponseEncoding(turn.id(), after.orElse(ResponseEncoding.NOTHING_SEEN), true);
        return () -> {
            SseEdge.End _ = stream(ctx, turn.conversation(), turn.before(), encoding);
        };
    }

    private Turn named(Context ctx, Request request) {
        return turn(request.tenant(), ResponseId.parse(ctx.pathParam("id"), "id"), "id");
    }

    /** Stops a response and waits, for a moment, until it has stopped. One that is over stays as it is. */
    void cancel(Context ctx, Request request) {
        Turn turn = named(ctx, request);
        if (door.end(turn.conversation(), turn.id().turnId(), Duration.ZERO).isEmpty()) {
            door.cancel(turn.conversation(), new CancelTurn(turn.id().turnId()), request.call());
            Optional<ConversationEvent> _ =
                    door.end(turn.conversation(), turn.id().turnId(), STOPPING);
        }
        Turn now = turn(request.tenant(), turn.id(), "id");
        NativeApi.answer(ctx, 200, ResponseJson.of(now.id(), now.events()));
    }
}
