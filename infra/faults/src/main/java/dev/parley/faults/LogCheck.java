package dev.parley.faults;

import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.faults.History.DeadLetter;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.ModelCall;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Poison;
import dev.parley.faults.History.Submission;
import dev.parley.faults.LogIndex.Attempt;
import dev.parley.faults.LogIndex.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules of {@link Checker} that the log alone can break, or the log against what clients were told and the model said. */
final class LogCheck {

    private static final int ENDED = 4;

    private final History history;
    private final LogIndex index;
    private final List<Violation> violations;
    private final Map<String, Submission> byMessage = new HashMap<>();

    LogCheck(History history, LogIndex index, List<Violation> violations) {
        this.history = history;
        this.index = index;
        this.violations = violations;
        history.submissions().forEach(submission -> byMessage.putIfAbsent(submission.messageId(), submission));
    }

    void check() {
        Map<String, Integer> decisions = new HashMap<>();
        for (String conversation : Checker.conversations(history)) {
            List<Event> events = index.events(conversation);
            sequence(conversation, events);
            turns(events);
            events.forEach(event -> decided(event, decisions));
        }
        history.submissions().forEach(submission -> taken(submission, decisions));
        chunks();
        deadLetters();
        for (ModelCall call : history.modelCalls()) {
            require(!call.open(), "model", "call " + call.number() + " of " + call.ask() + " still goes on");
        }
    }

    private void require(boolean holds, String rule, String otherwise) {
        if (!holds) {
            violations.add(new Violation(rule, otherwise));
        }
    }

    private void sequence(String conversation, List<Event> events) {
        long expected = 1;
        for (Event event : events) {
            long sequence = event.event().getSequence();
            require(
                    sequence == expected,
                    "sequence",
                    conversation + " has " + sequence + " (" + type(event) + ") where " + expected + " is due");
            expected = sequence + 1;
        }
    }

    private static String type(Event event) {
        return LogIndex.wireType(event.event().getBody());
    }

    /** How far a turn is after an event; -1 where the event tells nothing of that. */
    private static int rank(Event event) {
        if (LogIndex.end(event) != null) {
            return ENDED;
        }
        return switch (event.event().getBody()) {
            case MessageAccepted accepted -> 0;
            case TurnStarted started -> 1;
            case TurnRouted routed -> 2;
            case TurnRetrieved retrieved -> 3;
            default -> -1;
        };
    }

    private void turns(List<Event> events) {
        Map<String, Integer> ranks = new HashMap<>();
        @Nullable String running = null;
        for (Event event : events) {
            String turn = event.event().getTurnId();
            int rank = rank(event);
            if (turn == null || rank < 0) {
                continue;
            }
            int before = ranks.getOrDefault(turn, -1);
            if (rank == ENDED && before == ENDED) {
                require(false, "ends-once", turn + " ends again by " + type(event));
            } else {
                require(
                        rank > before && (rank == 0 || before >= 0),
                        "order",
                        turn + " has " + type(event) + " after stage " + before);
            }
            ranks.put(turn, Math.max(rank, before));
            if (rank == 1) {
                require(running == null, "order", turn + " starts while " + running + " runs");
                running = turn;
            } else if (rank == ENDED && turn.equals(running)) {
                running = null;
            }
        }
        ranks.forEach((turn, rank) -> require(rank == ENDED, "ends-once", turn + " has no end"));
    }

    /** What an event decides about a message, or how it ends one. */
    private void decided(Event event, Map<String, Integer> decisions) {
        switch (event.event().getBody()) {
            case MessageAccepted accepted -> {
                decisions.merge(accepted.getMessageId(), 1, Integer::sum);
                Submission submission = byMessage.get(accepted.getMessageId());
                if (submission == null) {
                    require(false, "accepted-once", accepted.getMessageId() + " was asked by nobody");
                    return;
                }
                // Who reuses a key for another message is refused; which of the two came first is not theirs to say.
                require(
                        history.submissions().stream()
                                .anyMatch(any -> any.messageId().equals(accepted.getMessageId())
                                        && any.content().equals(accepted.getContent())),
                        "accepted-once",
                        accepted.getMessageId() + " was accepted with a content that nobody sent");
                ended(submission);
            }
            case MessageRejected rejected -> decisions.merge(rejected.getMessageId(), 1, Integer::sum);
            case MessageCompleted completed -> completed(event, completed);
            case ConversationDeleted deleted ->
                require(false, "deleted", event.event().getConversationId() + " was deleted, which nobody asked for");
            default -> {}
        }
    }

