package dev.parley.faults;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.faults.History.ConversationRow;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.EventRow;
import dev.parley.faults.History.GenerationRow;
import dev.parley.faults.History.MessageRow;
import dev.parley.faults.History.MessageState;
import dev.parley.faults.History.Tables;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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
                case TurnEnd end -> end(turn, end);
                default -> {}
            }
        }

        private void add(String id, String turn, String role, String status, String content) {
            messages.put(id, new MessageRow(conversation, id, turn, last, role, new MessageState(status, content)));
            count++;
        }

        private void status(String id, String status) {
            messages.computeIfPresent(id, (same, row) -> row.in(row.state().with(status)));
        }

        private void end(String turn, TurnEnd end) {
            String status = switch (end) {
                case MessageCompleted completed -> "COMPLETED";
                case TurnFailed failed -> "FAILED";
                case TurnCancelled cancelled -> cancelled.getForgotten() ? "FORGOTTEN" : "CANCELLED";
            };
            String generation = end.getGenerationId();
            if (end instanceof TurnCancelled cancelled && (generation == null || cancelled.getForgotten())) {
                status(cancelled.getUserMessageId(), status);
            }
            if (generation == null) {
                return;
            }
            Optional<Usage> usage = Optional.ofNullable(end.getUsage());
            MessageState state = new MessageState(
                    status,
                    end.getContent(),
                    usage.map(Usage::getInputTokens),
                    usage.map(Usage::getOutputTokens),
                    end instanceof TurnFailed failed ? Optional.of(failed.getCode()) : Optional.empty());
            messages.computeIfPresent(end.getMessageId(), (same, row) -> row.in(state));
            generations.put(
                    generation,
                    new GenerationRow(
                            conversation,
                            generation,
                            turn,
                            end.getMessageId(),
                            status.toLowerCase(Locale.ROOT),
                            Optional.ofNullable(end.getAttempt()).map(Attempt::getAttemptId),
                            state.inputTokens(),
                            state.outputTokens()));
            if (active.equals(Optional.of(turn))) {
                active = Optional.empty();
            }
        }
    }
}
