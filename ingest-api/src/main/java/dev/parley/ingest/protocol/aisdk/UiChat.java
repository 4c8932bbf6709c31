package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import java.util.List;
import java.util.Optional;

/** What the AI SDK's chats ask for, whichever transport brings it. A chat's id is its conversation's. */
final class UiChat {

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
        UiChatRequest.Said said = request.last().orElseThrow();
        TurnIds ids = Request.ID.matcher(said.id()).matches()
                ? TurnIds.ofMessage(conversation, new MessageId(said.id()))
                : TurnIds.of(conversation, said.id());
        Optional<CallerPrompt> prompt = context(conversation, request);
        // Fingerprinted without what was said before: a repeat of the first message comes when that is no news any
        // more.
        SubmitMessage submit = new Question(said.text(), request.handling(), Optional.empty()).submit(ids, prompt);
        Submission submission = door.messages().submit(conversation, submit, true, Optional.empty(), call);
        submission.refuseRejected();
        return new Answer(ids.turnId().text(), Long.toString(submission.before()));
    }

    /** What the client has of a chat that this server has never heard of. */
    private Optional<CallerPrompt> context(ConversationKey conversation, UiChatRequest request) {
        List<PromptMessage> earlier = request.earlier();
        if (earlier.isEmpty() || door.conversations().presence(conversation) != Presence.UNKNOWN) {
            return Optional.empty();
        }
        return Optional.of(new CallerPrompt(
                Role.USER, null, earlier, GenerationOptions.newBuilder().build()));
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