    private void ended(Submission submission) {
        Optional<End> end = index.end(submission.turnId());
        end.ifPresent(ended -> {
            require(
                    submission.endings().contains(ended.ending()),
                    "ends-once",
                    submission.turnId() + " (" + submission.ask() + ") ended " + ended.ending() + code(submission)
                            + " where " + submission.endings() + " would be right");
            boolean said = ended.content().isEmpty()
                    || history.modelCalls().stream()
                            .anyMatch(call -> call.ask().equals(askOf(submission))
                                    && call.text().startsWith(ended.content()));
            require(said, "text", submission.turnId() + " ended with a text that no call began with");
        });
        if (!submission.codes().isEmpty()) {
            index.events(submission.conversation()).stream()
                    .filter(event -> submission.turnId().equals(event.event().getTurnId()))
                    .map(event -> event.event().getBody())
                    .filter(TurnFailed.class::isInstance)
                    .map(TurnFailed.class::cast)
                    .filter(failed -> !submission.codes().contains(failed.getCode()))
                    .forEach(failed -> require(
                            false,
                            "ends-once",
                            submission.turnId() + " failed with " + failed.getCode() + " where " + submission.codes()
                                    + " would be right"));
        }
    }

    private String code(Submission submission) {
        return index.events(submission.conversation()).stream()
                .filter(event -> submission.turnId().equals(event.event().getTurnId()))
                .map(event -> event.event().getBody())
                .filter(TurnFailed.class::isInstance)
                .map(TurnFailed.class::cast)
                .map(failed -> " (" + failed.getCode() + ", " + failed.getDetail() + ")")
                .findFirst()
                .orElse("");
    }

    /** Of messages with the same id, the one that was accepted says what was asked. */
    private String askOf(Submission submission) {
        for (Event event : index.events(submission.conversation())) {
            if (event.event().getBody() instanceof MessageAccepted accepted
                    && accepted.getMessageId().equals(submission.messageId())) {
                return history.submissions().stream()
                        .filter(any -> any.messageId().equals(submission.messageId())
                                && any.content().equals(accepted.getContent()))
                        .map(Submission::ask)
                        .findFirst()
                        .orElse(submission.ask());
            }
        }
        return submission.ask();
    }

    private void completed(Event event, MessageCompleted completed) {
        String turn = String.valueOf(event.event().getTurnId());
        String generation = completed.getGenerationId();
        String attemptId = completed.getAttempt().getAttemptId();
        Optional<Attempt> attempt = index.attempts(generation).stream()
                .filter(any -> any.id().equals(attemptId))
                .findFirst();
        require(
                attempt.isPresent()
                        && attempt.get().isGapFree()
                        && attempt.get().text().equals(completed.getContent()),
                "text",
                turn + " completed with another text than the chunks of its attempt " + attemptId);
        require(
                index.deciding(generation).equals(Optional.of(attemptId)),
                "text",
                turn + " completed with attempt " + attemptId + " where the log closes with "
                        + index.deciding(generation));
        Set<String> asks = new HashSet<>();
        history.submissions().stream()
                .filter(submission -> submission.turnId().equals(turn))
                .forEach(submission -> asks.add(submission.ask()));
        Optional<ModelCall> said = history.modelCalls().stream()
                .filter(call ->
                        asks.contains(call.ask()) && call.whole() && call.text().equals(completed.getContent()))
                .findFirst();
        require(said.isPresent(), "text", turn + " completed with a text that no call of the model said whole");
        if (said.isPresent() && completed.getUsage().getBasis() == UsageBasis.MEASURED) {
            require(
                    completed.getUsage().getOutputTokens() == said.get().tokens(),
                    "usage",
                    turn + " counts " + completed.getUsage().getOutputTokens() + " tokens where the model reported "
                            + said.get().tokens());
        }
    }

    private void taken(Submission submission, Map<String, Integer> decisions) {
        int times = decisions.getOrDefault(submission.messageId(), 0);
        require(times <= 1, "accepted-once", submission.messageId() + " was decided " + times + " times");
        if (submission.outcome() instanceof Outcome.Acknowledged) {
            require(times > 0, "accepted-once", submission.messageId() + " was acknowledged and is lost");
        }
    }

    private void chunks() {
        for (String conversation : Checker.conversations(history)) {
            for (Event event : index.events(conversation)) {
                if (event.event().getBody() instanceof TurnStarted started) {
                    for (Attempt attempt : index.attempts(started.getGenerationId())) {
                        require(
                                new HashSet<>(attempt.seqs()).size()
                                        == attempt.seqs().size(),
                                "chunks",
                                "attempt " + attempt.id() + " of " + started.getGenerationId() + " has a chunk twice: "
                                        + attempt.seqs());
                    }
                }
            }
        }
    }

    private void deadLetters() {
        List<DeadLetter> left = new ArrayList<>(history.log().deadLetters());
        for (Poison poison : history.poison()) {
            List<DeadLetter> its = left.stream()
                    .filter(letter -> letter.topic().equals(poison.topic())
                            && letter.value().equals(poison.value())
                            && letter.key().equals(poison.key()))
                    .toList();
            require(
                    its.size() == 1,
                    "dead-letters",
                    "poison on " + poison.topic() + " has " + its.size() + " dead letters with its bytes");
            left.removeAll(its);
        }
        left.forEach(letter ->
                require(false, "dead-letters", "a record of " + letter.topic() + " was set aside: " + letter.cause()));
    }
}
