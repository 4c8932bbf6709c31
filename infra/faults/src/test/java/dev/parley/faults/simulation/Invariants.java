package dev.parley.faults.simulation;

import static dev.parley.faults.simulation.Violation.unless;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.work.WorkKind;
import dev.parley.topologies.conversation.Rules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * What must be true of Parley, whatever goes wrong: told from what was asked, from what models were made to say, and from the
 * logs, without a line of the code under test.
 */
final class Invariants {

    /** So much of what a model says of a turn's way is read. */
    private static final int MAX_CLASSIFICATION_CHARS = 2_000;

    private final Rules rules;
    private final Branches branches = new Branches();
    private final Map<String, Story> stories = new LinkedHashMap<>();

    /** Of every attempt, what its model was made to say; by attempt. */
    private final Map<String, Answer> answers = new HashMap<>();

    private final Map<String, Generation> generations = new HashMap<>();
    private final Set<String> counted = new HashSet<>();

    /** One conversation, as its log tells. */
    private static final class Story {
        private long sequence;
        private boolean deleted;
        private @Nullable String running;
        private boolean cancelWanted;
        private @Nullable String lastCause;
        private final Set<String> pastCauses = new HashSet<>();
        private final Set<String> effects = new HashSet<>();
        private final Map<String, Turn> turns = new LinkedHashMap<>();
        private final Map<String, Shown> answers = new HashMap<>();
        private final Set<String> rejected = new HashSet<>();
        /** What has been submitted, by the id of the message that it makes; and the turns that were to regenerate. */
        private final Map<String, String> asked = new LinkedHashMap<>();
    }

    private static final class Turn {
        private boolean accepted;
        private boolean started;
        private @Nullable String ending;
        private boolean toStop;
        private boolean toForget;
    }

    /** One generation, as the chunks' log tells. */
    private static final class Generation {
        private final List<Answer> attempts = new ArrayList<>();
        private final Map<String, Integer> written = new HashMap<>();
        /** The attempt that finished while it was the last to have started. */
        private final Set<String> finished = new HashSet<>();

        private boolean closed;
    }

    Invariants(Rules rules) {
        this.rules = rules;
    }

    void willSay(Answer answer) {
        answers.put(answer.attemptId(), answer);
    }

    void appended(SpecificRecord record, String key) {
        switch (record) {
            case Command command -> asked(command, story(key));
            case ConversationEvent event -> {
                branches.logged(event);
                logged(event, story(key));
            }
            case GenerationChunk chunk -> said(chunk);
            case Control control -> ordered(control, story(key));
            case TurnRequest turn -> {
                branches.requested(turn);
                classified(turn);
            }
            case GenerationRequest order -> tried(order);
            default -> {} // Reports are nobody's business but those who exchange them.
        }
    }

    private Story story(String key) {
        return stories.computeIfAbsent(key, any -> new Story());
    }

    private static void asked(Command command, Story story) {
        switch (command.getBody()) {
            case SubmitMessage submit -> {
                story.asked.put(submit.getMessageId(), submit.getTurnId());
                story.cancelWanted |= submit.getOnBusy() == OnBusy.INTERRUPT || submit.getOnBusy() == OnBusy.ROLLBACK;
            }
            case RegenerateMessage regenerate -> {
                story.asked.put(regenerate.getAssistantMessageId(), regenerate.getTurnId());
                story.cancelWanted |=
                        regenerate.getOnBusy() == OnBusy.INTERRUPT || regenerate.getOnBusy() == OnBusy.ROLLBACK;
            }
            case CancelTurn cancel -> story.cancelWanted = true;
            case DeleteConversation delete -> story.cancelWanted = true;
            default -> {} // Nothing that has to end.
        }
    }

