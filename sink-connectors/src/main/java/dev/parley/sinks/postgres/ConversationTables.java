package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.Usage;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.Columns.Value;
import dev.parley.sinks.postgres.ConversationRow.ActiveTurn;
import dev.parley.sinks.postgres.ConversationRow.Creation;
import dev.parley.sinks.postgres.Ending.Answer;
import dev.parley.sinks.postgres.MessageRow.Birth;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The columns of the tables about conversations, and where a fold has their values. */
final class ConversationTables {

    private ConversationTables() {}

    static final Columns<ConversationKey> KEYS = Columns.<ConversationKey>none()
            .text("tenant", ConversationKey::tenant)
            .text("id", ConversationKey::conversation);

    static final Columns<LoggedEvent> EVENTS = ofConversation(LoggedEvent::conversation)
            .int8("sequence", logged -> logged.event().getSequence())
            .text("type", logged -> logged.event().getBody().getSchema().getName())
            .text("turn_id", logged -> logged.event().getTurnId())
            .timestamptz("time", logged -> logged.event().getTime())
            .bytea("data", LoggedEvent::bytes)
            .int4("log_partition", LoggedEvent::partition)
            .int8("log_position", LoggedEvent::position);

    static final Columns<ConversationRow> CHANGED_CONVERSATIONS = Columns.<ConversationRow>none()
            .text("tenant", row -> row.key().tenant())
            .text("id", row -> row.key().conversation())
            .exactText("title", ConversationRow::title)
            .timestamptz("updated_at", ConversationRow::updatedAt)
            .int4("message_count", ConversationRow::messageCount)
            .int8("last_sequence", ConversationRow::lastSequence)
            .text("active_turn_id", from(ConversationRow::activeTurn, ActiveTurn::turnId))
            .text("active_user_message_id", from(ConversationRow::activeTurn, ActiveTurn::userMessageId))
            .text("active_assistant_message_id", from(ConversationRow::activeTurn, ActiveTurn::assistantMessageId))
            .timestamptz("active_since", from(ConversationRow::activeTurn, ActiveTurn::since))
            .text("tip_id", ConversationRow::tip)
            .bool("deleted", ConversationRow::deleted)
            .jsonb("metadata", from(ConversationRow::metadata, JsonColumns::ofMetadata));

    static final Columns<ConversationRow> NEW_CONVERSATIONS = CHANGED_CONVERSATIONS
            .text("workspace_id", from(ConversationRow::creation, Creation::workspaceId))
            .timestamptz("created_at", from(ConversationRow::creation, Creation::createdAt));

    static final Columns<MessageRow> MOVED_MESSAGES = ofConversation(MessageRow::conversation)
            .text("id", MessageRow::id)
            .text("status", row -> row.status().name())
            .text("after_id", MessageRow::after);

    private static final Columns<MessageRow> MESSAGES = MOVED_MESSAGES
            .exactText("content", MessageRow::content)
            .exactText("reasoning", from(from(MessageRow::ending, Ending::answer), Answer::reasoning))
            .timestamptz("completed_at", from(MessageRow::ending, Ending::time))
            .text("finish_reason", from(from(MessageRow::ending, Ending::answer), Answer::finishReason))
            .text("engine", from(MessageRow::ending, Ending.ofAttempt(Attempt::getEngine)))
            .text("model", from(MessageRow::ending, Ending.ofAttempt(Attempt::getModel)))
            .int4("input_tokens", from(MessageRow::ending, Ending.ofUsage(Usage::getInputTokens)))
            .int4("output_tokens", from(MessageRow::ending, Ending.ofUsage(Usage::getOutputTokens)))
            .text("usage_basis", from(MessageRow::ending, Ending.ofUsage(Ending::basis)))
            .int8("cost_micros", from(MessageRow::ending, Ending.ofUsage(Usage::getCostMicros)))
            .text("error_code", from(MessageRow::ending, Ending::errorCode))
            .text("error_detail", from(MessageRow::ending, Ending::errorDetail))
            .jsonb("upstream", from(MessageRow::ending, Ending::upstream))
            .jsonb("tool_calls", row -> JsonColumns.ofToolCalls(row.toolCalls()));

