package dev.parley.sinks.postgres;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one event changes in the tables, as the parameters of one statement each. A pure function of the event: the fold's
 * state lives in the tables, and every statement says which rows it moves on.
 */
final class Rows {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Rows() {}

    /** A statement with its parameters. Statements of one kind are sent together. */
    @SuppressWarnings("ArrayRecordComponent") // On their way to a statement, compared by nobody.
    record Change(Sql sql, @Nullable Object... parameters) {}

    /** The statements. Each begins with tenant and conversation. */
    enum Sql {
        CREATE_CONVERSATION("""
                insert into conversations (tenant, id, title, title_exact, workspace_id, metadata, created_at, updated_at, last_sequence)
                values (?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?)
                on conflict (tenant, id) do nothing
                """),
        TOUCH_CONVERSATION("""
                update conversations set updated_at = greatest(updated_at, ?), last_sequence = greatest(last_sequence, ?)
                where tenant = ? and id = ?
                """),
        RENAME_CONVERSATION("update conversations set title = ?, title_exact = ? where tenant = ? and id = ?"),
        DELETE_CONVERSATION("update conversations set deleted = true where tenant = ? and id = ?"),
        COUNT_MESSAGE("update conversations set message_count = message_count + 1 where tenant = ? and id = ?"),
        BEGIN_TURN("""
                update conversations set active_turn_id = ?, active_user_message_id = ?, active_assistant_message_id = ?, active_since = ?
                where tenant = ? and id = ?
                """),
        END_TURN("""
                update conversations set active_turn_id = null, active_user_message_id = null, active_assistant_message_id = null,
                  active_since = null
                where tenant = ? and id = ? and active_turn_id = ?
                """),
        INSERT_MESSAGE("""
                insert into messages (tenant, conversation_id, id, turn_id, position, role, status, content, content_exact, fingerprint,
                  created_at, context)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
                on conflict (tenant, conversation_id, id) do nothing
                """),
        SET_STATUS("update messages set status = ? where tenant = ? and conversation_id = ? and id = ?"),
        FINISH_MESSAGE("""
                update messages set status = ?, content = ?, content_exact = ?, reasoning = ?, reasoning_exact = ?, completed_at = ?,
                  finish_reason = ?, engine = ?, model = ?, input_tokens = ?, output_tokens = ?, usage_basis = ?, cost_micros = ?,
                  sources = coalesce(?::jsonb, sources), tool_calls = ?::jsonb, error_code = ?,
                  error_detail = ?
                where tenant = ? and conversation_id = ? and id = ?
                """),
        INSERT_GENERATION("""
                insert into generations (tenant, conversation_id, id, turn_id, message_id, outcome, attempt, attempt_id, engine, model,
                  worker_id, finish_reason, error_code, input_tokens, output_tokens, usage_basis, queued_millis, claim_millis,
                  first_token_millis, generation_millis, ended_at, cost_micros, endpoint, configuration)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (tenant, conversation_id, id) do nothing
                """),
        RATE_MESSAGE("""
                insert into feedback (tenant, conversation_id, message_id, rating, comment, comment_exact, time)
                values (?, ?, ?, ?, ?, ?, ?)
                on conflict (tenant, conversation_id, message_id) do update
                set rating = excluded.rating, comment = excluded.comment, comment_exact = excluded.comment_exact, time = excluded.time
                """);

        private final String text;

