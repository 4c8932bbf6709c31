package dev.parley.schemas.keys;

/** Names one turn of a conversation. */
public record TurnId(String text) {

    /** The id of the turn's {@code number}-th generation, from 1. */
    public GenerationId generation(int number) {
        return new GenerationId(text + "." + number);
    }

    @Override
    public String toString() {
        return text;
    }
}
