package dev.parley.schemas.keys;

import java.util.regex.Pattern;

/**
 * Names one conversation of one tenant. Its text, {@code tenant/conversation}, is the record key of every topic about
 * conversations, so that a conversation is one partition everywhere.
 */
public record ConversationKey(String tenant, String conversation) {

    /** The tenant of callers who present no key, or a key that names none. */
    public static final String DEFAULT_TENANT = "default";

    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    public ConversationKey {
        if (!isTenant(tenant)) {
            throw new IllegalArgumentException("not a tenant id: '" + tenant + "'");
        }
        if (!isConversationId(conversation)) {
            throw new IllegalArgumentException("not a conversation id: '" + conversation + "'");
        }
    }

    /** Whether {@code text} may name a tenant: 1 to 64 of {@code A-Z a-z 0-9 . _ -}. */
    public static boolean isTenant(String text) {
        return TENANT.matcher(text).matches();
    }

    /** Whether {@code text} may name a conversation: {@link Ids#RULE}. */
    public static boolean isConversationId(String text) {
        return Ids.isId(text);
    }

    /** Whether the two may make up a key. */
    public static boolean isKey(String tenant, String conversation) {
        return isTenant(tenant) && isConversationId(conversation);
    }

    /** The workspace of its tenant's that has this id. */
    public WorkspaceKey workspace(String workspace) {
        return new WorkspaceKey(tenant, workspace);
    }

    /**
     * Reads a record key.
     *
     * @throws IllegalArgumentException where {@code key} is not {@code tenant/conversation}
     */
    public static ConversationKey parse(String key) {
        int slash = key.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a conversation key: '" + key + "'");
        }
        return new ConversationKey(key.substring(0, slash), key.substring(slash + 1));
    }

    /** The record key: {@code tenant/conversation}. */
    @Override
    public String toString() {
        return tenant + "/" + conversation;
    }
}
