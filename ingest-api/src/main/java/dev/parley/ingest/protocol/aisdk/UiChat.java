package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Results;
import dev.parley.ingest.protocol.aisdk.UiChatRequest.Words;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the AI SDK's chats ask for, whichever transport brings it. A chat's id is its conversation's. */
final class UiChat {

    /** Where it is kept of a message which answer of the client's goes on with it. */
    static final String CONTINUED = "ai-sdk.message_id";

    private final Door door;

    UiChat(Door door) {
        this.door = door;
    }

    /**
     * An answer to be streamed.
     *
     * @param before cursor from which all of its turn is told
     */
    record Answer(String turnId, String before) {}

    Answer ask(ConversationKey conversation, UiChatRequest request, Call call) {
        return request.regenerate() ? regenerate(conversation, request, call) : submit(conversation, request, call);
    }

    private Answer regenerate(ConversationKey conversation, UiChatRequest request, Call call) {
        TurnIds ids = TurnIds.of(conversation, Request.uniqueId());
        long before = door.messages()
                .regenerate(
                        conversation,
                        new RegenerateMessage(
                                request.answer().orElse(null),
                                ids.turnId().text(),
                                ids.assistantMessageId().text(),
                                request.handling().onBusy(),
                                request.handling().engine().orElse(null)),
                        call);
        return new Answer(ids.turnId().text(), Long.toString(before));
    }

    private Answer submit(ConversationKey conversation, UiChatRequest request, Call call) {
        SubmitMessage submit = switch (request.last().orElseThrow()) {
            case Words(String id, String text) -> {
                TurnIds ids = Request.ID.matcher(id).matches()
                        ? TurnIds.ofMessage(conversation, new MessageId(id))
                        : TurnIds.of(conversation, id);
                // Fingerprinted without what was said before: a repeat of the first message comes when that is
                // no news any more.
                yield new Question(text, request.handling(), Optional.empty())
                        .submit(ids, prompt(conversation, request));
            }
            case Results results -> results(conversation, request, results);
        };
        Submission submission = door.messages().submit(conversation, submit, true, Optional.empty(), call);
        submission.refuseRejected();
        return new Answer(submit.getTurnId(), Long.toString(submission.before()));
    }

    /** What came of tools, of which the last is the message. The same results again are the same message. */
    private SubmitMessage results(ConversationKey conversation, UiChatRequest request, Results given) {
        List<PromptMessage> context = new ArrayList<>(door.conversations().unheardOf(conversation, request.earlier()));
        context.addAll(given.results());
        PromptMessage last = context.removeLast();
        Map<String, String> metadata = new LinkedHashMap<>(request.handling().metadata());
        metadata.put(CONTINUED, given.answerId());
        Handling handling = new Handling(
                request.handling().onBusy(),
                request.handling().intent(),
                request.handling().engine(),
                metadata);
        TurnIds ids = TurnIds.of(conversation, "results/" + given.answerId() + "/" + last.getToolCallId());
        return new Question(last.getContent(), handling, Optional.empty())
                .submit(ids, Optional.of(new CallerPrompt(Role.TOOL, last.getToolCallId(), context, options(request))));
    }

    /** Empty where the client brings nothing but its message. */
    private Optional<CallerPrompt> prompt(ConversationKey conversation, UiChatRequest request) {
        List<PromptMessage> context = door.conversations().unheardOf(conversation, request.earlier());
        return context.isEmpty() && request.options().isEmpty()
                ? Optional.empty()
                : Optional.of(new CallerPrompt(Role.USER, null, context, options(request)));
    }

    private static GenerationOptions options(UiChatRequest request) {
        return request.options().orElseGet(() -> GenerationOptions.newBuilder().build());
    }

    /** The answer that is being given now. */
    Optional<Answer> running(ConversationKey conversation) {
        return door.turns().running(conversation).map(turn -> new Answer(turn.turnId(), turn.before()));
    }

    /** Stops everything that runs or waits. */
    void stop(ConversationKey conversation, Call call) {
        door.turns().cancel(conversation, new CancelTurn(null), call);
    }

    /** Stops one answer. */
    void stop(ConversationKey conversation, Answer answer, Call call) {
        door.turns().cancel(conversation, new CancelTurn(answer.turnId()), call);
    }
}
