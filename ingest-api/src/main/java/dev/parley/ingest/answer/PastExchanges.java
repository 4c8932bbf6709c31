package dev.parley.ingest.answer;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The finished exchanges of a conversation's beginning, as a prompt has them: what a branch of it starts with. */
public final class PastExchanges {

    /** Questions by id, in the order in which their turns started, with the answer that stands. */
    private final Map<String, MessageCompleted> answers = new LinkedHashMap<>();

    private final Map<String, MessageAccepted> questions = new HashMap<>();
    private final Map<String, String> questionOfAnswer = new HashMap<>();

    private PastExchanges() {}

    public static List<PromptMessage> messages(List<ConversationEvent> events) {
        PastExchanges past = new PastExchanges();
        events.forEach(past::take);
        return past.messages();
    }

    private void take(ConversationEvent event) {
        switch (event.getBody()) {
            case MessageAccepted accepted -> questions.put(accepted.getMessageId(), accepted);
            case TurnStarted started -> {
                questionOfAnswer.put(started.getAssistantMessageId(), started.getUserMessageId());
                answers.remove(started.getUserMessageId()); // Another answer takes the place of an earlier one.
            }
            case MessageCompleted completed ->
                answers.put(questionOfAnswer.getOrDefault(completed.getMessageId(), ""), completed);
            case ConversationFact _,
                    TurnPreparation _,
                    MessageRejected _,
                    TurnFailed _,
                    TurnCancelled _,
                    Unknown _ -> {} // Turns without an answer are no part of a prompt.
        }
    }

    private List<PromptMessage> messages() {
        List<PromptMessage> messages = new ArrayList<>();
        answers.forEach((questionId, answer) -> {
            MessageAccepted question = questions.get(questionId);
            if (question != null) {
                CallerPrompt prompt = question.getPrompt();
                if (prompt != null) {
                    messages.addAll(prompt.getContext());
                }
                messages.add(new PromptMessage(
                        question.getRole(),
                        question.getContent(),
                        List.of(),
                        prompt == null ? null : prompt.getToolCallId(),
                        null));
                messages.add(new PromptMessage(Role.ASSISTANT, answer.getContent(), answer.getToolCalls(), null, null));
            }
        });
        return messages;
    }
}