    private void said(GenerationChunk chunk) {
        Generation generation = generations.computeIfAbsent(chunk.getGenerationId(), id -> new Generation());
        String attemptId = chunk.getAttemptId();
        switch (chunk.getBody()) {
            case AttemptStarted started -> generation.attempts.add(answer(attemptId));
            case TextDelta delta -> generation.written.merge(attemptId, 1, Integer::sum);
            case ReasoningDelta delta -> generation.written.merge(attemptId, 1, Integer::sum);
            case ToolArgumentsDelta delta -> generation.written.merge(attemptId, 1, Integer::sum);
            case ToolCalled called -> generation.written.merge(attemptId, 1, Integer::sum);
            case AttemptFinished finished -> {
                if (generation.attempts.getLast().attemptId().equals(attemptId)) {
                    generation.finished.add(attemptId);
                    generation.closed = true;
                }
            }
            case AttemptCancelled cancelled -> generation.closed = true;
            case AttemptFailed failed -> generation.closed |= !failed.getRetryable();
            default -> {} // A sign of life.
        }
    }

    /** Who is said to have named a turn's way has said so, as the last attempt that started. */
    private void classified(TurnRequest turn) {
        Classification said = turn.getClassification();
        if (said == null || said.getIntent().isEmpty()) {
            return;
        }
        Generation generation = generation(turn.getGenerationId() + "/classify");
        unless(
                generation.attempts.stream()
                        .filter(answer -> generation.finished.contains(answer.attemptId()))
                        .map(Answer::text)
                        .anyMatch(text -> text.equals(said.getIntent())
                                || (said.getIntent().length() == MAX_CLASSIFICATION_CHARS
                                        && text.startsWith(said.getIntent()))),
                "%s goes the way '%s', which nobody named",
                turn.getTurnId(),
                said.getIntent());
    }

    private void tried(GenerationRequest order) {
        WorkKind kind = rules.work().find(order.getKind()).orElseThrow();
        unless(
                order.getAttempt() >= 1 && order.getAttempt() <= kind.attempts(),
                "%s is tried for the %d. time",
                order.getGenerationId(),
                order.getAttempt());
    }

    private static void ordered(Control control, Story story) {
        if (control.getBody() instanceof CancelGeneration cancel) {
            String turnId = control.getGenerationId()
                    .substring(0, control.getGenerationId().lastIndexOf('.'));
            Turn turn = story.turns.get(turnId);
            if (turn != null && turn.ending == null) {
                turn.toStop |= Set.of("requested", "interrupted", "rolled_back", "deleted")
                        .contains(cancel.getReason());
                turn.toForget |= cancel.getReason().equals("rolled_back");
            }
        }
    }

    private void logged(ConversationEvent event, Story story) {
        unless(
                event.getSequence() == story.sequence + 1,
                "event %d of %s follows event %d",
                event.getSequence(),
                event.getConversationId(),
                story.sequence);
        story.sequence = event.getSequence();
        onlyOnce(event, story);
        String turnId = event.getTurnId();
        switch (event.getBody()) {
            case MessageAccepted accepted -> {
                Turn turn = turn(story, turnId);
                unless(!turn.accepted, "%s is accepted twice", turnId);
                unless(
                        story.asked.containsKey(accepted.getMessageId()),
                        "nobody asked for %s",
                        accepted.getMessageId());
                unless(!story.rejected.contains(accepted.getMessageId()), "%s was rejected", turnId);
                unless(!story.deleted, "%s is accepted after the end", turnId);
                turn.accepted = true;
            }
            case MessageRejected rejected -> {
                unless(
                        story.asked.containsKey(rejected.getMessageId()),
                        "nobody asked for %s",
                        rejected.getMessageId());
                unless(story.rejected.add(rejected.getMessageId()), "%s is rejected twice", turnId);
                unless(!story.turns.containsKey(String.valueOf(turnId)), "%s was accepted", turnId);
            }
            case TurnStarted started -> {
                Turn turn = turn(story, turnId);
                unless(story.running == null, "%s starts while %s runs", turnId, story.running);
                unless(!turn.started && turn.ending == null, "%s starts twice, or after its end", turnId);
                turn.started = true;
                story.running = turnId;
            }
            case MessageCompleted completed -> completed(completed, turnId, story);
            case TurnFailed failed -> {
                Turn turn = end(story, turnId, "failed");
                unless(turn.started, "%s fails before it starts", turnId);
                unless(!turn.toStop, "%s was told to stop, and fails", turnId);
                cutShort(failed.getAttempt(), failed.getGenerationId(), failed.getContent(), failed.getUsage());
            }
            case TurnCancelled cancelled -> {
                Turn turn = end(story, turnId, "cancelled");
                unless(story.cancelWanted, "%s is cancelled, and nobody asked for it", turnId);
                unless(turn.started == (cancelled.getGenerationId() != null), "%s: started?", turnId);
                unless(!turn.toForget || cancelled.getForgotten(), "%s is not forgotten", turnId);
                cutShort(
                        cancelled.getAttempt(),
                        String.valueOf(cancelled.getGenerationId()),
                        cancelled.getContent(),
                        cancelled.getUsage());
            }
            case ConversationDeleted deleted -> story.deleted = true;
            default -> {} // Its sequence is all there is to it.
        }
        fold(event, story.answers);
        long waiting = story.turns.values().stream()
                .filter(turn -> turn.accepted && !turn.started && turn.ending == null)
                .count();
        // The transaction that lets one in may begin or end another with its next event.
        unless(waiting <= rules.maxQueuedTurns() + 1L, "%d turns wait", waiting);
    }

