package dev.parley.faults;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.faults.History.ConversationRow;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.EventRow;
import dev.parley.faults.History.GenerationRow;
import dev.parley.faults.History.MessageRow;
import dev.parley.faults.History.Tables;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Folds the log in a way of its own, and holds the tables against that. */
final class TableCheck {

    private final Collection<String> conversations;
    private final LogIndex index;
    private final Tables tables;
    private final List<Violation> violations;

    TableCheck(Collection<String> conversations, LogIndex index, Tables tables, List<Violation> violations) {
        this.conversations = conversations;
        this.index = index;
        this.tables = tables;
        this.violations = violations;
    }

    void check() {
        List<EventRow> events = new ArrayList<>();
        List<ConversationRow> heads = new ArrayList<>();
        List<MessageRow> messages = new ArrayList<>();
        List<GenerationRow> generations = new ArrayList<>();
        for (String conversation : conversations) {
            Fold fold = new Fold(conversation);
            for (Event event : index.events(conversation)) {
                events.add(new EventRow(
                        conversation, event.event().getSequence(), event.partition(), event.offset(), event.value()));
                fold.take(event);
            }
            fold.head().ifPresent(heads::add);
            messages.addAll(fold.messages.values());
            generations.addAll(fold.generations.values());
        }
        compare("events", events, tables.events(), row -> row.conversation() + "@" + row.sequence());
        compare("conversations", heads, tables.conversations(), ConversationRow::id);
        compare("messages", messages, tables.messages(), MessageRow::id);
        compare("generations", generations, tables.generations(), GenerationRow::id);
    }

    private <R> void compare(String table, List<R> expected, List<R> found, Function<R, String> key) {
        Map<String, R> left = new LinkedHashMap<>();
        for (R row : found) {
            if (left.put(key.apply(row), row) != null) {
                violations.add(new Violation("tables", table + " has " + key.apply(row) + " twice"));
            }
        }
        for (R row : expected) {
            R there = left.remove(key.apply(row));
            if (there == null) {
                violations.add(new Violation("tables", table + " misses " + key.apply(row)));
            } else if (!there.equals(row)) {
                violations.add(new Violation(
                        "tables", table + " has " + abridged(there) + " where the log says " + abridged(row)));
            }
        }
        left.keySet()
                .forEach(extra ->
                        violations.add(new Violation("tables", table + " has " + extra + ", which the log has not")));
    }

    private static String abridged(Object row) {
        String text = row.toString();
        return text.length() <= 300 ? text : text.substring(0, 300) + "…";
    }

    /** The rows of one conversation. */
    private static final class Fold {
        private final String conversation;
        private final Map<String, MessageRow> messages = new LinkedHashMap<>();
        private final Map<String, GenerationRow> generations = new LinkedHashMap<>();
        private Optional<String> title = Optional.empty();
        private Optional<String> active = Optional.empty();
        private boolean deleted;
        private int count;
        private long last;

        Fold(String conversation) {
            this.conversation = conversation;
        }

        Optional<ConversationRow> head() {
            return last == 0
                    ? Optional.empty()
                    : Optional.of(new ConversationRow(conversation, title, count, last, active, deleted));
        }

        void take(Event event) {
            last = event.event().getSequence();
            String turn = event.event().getTurnId() == null ? "" : event.event().getTurnId();
            switch (event.event().getBody()) {
                case ConversationCreated created -> title = Optional.ofNullable(created.getTitle());
                case ConversationRenamed renamed -> title = Optional.of(renamed.getTitle());
                case ConversationDeleted gone -> deleted = true;
                case MessageAccepted accepted ->
                    add(accepted.getMessageId(), turn, "user", "QUEUED", accepted.getContent());
                case TurnStarted started -> {
                    status(started.getUserMessageId(), "ACCEPTED");
                    add(started.getAssistantMessageId(), turn, "assistant", "GENERATING", "");
                    active = Optional.of(turn);
                }
                case MessageCompleted completed ->
                    end(
                            turn,
                            "COMPLETED",
                            completed.getMessageId(),
                            completed.getGenerationId(),
                            completed.getAttempt(),
                            completed.getContent(),
                            completed.getUsage(),
                            null);
                case TurnFailed failed ->
                    end(
                            turn,
                            "FAILED",
                            failed.getMessageId(),
                            failed.getGenerationId(),
                            failed.getAttempt(),
                            failed.getContent(),
                            failed.getUsage(),
                            failed.getCode());
                case TurnCancelled cancelled -> {
                    String status = cancelled.getForgotten() ? "FORGOTTEN" : "CANCELLED";
                    String generation = cancelled.getGenerationId();
                    if (generation == null || cancelled.getForgotten()) {
                        status(cancelled.getUserMessageId(), status);
                    }
                    if (generation != null) {
                        end(
                                turn,
                                status,
                                cancelled.getMessageId(),
                                generation,
                                cancelled.getAttempt(),
                                cancelled.getContent(),
                                cancelled.getUsage(),
                                null);
                    }
                }
                default -> {}
            }
        }

        private void add(String id, String turn, String role, String status, String content) {
            messages.put(
                    id,
                    new MessageRow(
                            conversation,
                            id,
                            turn,
                            last,
                            role,
                            status,
                            content,
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()));
            count++;
        }

        private void status(String id, String status) {
            messages.computeIfPresent(
                    id,
                    (same, row) -> new MessageRow(
                            conversation,
                            id,
                            row.turnId(),
                            row.position(),
                            row.role(),
                            status,
                            row.content(),
                            row.inputTokens(),
                            row.outputTokens(),
                            row.errorCode()));
        }

        private void end(
                String turn,
                String status,
                String message,
                String generation,
                @Nullable Attempt attempt,
                String content,
                @Nullable Usage usage,
                @Nullable String code) {
            Optional<Integer> input = Optional.ofNullable(usage).map(Usage::getInputTokens);
            Optional<Integer> output = Optional.ofNullable(usage).map(Usage::getOutputTokens);
            messages.computeIfPresent(
                    message,
                    (same, row) -> new MessageRow(
                            conversation,
                            message,
                            row.turnId(),
                            row.position(),
                            row.role(),
                            status,
                            content,
                            input,
                            output,
                            Optional.ofNullable(code)));
            generations.put(
                    generation,
                    new GenerationRow(
                            conversation,
                            generation,
                            turn,
                            message,
                            status.toLowerCase(Locale.ROOT),
                            Optional.ofNullable(attempt).map(Attempt::getAttemptId),
                            input,
                            output));
            if (active.equals(Optional.of(turn))) {
                active = Optional.empty();
            }
        }
    }
}