        Sql(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /** The changes that {@code event} makes, in the order in which they must take effect. */
    static List<Change> of(ConversationEvent event) {
        Builder changes = new Builder(event);
        switch (event.getBody()) {
            case ConversationCreated created -> changes.created(created);
            case ConversationRenamed renamed -> {
                ExactText title = ExactText.of(renamed.getTitle());
                changes.add(Sql.RENAME_CONVERSATION, title.readable(), title.exact(), changes.tenant, changes.id);
            }
            case ConversationDeleted deleted -> changes.add(Sql.DELETE_CONVERSATION, changes.tenant, changes.id);
            case MessageAccepted accepted -> changes.accepted(accepted);
            case TurnStarted started -> changes.started(started);
            case MessageCompleted completed -> changes.completed(completed);
            case TurnFailed failed -> changes.failed(failed);
            case TurnCancelled cancelled -> changes.cancelled(cancelled);
            case FeedbackRecorded feedback -> changes.rated(feedback);
            default -> {} // Kept in the table of events alone.
        }
        changes.add(Sql.TOUCH_CONVERSATION, changes.time(), event.getSequence(), changes.tenant, changes.id);
        return changes.list;
    }

    /** What a turn's end says of its generation. */
    private record Ending(
            Status status,
            String generationId,
            String messageId,
            @Nullable Attempt attempt,
            String content,
            @Nullable String reasoning,
            @Nullable String finishReason,
            @Nullable String errorCode,
            @Nullable String errorDetail,
            @Nullable Usage usage,
            @Nullable List<Source> sources,
            List<ToolCall> toolCalls,
            Timings timings) {}

    private static final class Builder {
        private final ConversationEvent event;
        private final String tenant;
        private final String id;
        private final String turnId;
        private final List<Change> list = new java.util.ArrayList<>();

        Builder(ConversationEvent event) {
            this.event = event;
            this.tenant = event.getTenantId();
            this.id = event.getConversationId();
            this.turnId = event.getTurnId() == null ? "" : event.getTurnId();
        }

        void add(Sql sql, @Nullable Object... parameters) {
            list.add(new Change(sql, parameters));
        }

        Timestamp time() {
            return time(event.getTime());
        }

        private static Timestamp time(Instant instant) {
            return Timestamp.from(instant);
        }

        void created(ConversationCreated created) {
            String title = created.getTitle();
            ExactText exact = title == null ? null : ExactText.of(title);
            add(
                    Sql.CREATE_CONVERSATION,
                    tenant,
                    id,
                    exact == null ? null : exact.readable(),
                    exact == null ? null : exact.exact(),
                    created.getWorkspaceId(),
                    json(created.getMetadata()),
                    time(),
                    time(),
                    event.getSequence());
        }

        void accepted(MessageAccepted accepted) {
            CallerPrompt prompt = accepted.getPrompt();
            message(
                    accepted.getMessageId(),
                    accepted.getRole(),
                    Status.QUEUED,
                    accepted.getContent(),
                    accepted.getFingerprint(),
                    prompt == null ? List.of() : prompt.getContext());
        }

        void started(TurnStarted started) {
            add(Sql.SET_STATUS, Status.ACCEPTED.name(), tenant, id, started.getUserMessageId());
            if (started.getSupersedes() != null) {
                add(Sql.SET_STATUS, Status.SUPERSEDED.name(), tenant, id, started.getSupersedes());
            }
            message(started.getAssistantMessageId(), Role.ASSISTANT, Status.GENERATING, "", null, List.of());
            add(
                    Sql.BEGIN_TURN,
                    turnId,
                    started.getUserMessageId(),
                    started.getAssistantMessageId(),
                    time(),
                    tenant,
                    id);
        }

        private void message(
                String messageId,
                Role role,
                Status status,
                String content,
                @Nullable String fingerprint,
                List<PromptMessage> context) {
            ExactText text = ExactText.of(content);
            add(
                    Sql.INSERT_MESSAGE,
                    tenant,
                    id,
                    messageId,
                    turnId,
                    event.getSequence(),
                    role.name().toLowerCase(Locale.ROOT),
                    status.name(),
                    text.readable(),
                    text.exact(),
                    fingerprint,
                    time(),
                    jsonOfMessages(context));
            add(Sql.COUNT_MESSAGE, tenant, id);
        }

        void completed(MessageCompleted completed) {
            end(new Ending(
                    Status.COMPLETED,
                    completed.getGenerationId(),
                    completed.getMessageId(),
                    completed.getAttempt(),
                    completed.getContent(),
                    completed.getReasoning(),
                    completed.getFinishReason(),
                    null,
                    null,
                    completed.getUsage(),
                    completed.getSources(),
                    completed.getToolCalls(),
                    completed.getTimings()));
        }

        void failed(TurnFailed failed) {
            end(new Ending(
                    Status.FAILED,
                    failed.getGenerationId(),
                    failed.getMessageId(),
                    failed.getAttempt(),
                    failed.getContent(),
                    null,
                    null,
                    failed.getCode(),
                    failed.getDetail(),
                    failed.getUsage(),
                    null,
                    List.of(),
                    failed.getTimings()));
        }

        void cancelled(TurnCancelled cancelled) {
            Status status = cancelled.getForgotten() ? Status.FORGOTTEN : Status.CANCELLED;
            String generationId = cancelled.getGenerationId();
            if (cancelled.getForgotten() || generationId == null) {
                add(Sql.SET_STATUS, status.name(), tenant, id, cancelled.getUserMessageId());
            }
            if (generationId != null) {
                end(new Ending(
                        status,
                        generationId,
                        cancelled.getMessageId(),
                        cancelled.getAttempt(),
                        cancelled.getContent(),
                        null,
                        null,
                        null,
                        null,
                        cancelled.getUsage(),
                        null,
                        List.of(),
                        cancelled.getTimings()));
            }
        }

        private void end(Ending ending) {
            ExactText content = ExactText.of(ending.content());
            ExactText reasoning = ending.reasoning() == null ? null : ExactText.of(ending.reasoning());
            Attempt attempt = ending.attempt();
            Usage usage = ending.usage();
            String basis = usage == null ? null : usage.getBasis().name().toLowerCase(Locale.ROOT);
            String detail = ending.errorDetail() == null ? null : ExactText.readable(ending.errorDetail());
            add(
                    Sql.FINISH_MESSAGE,
                    ending.status().name(),
                    content.readable(),
                    content.exact(),
                    reasoning == null ? null : reasoning.readable(),
                    reasoning == null ? null : reasoning.exact(),
                    time(),
                    ending.finishReason(),
                    attempt == null ? null : attempt.getEngine(),
                    attempt == null ? null : attempt.getModel(),
                    usage == null ? null : usage.getInputTokens(),
                    usage == null ? null : usage.getOutputTokens(),
                    basis,
                    usage == null ? null : usage.getCostMicros(),
                    ending.sources() == null ? null : jsonOfSources(ending.sources()),
                    jsonOfCalls(ending.toolCalls()).toString(),
                    ending.errorCode(),
                    detail,
                    tenant,
                    id,
                    ending.messageId());
            add(
                    Sql.INSERT_GENERATION,
                    tenant,
                    id,
                    ending.generationId(),
                    turnId,
                    ending.messageId(),
                    ending.status().name().toLowerCase(Locale.ROOT),
                    attempt == null ? null : attempt.getAttempt(),
                    attempt == null ? null : attempt.getAttemptId(),
                    attempt == null ? null : attempt.getEngine(),
                    attempt == null ? null : attempt.getModel(),
                    attempt == null ? null : attempt.getWorkerId(),
                    ending.finishReason(),
                    ending.errorCode(),
                    usage == null ? null : usage.getInputTokens(),
                    usage == null ? null : usage.getOutputTokens(),
                    basis,
                    ending.timings().getQueuedMillis(),
                    ending.timings().getClaimMillis(),
                    ending.timings().getFirstTokenMillis(),
                    ending.timings().getGenerationMillis(),
                    time(),
                    usage == null ? null : usage.getCostMicros(),
                    attempt == null || attempt.getEndpoint().isEmpty() ? null : attempt.getEndpoint(),
                    event.getConfiguration());
            add(Sql.END_TURN, tenant, id, turnId);
        }

        void rated(FeedbackRecorded feedback) {
            ExactText comment = feedback.getComment() == null ? null : ExactText.of(feedback.getComment());
            add(
                    Sql.RATE_MESSAGE,
                    tenant,
                    id,
                    feedback.getMessageId(),
                    feedback.getRating(),
                    comment == null ? null : comment.readable(),
                    comment == null ? null : comment.exact(),
                    time());
        }
    }

    private static String json(Map<String, String> map) {
        ObjectNode json = MAPPER.createObjectNode();
        map.forEach((key, value) -> json.put(ExactText.readable(key), ExactText.readable(value)));
        return json.toString();
    }

    private static String jsonOfSources(List<Source> sources) {
        ArrayNode json = MAPPER.createArrayNode();
        for (Source source : sources) {
            ObjectNode entry = json.addObject();
            entry.put("sourceId", ExactText.readable(source.getSourceId()));
            entry.put("title", ExactText.readable(source.getTitle()));
            if (source.getUri() != null) {
                entry.put("uri", ExactText.readable(source.getUri()));
            }
            entry.put("score", source.getScore());
        }
        return json.toString();
    }

    private static String jsonOfMessages(List<PromptMessage> messages) {
        ArrayNode json = MAPPER.createArrayNode();
        for (PromptMessage message : messages) {
            ObjectNode entry = json.addObject()
                    .put("role", message.getRole().name().toLowerCase(Locale.ROOT))
                    .put("content", ExactText.readable(message.getContent()));
            if (!message.getToolCalls().isEmpty()) {
                entry.set("toolCalls", jsonOfCalls(message.getToolCalls()));
            }
            if (message.getToolCallId() != null) {
                entry.put("toolCallId", ExactText.readable(message.getToolCallId()));
            }
        }
        return json.toString();
    }

    private static ArrayNode jsonOfCalls(List<ToolCall> calls) {
        ArrayNode json = MAPPER.createArrayNode();
        for (ToolCall call : calls) {
            json.addObject()
                    .put("id", ExactText.readable(call.getId()))
                    .put("name", ExactText.readable(call.getName()))
                    .put("arguments", ExactText.readable(call.getArguments()));
        }
        return json;
    }
}