    /** What one command or report leads to is told in one go, and each effect once. */
    private static void onlyOnce(ConversationEvent event, Story story) {
        String cause = event.getCauseId();
        if (!cause.equals(story.lastCause)) {
            unless(story.pastCauses.add(cause), "%s has effects twice", cause);
            story.lastCause = cause;
        }
        String effect = cause + " " + event.getBody().getClass().getSimpleName() + " " + event.getTurnId();
        unless(story.effects.add(effect), "twice the effect %s", effect);
    }

    private static Turn turn(Story story, @Nullable String turnId) {
        return story.turns.computeIfAbsent(String.valueOf(turnId), id -> new Turn());
    }

    private static Turn end(Story story, @Nullable String turnId, String how) {
        Turn turn = turn(story, turnId);
        unless(turn.ending == null, "%s ends as %s, and was %s", turnId, how, turn.ending);
        turn.ending = how;
        if (turn.started) {
            unless(String.valueOf(turnId).equals(story.running), "%s ends while %s runs", turnId, story.running);
            story.running = null;
        }
        return turn;
    }

    private void completed(MessageCompleted completed, @Nullable String turnId, Story story) {
        Turn turn = end(story, turnId, "completed");
        unless(turn.started && !turn.toForget, "%s completes though it is to be forgotten, or never started", turnId);
        String attemptId = completed.getAttempt().getAttemptId();
        Answer answer = answer(attemptId);
        unless(
                answer.generationId().equals(completed.getGenerationId()),
                "%s completes with the answer %s of another generation",
                turnId,
                attemptId);
        unless(
                generation(completed.getGenerationId()).finished.contains(attemptId),
                "%s completes by %s, which did not finish as the current attempt",
                turnId,
                attemptId);
        unless(
                completed.getContent().equals(answer.text()),
                "%s completes with '%s', and %s said '%s'",
                turnId,
                completed.getContent(),
                attemptId,
                answer.text());
        String reasoning = completed.getReasoning() == null ? "" : completed.getReasoning();
        unless(reasoning.equals(answer.reasoning()), "%s reasons '%s'", turnId, reasoning);
        unless(completed.getToolCalls().equals(answer.calls()), "%s calls %s", turnId, completed.getToolCalls());
        count(attemptId, answer, completed.getUsage());
    }

    private void cutShort(@Nullable Attempt attempt, String generationId, String content, @Nullable Usage usage) {
        if (attempt == null) {
            unless(content.isEmpty(), "%s ends with '%s', and nobody said it", generationId, content);
            return;
        }
        Answer answer = answer(attempt.getAttemptId());
        unless(answer.generationId().equals(generationId), "%s ends by another's attempt", generationId);
        unless(
                answer.text().startsWith(content),
                "%s ends with '%s', and %s said '%s'",
                generationId,
                content,
                answer.attemptId(),
                answer.text());
        if (usage != null && usage.getBasis() == UsageBasis.MEASURED) {
            count(answer.attemptId(), answer, usage);
        }
    }

