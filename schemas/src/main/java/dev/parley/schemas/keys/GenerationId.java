package dev.parley.schemas.keys;

/** Names one piece of work, over all its attempts. */
public record GenerationId(String text) {

    /** The work that asks a model which way the turn of this generation goes, before the generation itself. */
    public GenerationId classification() {
        return new GenerationId(text + "/classify");
    }

    /** Told from generations of the tenant's other conversations: {@code conversation/generation}. */
    public String within(String conversation) {
        return conversation + "/" + text;
    }

    @Override
    public String toString() {
        return text;
    }
}
