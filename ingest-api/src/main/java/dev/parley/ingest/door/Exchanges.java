package dev.parley.ingest.door;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The exchanges of a conversation, of all its branches, as its events tell of them. Pure but for its own state. */
public final class Exchanges {

    /** What the first exchange follows. */
    public static final String BEGINNING = "";

    private final Map<String, MessageAccepted> questions = new HashMap<>();
    private final Map<String, Exchange> byAnswer = new HashMap<>();
    /** By what they follow, then by answer, in the order in which they began. */
    private final Map<String, SequencedMap<String, Exchange>> following = new HashMap<>();
    /** Answers that wait or are being given, in the order in which they were asked for. */
    private final SequencedSet<String> open = new LinkedHashSet<>();

    private String tip = BEGINNING;

    /** Before the first event. */
    public Exchanges() {}

    /**
     * A question and its answer.
     *
     * @param after id of the answer that it follows; {@link #BEGINNING} where that is none
     * @param answer as far as the log tells
     */
    public record Exchange(MessageAccepted question, String answerId, String after, Answer answer) {

        /** What was sent along with the question, and the question itself, as a prompt has them. */
        public List<PromptMessage> asked() {
            return Exchanges.asked(question);
        }

        private Exchange with(Answer ended) {
            return new Exchange(question, answerId, after, ended);
        }
    }

    /** What was sent along with a question, and the question itself, as a prompt has them. */
    public static List<PromptMessage> asked(MessageAccepted question) {
        CallerPrompt prompt = question.getPrompt();
        List<PromptMessage> asked = new ArrayList<>(prompt == null ? List.of() : prompt.getContext());
        asked.add(new PromptMessage(
                question.getRole(),
                question.getContent(),
                List.of(),
                prompt == null ? null : prompt.getToolCallId(),
                null,
                prompt == null ? List.of() : prompt.getAttachments()));
        return asked;
    }

    /** What has become of an answer. */
    public sealed interface Answer {

        /** It waits, or is being given. */
        record Open() implements Answer {}

        /** It was given, be it not whole, and is part of what a model is told later on. */
        record Given(String content, List<ToolCall> toolCalls) implements Answer {}

        /** It ended in a way in which models are told of neither question nor answer. */
        record Missing(String content) implements Answer {}
    }

    /** What {@code events}, which are all so far, tell. */
    public static Exchanges of(List<ConversationEvent> events) {
        Exchanges exchanges = new Exchanges();
        events.forEach(exchanges::take);
        return exchanges;
    }

    /** Takes the next event. */
    public void take(ConversationEvent event) {
        switch (event.getBody()) {
            case MessageAccepted accepted -> accept(accepted);
            case TurnStarted started -> start(started);
            case TurnEnd end -> end(end);
            case BranchSwitched switched -> tip = switched.getMessageId();
            case ConversationFact _,
                    MessageRejected _,
                    TurnPreparation _,
                    Unknown _ -> {} // They begin and end no exchange.
        }
    }

    /** Until its turn begins, a question follows what it asked to follow, or else the last that was asked before it. */
    private void accept(MessageAccepted accepted) {
        questions.put(accepted.getMessageId(), accepted);
        BranchPoint after = accepted.getAfter();
        put(new Exchange(
                accepted,
                accepted.getAssistantMessageId(),
                after == null ? lastOpen() : text(after.getMessageId()),
                new Answer.Open()));
    }

    private String lastOpen() {
        return open.isEmpty() ? tip : open.getLast();
    }

    private void start(TurnStarted started) {
        MessageAccepted question = questions.get(started.getUserMessageId());
        if (question == null) {
            return; // Of a log whose beginning is missing.
        }
        BranchPoint after = started.getAfter();
        Exchange earlier = started.getSupersedes() == null ? null : byAnswer.get(started.getSupersedes());
        String before;
        if (after != null) {
            before = text(after.getMessageId());
        } else {
            before = earlier == null ? tip : earlier.after();
        }
        remove(started.getAssistantMessageId()); // Its place is where it begins.
        put(new Exchange(question, started.getAssistantMessageId(), before, new Answer.Open()));
        tip = before;
    }

    private void end(TurnEnd end) {
        Exchange exchange = byAnswer.get(end.getMessageId());
        if (exchange == null) {
            return;
        }
        if (!end.hasBegun()) {
            remove(exchange.answerId());
            return;
        }
        boolean forgotten = end instanceof TurnCancelled cancelled && cancelled.getForgotten();
        put(exchange.with(answer(end)));
        tip = forgotten ? exchange.after() : exchange.answerId();
    }

    private static Answer answer(TurnEnd end) {
        return switch (end) {
            case MessageCompleted completed -> new Answer.Given(completed.getContent(), completed.getToolCalls());
            case TurnFailed failed -> new Answer.Missing(failed.getContent());
            case TurnCancelled cancelled ->
                cancelled.getForgotten() || cancelled.getContent().isEmpty()
                        ? new Answer.Missing(cancelled.getContent())
                        : new Answer.Given(cancelled.getContent(), List.of());
        };
    }

    private void put(Exchange exchange) {
        byAnswer.put(exchange.answerId(), exchange);
        following
                .computeIfAbsent(exchange.after(), any -> new LinkedHashMap<>())
                .put(exchange.answerId(), exchange);
        if (exchange.answer() instanceof Answer.Open) {
            open.add(exchange.answerId());
        } else {
            open.remove(exchange.answerId());
        }
    }

    private void remove(String answerId) {
        Exchange exchange = byAnswer.remove(answerId);
        if (exchange != null) {
            following.getOrDefault(exchange.after(), new LinkedHashMap<>()).remove(answerId);
            open.remove(answerId);
        }
    }

    private static String text(@Nullable String messageId) {
        return messageId == null ? BEGINNING : messageId;
    }

    /** The question with this id; empty where none was accepted. */
    public Optional<MessageAccepted> question(String messageId) {
        return Optional.ofNullable(questions.get(messageId));
    }

    /** Those that directly follow the answer {@code after}, or the beginning; the latest first. */
    public List<Exchange> after(String after) {
        SequencedMap<String, Exchange> siblings = following.getOrDefault(after, new LinkedHashMap<>());
        return List.copyOf(siblings.reversed().values());
    }

    /** The one with this answer; empty where none was asked for, or it was called off before it began. */
    public Optional<Exchange> exchange(String answerId) {
        return Optional.ofNullable(byAnswer.get(answerId));
    }

    /** All with this question, in no order. */
    public List<Exchange> askedBy(String messageId) {
        return byAnswer.values().stream()
                .filter(exchange -> exchange.question().getMessageId().equals(messageId))
                .toList();
    }

    /** The branch up to and including this answer, from the beginning on. */
    public List<Exchange> branch(String answerId) {
        List<Exchange> branch = new ArrayList<>();
        for (Exchange at = byAnswer.get(answerId); at != null; at = byAnswer.get(at.after())) {
            branch.add(at);
        }
        return branch.reversed();
    }

    /** The answer from which the conversation goes on; {@link #BEGINNING} where that is none. */
    public String tip() {
        return tip;
    }

    /** Whether an answer is on the branch that the conversation goes on from, or still to be given. */
    public boolean isActive(Exchange exchange) {
        return activeAnswers().contains(exchange.answerId());
    }

    /** The answers on the branch that the conversation goes on from, and those that are still to be given. */
    public Set<String> activeAnswers() {
        Set<String> active = new HashSet<>(open);
        branch(tip).forEach(exchange -> active.add(exchange.answerId()));
        return active;
    }
}
