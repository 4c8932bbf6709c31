package dev.parley.faults.simulation;

import static dev.parley.faults.simulation.Violation.unless;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.TurnStarted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a model is told of a conversation's past is what the log says was said on that branch, and nothing else. */
final class Branches {

    /**
     * A question with its answer.
     *
     * @param after the answer that it follows; null at the beginning
     * @param answer null where a model is not told of it
     */
    private record Exchange(
            @Nullable String after,
            String question,
            @Nullable String answer) {}

    private final Map<String, String> questions = new HashMap<>();
    private final Map<String, Exchange> exchanges = new HashMap<>();

    void logged(ConversationEvent event) {
        switch (event.getBody()) {
            case MessageAccepted accepted -> questions.put(accepted.getMessageId(), accepted.getContent());
            case TurnStarted started -> started(started);
            case TurnEnd end
            when end.hasBegun() ->
                exchanges.computeIfPresent(
                        end.getMessageId(), (id, open) -> new Exchange(open.after(), open.question(), told(end)));
            default -> {} // Nothing that is said.
        }
    }

    private void started(TurnStarted started) {
        String after = started.getAfter().getMessageId();
        unless(
                after == null || exchanges.containsKey(after),
                "%s follows %s, which is no answer",
                started.getUserMessageId(),
                after);
        exchanges.put(
                started.getAssistantMessageId(),
                new Exchange(after, String.valueOf(questions.get(started.getUserMessageId())), null));
    }

    private static @Nullable String told(TurnEnd end) {
        return switch (end) {
            case MessageCompleted completed -> completed.getContent();
            case TurnFailed failed -> null;
            case TurnCancelled cancelled ->
                cancelled.getForgotten() || cancelled.getContent().isEmpty() ? null : cancelled.getContent();
        };
    }

    void requested(TurnRequest turn) {
        List<String> said = new ArrayList<>();
        Exchange own = exchanges.get(turn.getAssistantMessageId());
        unless(own != null, "%s is to be answered before it began", turn.getTurnId());
        for (Exchange at = before(own); at != null; at = before(at)) {
            if (at.answer() != null) {
                said.addFirst(at.answer());
                said.addFirst(at.question());
            }
        }
        List<String> told =
                turn.getHistory().stream().map(PromptMessage::getContent).toList();
        unless(told.equals(said), "%s is told %s where %s was said", turn.getTurnId(), told, said);
    }

    private @Nullable Exchange before(@Nullable Exchange exchange) {
        return exchange == null || exchange.after() == null ? null : exchanges.get(exchange.after());
    }
}
