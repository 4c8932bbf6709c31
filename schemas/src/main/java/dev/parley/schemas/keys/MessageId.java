package dev.parley.schemas.keys;

/** Names one message of a conversation: a user's, or the assistant's. */
public record MessageId(String text) {

    @Override
    public String toString() {
        return text;
    }
}
