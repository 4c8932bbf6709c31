package dev.parley.ingest.files;

import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.Optional;

/**
 * What a sender calls a file.
 *
 * @param name not checked yet; empty where it has none
 * @param field by its path, or parameter, that it came in, for whoever reads a refusal
 */
public record Named(Optional<String> name, String field) {

    private static final int MAX_CHARS = 255;

    /** Of what has no name. */
    public static final Named NOT = new Named(Optional.empty(), "");

    /** As the field {@code field} says; what is blank there is no name. */
    public static Named in(JsonBody part, String field) {
        return new Named(part.textUnlessBlank(field), part.at(field));
    }

    /**
     * The name, which can be kept.
     *
     * @throws ProblemException where it cannot
     */
    Optional<String> checked() {
        name.filter(text -> !fits(text)).ifPresent(text -> {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must be 1 to " + MAX_CHARS + " characters, none of them a control character",
                    field);
        });
        return name;
    }

    private static boolean fits(String name) {
        return !name.isBlank()
                && name.codePointCount(0, name.length()) <= MAX_CHARS
                && name.codePoints().noneMatch(Character::isISOControl);
    }
}
