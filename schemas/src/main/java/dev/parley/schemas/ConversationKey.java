package dev.parley.schemas;

import java.util.regex.Pattern;

/**
 * Names one conversation of one tenant. Its text, {@code tenant/conversation}, is the record key of every topic about
 * conversations, so that a conversation is one partition everywhere.
 */
public record ConversationKey(String tenant, String conversation) {

    /** The tenant of callers who present no key, or a key that names none. */
    public static final String DEFAULT_TENANT = "default";

    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern CONVERSATION = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

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

    /** Whether {@code text} may name a conversation: 1 to 128 of {@code A-Z a-z 0-9 . _ : -}. */
    public static boolean isConversationId(String text) {
        return CONVERSATION.matcher(text).matches();
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
