package dev.parley.ingest.protocol.agui;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.ShownPath;
import dev.parley.ingest.door.ShownPath.Place;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What runs ask of a conversation: what is said, after what the client shows. The last message's id makes a run safe to repeat: it is
 * one message, with one turn. The same message in another run asks again, as clients do that have cut their thread back to a
 * question; with other words, or after something else, it is a message of its own.
 */
final class Runs {

    /** Where it is kept of a message by which run it was asked. */
    static final String RUN = "ag-ui.run_id";

    /** Where it is kept of a message which earlier one of the client's it is. */
    static final String REPEATS = "ag-ui.message_id";

    private final Door door;

    Runs(Door door) {
        this.door = door;
    }

    TurnStart ask(ConversationKey conversation, RunInput input, Call call) {
        ShownPath path = path(conversation, input.asked());
        TurnIds own = own(conversation, input.asked());
        boolean edited = isEdited(own.messageId(), input, path);
        TurnIds ids = edited ? edited(conversation, input.asked(), path) : own;
        SubmitMessage submit = submit(input, ids, path.place(), edited);
        Submission submission = submitted(conversation, submit, call);
        Optional<ConversationEvent> earlier = submission
                .accepted()
                .filter(event -> event.getBody() instanceof MessageAccepted accepted && !isOf(accepted, input.runId()));
        return earlier.isPresent()
                ? again(conversation, input, path.place(), earlier.get(), call)
                : TurnStart.after(submission.before(), submit.getTurnId());
    }

    private static boolean isOf(MessageAccepted accepted, String runId) {
        return runId.equals(accepted.getMetadata().get(RUN));
    }

    /** Which branch the client shows. One that shows nothing is at the beginning, whatever there is. */
    private ShownPath path(ConversationKey conversation, Asked asked) {
        Optional<Exchanges> exchanges = door.branches().of(conversation);
        if (exchanges.isEmpty() && !asked.earlier().isEmpty()) {
            throw new ProblemException(
                    ErrorCode.UNAVAILABLE,
                    "the conversation cannot be read now, so that its model might be told something else than is"
                            + " shown");
        }
        return ShownPath.of(exchanges.orElseGet(() -> Exchanges.of(List.of())), asked.earlier());
    }

    /** The ids of what is said, which are a function of the client's own. */
    private static TurnIds own(ConversationKey conversation, Asked asked) {
        return Request.ID.matcher(asked.id()).matches()
                ? TurnIds.ofMessage(conversation, new MessageId(asked.id()))
                : TurnIds.of(conversation, asked.id());
    }

    private static TurnIds edited(ConversationKey conversation, Asked asked, ShownPath path) {
        return TurnIds.of(
                conversation,
                "ag-ui/edit/" + asked.id() + "/"
                        + path.name(
                                asked.said().stream()
                                        .map(PromptMessage::getContent)
                                        .collect(Collectors.joining("\n")),
                                asked.message().getAttachments()));
    }

    /** Whether an earlier run said something else under this id, or at another place. A run's own repeat is no edit. */
    private static boolean isEdited(MessageId own, RunInput input, ShownPath path) {
        return path.question(own.text())
                        .filter(question -> !isOf(question, input.runId()))
                        .isPresent()
                && path.asked(input.asked().said()).stream()
                        .noneMatch(
                                exchange -> exchange.question().getMessageId().equals(own.text()));
    }

    private Submission submitted(ConversationKey conversation, SubmitMessage submit, Call call) {
        Submission submission = door.messages().submit(conversation, submit, true, Optional.empty(), call);
        submission.refuseRejected();
        return submission;
    }

    /**
     * The message as it joins; by which run is no part of what it asks.
     *
     * @param anew whether it is under another id than its client's
     */
    private static SubmitMessage submit(RunInput input, TurnIds ids, Place place, boolean anew) {
        PromptMessage message = input.asked().message();
        Optional<CallerPrompt> shown = Question.showing(message.getAttachments());
        SubmitMessage submit = new Question(message.getContent(), input.handling(), shown, Optional.empty())
                .submit(ids, prompt(input, place), place.after());
        Map<String, String> metadata = new LinkedHashMap<>(submit.getMetadata());
        metadata.put(RUN, input.runId());
        if (anew) {
            metadata.put(REPEATS, input.asked().id());
        }
        return SubmitMessage.newBuilder(submit).setMetadata(metadata).build();
    }

    /** Empty where the client brings nothing but its message. */
    private static Optional<CallerPrompt> prompt(RunInput input, Place place) {
        PromptMessage message = input.asked().message();
        List<PromptMessage> context = new ArrayList<>(place.context());
        context.addAll(input.asked().before());
        if (message.getRole() == Role.USER
                && context.isEmpty()
                && input.options().isEmpty()) {
            return Question.showing(message.getAttachments());
        }
        GenerationOptions options =
                input.options().orElseGet(() -> GenerationOptions.newBuilder().build());
        return Optional.of(new CallerPrompt(
                message.getRole(), message.getToolCallId(), context, options, message.getAttachments(), false));
    }

    private TurnStart again(
            ConversationKey conversation, RunInput input, Place place, ConversationEvent accepted, Call call) {
        String turnId = String.valueOf(accepted.getTurnId());
        Optional<TurnEnd> end = door.turns().events(conversation, turnId).stream()
                .map(ConversationEvent::getBody)
                .filter(TurnEnd.class::isInstance)
                .map(TurnEnd.class::cast)
                .findFirst();
        if (end.isEmpty()) {
            return TurnStart.at(accepted); // It is being answered.
        }
        return end.get() instanceof MessageCompleted completed
                ? regenerate(conversation, input, completed, call)
                : askAnew(conversation, input, place, call);
    }

    /** A question whose turn ended without an answer is no part of the history: it joins once more. */
    private TurnStart askAnew(ConversationKey conversation, RunInput input, Place place, Call call) {
        TurnIds ids = TurnIds.of(conversation, "ag-ui/" + input.runId());
        SubmitMessage submit = submit(input, ids, place, true);
        Submission submission = submitted(conversation, submit, call);
        return TurnStart.after(submission.before(), submit.getTurnId());
    }

    private TurnStart regenerate(ConversationKey conversation, RunInput input, MessageCompleted first, Call call) {
        TurnIds ids = TurnIds.ofRegeneration(conversation, new MessageId(first.getMessageId()), input.runId());
        String anew = ids.turnId().text();
        List<ConversationEvent> known = door.turns().events(conversation, anew);
        if (!known.isEmpty()) {
            return TurnStart.at(known.getFirst());
        }
        long before = door.messages()
                .regenerate(
                        conversation,
                        new RegenerateMessage(
                                first.getMessageId(),
                                anew,
                                ids.assistantMessageId().text(),
                                input.handling().onBusy(),
                                input.handling().engine().orElse(null)),
                        call);
        return TurnStart.after(before, anew);
    }

    /** The turn that runs; where none does, that of the latest message, unless it has ended. */
    Optional<TurnStart> underWay(ConversationKey conversation) {
        return door.turns().running(conversation).or(() -> door.turns().latestOpen(conversation));
    }
}
