package dev.parley.sinks.postgres;

import dev.parley.schemas.keys.ConversationKey;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation's row while a batch is folded into it.
 *
 * <p>Events of a conversation that never was created change a row that nobody writes.
 */
final class ConversationRow {

    /** What is said of a conversation once. */
    record Creation(String workspaceId, Map<String, String> metadata, Instant createdAt) {}

    /** The turn that runs. */
    record ActiveTurn(String turnId, String userMessageId, String assistantMessageId, Instant since) {}

    /**
     * What of it changes.
     *
     * @param tip the answer after which it goes on, empty at its beginning; null in rows of before there were branches
     */
    record Kept(
            @Nullable ExactText title,
            Instant updatedAt,
            int messageCount,
            long lastSequence,
            @Nullable ActiveTurn activeTurn,
            @Nullable String tip,
            boolean deleted) {}

    private final ConversationKey key;
    private final boolean stored;
    private final @Nullable Creation creation;
    private @Nullable ExactText title;
    private Instant updatedAt;
    private int messageCount;
    private long lastSequence;
    private @Nullable ActiveTurn activeTurn;
    private @Nullable String tip;
    private boolean deleted;
    private @Nullable Map<String, String> annotated;
    private boolean touched;

    private ConversationRow(ConversationKey key, boolean stored, @Nullable Creation creation, Kept kept) {
        this.key = key;
        this.stored = stored;
        this.creation = creation;
        this.title = kept.title();
        this.updatedAt = kept.updatedAt();
        this.messageCount = kept.messageCount();
        this.lastSequence = kept.lastSequence();
        this.activeTurn = kept.activeTurn();
        this.tip = kept.tip();
        this.deleted = kept.deleted();
    }

    /** As the table has it. */
    static ConversationRow stored(ConversationKey key, Kept kept) {
        return new ConversationRow(key, true, null, kept);
    }

    /** One of which neither the table nor the log has said anything yet. */
    static ConversationRow unknown(ConversationKey key) {
        return new ConversationRow(key, false, null, new Kept(null, Instant.EPOCH, 0, 0, null, null, false));
    }

    /** This one from its creation on; the same where it has been created. */
    ConversationRow created(@Nullable ExactText first, Creation how) {
        return stored || creation != null
                ? this
                : new ConversationRow(
                        key, false, how, new Kept(first, how.createdAt(), 0, lastSequence, null, null, false));
    }

    /** Takes note of an event, whatever it says. */
    void touch(long sequence, Instant time) {
        touched = true;
        lastSequence = sequence;
        updatedAt = time.isAfter(updatedAt) ? time : updatedAt;
    }

    void rename(ExactText to) {
        title = to;
    }

    void delete() {
        deleted = true;
    }

    /** Takes other metadata in place of those that there are; null: they stay. */
    void annotate(@Nullable Map<String, String> metadata) {
        if (metadata != null) {
            annotated = metadata;
        }
    }

    void countMessage() {
        messageCount++;
    }

    void begin(ActiveTurn turn) {
        activeTurn = turn;
    }

    /** What is said next comes after {@code messageId}; empty: at the beginning. */
    void goOnFrom(String messageId) {
        tip = messageId;
    }

    /** Ends the turn, if it is the one that runs. */
    void end(String turnId) {
        if (activeTurn != null && activeTurn.turnId().equals(turnId)) {
            activeTurn = null;
        }
    }

    /** Whether it goes into the table as a new row. */
    boolean isNew() {
        return creation != null;
    }

    /** Whether its row in the table is out of date. */
    boolean isChanged() {
        return stored && touched;
    }

    ConversationKey key() {
        return key;
    }

    /** Null where the table has it. */
    @Nullable
    Creation creation() {
        return creation;
    }

    /** Null where they are as the table has them. */
    @Nullable
    Map<String, String> metadata() {
        return annotated != null || creation == null ? annotated : creation.metadata();
    }

    @Nullable
    ExactText title() {
        return title;
    }

    Instant updatedAt() {
        return updatedAt;
    }

    int messageCount() {
        return messageCount;
    }

    long lastSequence() {
        return lastSequence;
    }

    @Nullable
    ActiveTurn activeTurn() {
        return activeTurn;
    }

    @Nullable
    String tip() {
        return tip;
    }

    boolean deleted() {
        return deleted;
    }
}