    private void count(String attemptId, Answer answer, Usage usage) {
        unless(usage.equals(answer.usage()), "%s cost %s, not %s", attemptId, answer.usage(), usage);
        unless(counted.add(attemptId), "the usage of %s is counted twice", attemptId);
    }

    /** What a client shows is how the attempt begins that its log names so. */
    void shows(ConversationKey conversation, String client, String turnId, Shown shown) {
        List<Answer> attempts = generation(turnId + ".1").attempts;
        unless(
                shown.attempt >= 1 && shown.attempt <= attempts.size(),
                "%s: attempt %d of %s in %s, of which there are %d",
                client,
                shown.attempt,
                turnId,
                conversation,
                attempts.size());
        Answer answer = attempts.get(shown.attempt - 1);
        unless(
                shown.nextSeq <= answer.pieces().size()
                        && answer.text(shown.nextSeq).contentEquals(shown.text),
                "%s: shows '%s' of %s after %d pieces, which is not how %s begins: '%s'",
                client,
                shown.text,
                turnId,
                shown.nextSeq,
                answer.attemptId(),
                answer.text());
    }

    /** What an event does to what is shown. */
    static void fold(ConversationEvent event, Map<String, Shown> answers) {
        switch (event.getBody()) {
            case TurnStarted started ->
                answers.put(started.getAssistantMessageId(), new Shown(started.getAssistantMessageId()));
            case MessageCompleted completed ->
                shown(answers, completed.getMessageId()).end("message.completed", completed.getContent());
            case TurnFailed failed -> shown(answers, failed.getMessageId()).end("turn.failed", failed.getContent());
            case TurnCancelled cancelled ->
                shown(answers, cancelled.getMessageId()).end("turn.cancelled", cancelled.getContent());
            default -> {} // No other event is about an answer.
        }
    }

    private static Shown shown(Map<String, Shown> answers, String messageId) {
        return answers.computeIfAbsent(messageId, Shown::new);
    }

    /** After every step. */
    void check() {
        for (Story story : stories.values()) {
            long waiting = story.turns.values().stream()
                    .filter(turn -> turn.accepted && !turn.started && turn.ending == null)
                    .count();
            unless(waiting <= rules.maxQueuedTurns(), "%d turns wait", waiting);
        }
    }

    boolean everythingEnded() {
        return stories.values().stream()
                .allMatch(story ->
                        story.running == null && story.turns.values().stream().allMatch(turn -> turn.ending != null));
    }

    String open() {
        StringBuilder open = new StringBuilder();
        stories.forEach((key, story) -> story.turns.forEach((id, turn) -> {
            if (turn.ending == null) {
                open.append(' ').append(id);
            }
        }));
        return "open:" + open;
    }

    /** Nothing moves any more: whatever was asked has come to exactly one end. */
    void atRest() {
        stories.forEach((key, story) -> story.asked.forEach((messageId, turnId) -> {
            Turn turn = story.turns.get(turnId);
            boolean rejected = story.rejected.contains(messageId);
            unless(rejected == (turn == null), "%s was neither accepted nor rejected, or both", messageId);
            unless(turn == null || turn.ending != null, "%s has not ended", turnId);
        }));
    }

    List<Answer> answers(String generationId) {
        return List.copyOf(generation(generationId).attempts);
    }

    /** The attempt of which chunks count. */
    @Nullable
    Answer current(String generationId) {
        List<Answer> attempts = generation(generationId).attempts;
        return attempts.isEmpty() ? null : attempts.getLast();
    }

    /** How many deltas of an attempt are in the log. */
    int written(String attemptId) {
        return generation(answer(attemptId).generationId()).written.getOrDefault(attemptId, 0);
    }

    boolean closed(String generationId) {
        return generation(generationId).closed;
    }

    long sequence(ConversationKey conversation) {
        return story(conversation.toString()).sequence;
    }

    Map<String, Shown> answersOf(ConversationKey conversation) {
        return story(conversation.toString()).answers;
    }

    private Generation generation(String generationId) {
        return generations.getOrDefault(generationId, new Generation());
    }

    private Answer answer(String attemptId) {
        Answer answer = answers.get(attemptId);
        if (answer == null) {
            throw new Violation("nobody made attempt " + attemptId);
        }
        return answer;
    }
}
