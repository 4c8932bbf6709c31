package dev.parley.sinks.postgres;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a batch makes of a message: all of it where the batch brings it, else what changes in its row. */
final class MessageRow {

    /** What the event that brought a message says of it. */
    record Birth(
            String turnId,
            long position,
            Role role,
            ExactText content,
            @Nullable String fingerprint,
            Instant createdAt,
            List<PromptMessage> context) {}

    private final ConversationKey conversation;
    private final String id;
    private final @Nullable Birth birth;
    private Status status;
    private @Nullable Ending ending;
    private @Nullable String after;

    /** {@code birth} is null for a message of an earlier batch. */
    MessageRow(ConversationKey conversation, String id, @Nullable Birth birth, Status status) {
        this.conversation = conversation;
        this.id = id;
        this.birth = birth;
        this.status = status;
    }

    void become(Status to) {
        status = to;
    }

    /** It follows {@code messageId}; empty: it is the first. */
    void follow(String messageId) {
        after = messageId;
    }

    void end(Ending with) {
        status = with.status();
        ending = with.after(ending);
    }

    ConversationKey conversation() {
        return conversation;
    }

    String id() {
        return id;
    }

    /** Null for a message of an earlier batch. */
    @Nullable
    Birth birth() {
        return birth;
    }

    /** Null where the batch does not say. */
    @Nullable
    String after() {
        return after;
    }

    Status status() {
        return status;
    }

    /** Null where the batch does not end it. */
    @Nullable
    Ending ending() {
        return ending;
    }

    /** Null where the batch neither brings nor ends it. */
    @Nullable
    ExactText content() {
        if (ending != null) {
            return ending.answer().content();
        }
        return birth == null ? null : birth.content();
    }

    List<Source> sources() {
        return ending == null || ending.answer().sources() == null
                ? List.of()
                : ending.answer().sources();
    }

    List<ToolCall> toolCalls() {
        return ending == null ? List.of() : ending.answer().toolCalls();
    }
}