    /** Without sources where the ending says nothing of them: those in the table stay. */
    static final Columns<MessageRow> ENDED_MESSAGES = MESSAGES.jsonb("sources", row -> sources(row.ending()));

    static final Columns<MessageRow> NEW_MESSAGES = MESSAGES.jsonb(
                    "sources", row -> JsonColumns.ofSources(row.sources()))
            .text("turn_id", from(MessageRow::birth, Birth::turnId))
            .int8("position", from(MessageRow::birth, Birth::position))
            .text("role", from(MessageRow::birth, birth -> birth.role().name().toLowerCase(Locale.ROOT)))
            .text("fingerprint", from(MessageRow::birth, Birth::fingerprint))
            .timestamptz("created_at", from(MessageRow::birth, Birth::createdAt))
            .jsonb(
                    "context",
                    from(
                            MessageRow::birth,
                            birth -> JsonColumns.ofContext(birth.came().context())))
            .jsonb(
                    "attachments",
                    from(
                            MessageRow::birth,
                            birth -> JsonColumns.ofAttachments(birth.came().attachments())));

    static final Columns<Ending> GENERATIONS = ofConversation(
                    (Ending ending) -> ending.logged().conversation())
            .text("id", Ending::generationId)
            .text("turn_id", ending -> ending.logged().turnId())
            .text("message_id", Ending::messageId)
            .text("outcome", Ending::outcome)
            .int4("attempt", Ending.ofAttempt(Attempt::getAttempt))
            .text("attempt_id", Ending.ofAttempt(Attempt::getAttemptId))
            .text("engine", Ending.ofAttempt(Attempt::getEngine))
            .text("model", Ending.ofAttempt(Attempt::getModel))
            .text("worker_id", Ending.ofAttempt(Attempt::getWorkerId))
            .text("finish_reason", ending -> ending.answer().finishReason())
            .text("error_code", Ending::errorCode)
            .int4("input_tokens", Ending.ofUsage(Usage::getInputTokens))
            .int4("output_tokens", Ending.ofUsage(Usage::getOutputTokens))
            .text("usage_basis", Ending.ofUsage(Ending::basis))
            .float8("queued_millis", ending -> ending.timings().getQueuedMillis())
            .float8("claim_millis", ending -> ending.timings().getClaimMillis())
            .float8("first_token_millis", ending -> ending.timings().getFirstTokenMillis())
            .float8("generation_millis", ending -> ending.timings().getGenerationMillis())
            .timestamptz("ended_at", Ending::time)
            .int8("cost_micros", Ending.ofUsage(Usage::getCostMicros))
            .text("endpoint", Ending.ofAttempt(Ending::endpoint))
            .text("configuration", ending -> ending.logged().event().getConfiguration())
            .jsonb("upstream", Ending::upstream);

    static final Columns<Rating> FEEDBACK = ofConversation(
                    (Rating rating) -> rating.logged().conversation())
            .text("message_id", rating -> rating.feedback().getMessageId())
            .text("rating", rating -> rating.feedback().getRating())
            .exactText(
                    "comment", rating -> ExactText.ofNullable(rating.feedback().getComment()))
            .timestamptz("time", rating -> rating.logged().event().getTime());

    private static <R> Columns<R> ofConversation(Function<R, ConversationKey> key) {
        return Columns.<R>none()
                .text("tenant", row -> key.apply(row).tenant())
                .text("conversation_id", row -> key.apply(row).conversation());
    }

    private static @Nullable String sources(@Nullable Ending ending) {
        return ending == null || ending.answer().sources() == null
                ? null
                : JsonColumns.ofSources(ending.answer().sources());
    }

    /** What a part of a row says; null where the row has no such part. */
    private static <R, P, T> Value<R, T> from(Value<R, P> part, Value<P, T> value) {
        return row -> {
            P found = part.of(row);
            return found == null ? null : value.of(found);
        };
    }
}
