package dev.parley.schemas.files;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.EngineConfiguration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * What an engine takes beside text.
 *
 * @param kinds out of {@link Attachments#KINDS}
 * @param references whether it takes files that only its model server is to fetch; images by reference it takes where it takes
 *     images at all
 * @param setting that says what it takes, for whoever reads a refusal
 */
public record Accepts(Set<String> kinds, boolean references, String setting) {

    /** Nothing, for what has no setting either. */
    public static final Accepts NOTHING = new Accepts(Set.of(), false, "");

    /** By the word of whoever only repeats what it was told to say. */
    public static final Accepts EVERYTHING = new Accepts(Set.copyOf(Attachments.KINDS), true, "");

    public Accepts {
        kinds = Set.copyOf(kinds);
    }

    /** Of an engine of the configuration. */
    public static Accepts of(EngineConfiguration engine) {
        Set<String> kinds = Set.copyOf(engine.getAccepts());
        String setting = "engines." + engine.getName() + ".accepts";
        return switch (engine.getKind()) {
            case OPENAI -> ofOpenAi(kinds, setting);
            case ANTHROPIC -> new Accepts(kinds, true, setting);
            case SCRIPTED -> EVERYTHING;
            case EXTRACTIVE, UNKNOWN -> NOTHING;
        };
    }

    /** Chat completions have no word for a file that is somewhere else. */
    public static Accepts ofOpenAi(Collection<String> kinds, String setting) {
        return new Accepts(Set.copyOf(kinds), false, setting);
    }

    /** Why {@code engine}, by this name, does not take one of {@code attachments}; empty where it takes all. */
    public Optional<String> refusal(String engine, Collection<Attachment> attachments) {
        return attachments.stream()
                .flatMap(attachment -> refusal(engine, attachment).stream())
                .findFirst();
    }

    private Optional<String> refusal(String engine, Attachment attachment) {
        String kind = Attachments.kind(attachment);
        if (!kinds.contains(kind)) {
            return Optional.of("engine '" + engine + "' takes no " + kind + ", and the messages have one of type "
                    + attachment.getMediaType() + (setting.isEmpty() ? "" : ": " + setting + " says what it takes"));
        }
        if (attachment.getUri() != null && !references && !Attachments.isImage(attachment)) {
            return Optional.of(
                    "engine '" + engine + "' takes files with their content alone, and the messages have a reference"
                            + " to one of type " + attachment.getMediaType());
        }
        return Optional.empty();
    }
}
