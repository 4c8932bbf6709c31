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
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What runs ask of a conversation. The last message's id makes a run safe to repeat: it is one message, with one turn. The same
 * message in another run asks again, as clients do that have cut their thread back to a question.
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
        String id = input.asked().id();
        TurnIds ids = Request.ID.matcher(id).matches()
                ? TurnIds.ofMessage(conversation, new MessageId(id))
                : TurnIds.of(conversation, id);
        SubmitMessage submit = submit(conversation, input, ids, Map.of(RUN, input.runId()));
        Submission submission = submitted(conversation, submit, call);
        Optional<ConversationEvent> earlier = submission
                .accepted()
                .filter(event -> event.getBody() instanceof MessageAccepted accepted
                        && !input.runId().equals(accepted.getMetadata().get(RUN)));
        return earlier.isPresent()
                ? again(conversation, input, earlier.get(), call)
                : TurnStart.after(submission.before(), submit.getTurnId());
    }

    private Submission submitted(ConversationKey conversation, SubmitMessage submit, Call call) {
        Submission submission = door.messages().submit(conversation, submit, true, Optional.empty(), call);
        submission.refuseRejected();
        return submission;
    }

    /** The message as it joins; by which run is no part of what it asks. */
    private SubmitMessage submit(ConversationKey conversation, RunInput input, TurnIds ids, Map<String, String> notes) {
        PromptMessage message = input.asked().message();
        SubmitMessage submit = new Question(message.getContent(), input.handling(), Optional.empty(), Optional.empty())
                .submit(ids, prompt(conversation, input), Optional.empty());
        Map<String, String> metadata = new LinkedHashMap<>(submit.getMetadata());
        metadata.putAll(notes);
        return SubmitMessage.newBuilder(submit).setMetadata(metadata).build();
    }

    /** Empty where the client brings nothing but its message. */
    private Optional<CallerPrompt> prompt(ConversationKey conversation, RunInput input) {
        PromptMessage message = input.asked().message();
        List<PromptMessage> context = new ArrayList<>(
                door.conversations().unheardOf(conversation, input.asked().earlier()));
        context.addAll(input.asked().before());
        if (message.getRole() == Role.USER
                && context.isEmpty()
                && input.options().isEmpty()) {
            return Optional.empty();
        }
        GenerationOptions options =
                input.options().orElseGet(() -> GenerationOptions.newBuilder().build());
        return Optional.of(new CallerPrompt(message.getRole(), message.getToolCallId(), context, options));
    }

    private TurnStart again(ConversationKey conversation, RunInput input, ConversationEvent accepted, Call call) {
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
                : askAnew(conversation, input, call);
    }

    /** A question whose turn ended without an answer is no part of the history: it joins once more. */
    private TurnStart askAnew(ConversationKey conversation, RunInput input, Call call) {
        TurnIds ids = TurnIds.of(conversation, "ag-ui/" + input.runId());
        SubmitMessage submit = submit(
                conversation,
                input,
                ids,
                Map.of(RUN, input.runId(), REPEATS, input.asked().id()));
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
