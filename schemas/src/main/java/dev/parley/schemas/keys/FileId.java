package dev.parley.schemas.keys;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a file to those who call: by its content, and by where one copy of it was written, so that any node finds it without a
 * table. Its text is {@code file-HASH-OFFSET}. What it names is a tenant's, whom the id does not name: it opens nothing.
 *
 * @param offset of the first piece, in the partition of the topic of files that the content's key is in
 */
public record FileId(String hash, long offset) {

    private static final Pattern FORM = Pattern.compile("file-([0-9a-f]{64})-(0|[1-9][0-9]{0,17})");

    public FileId {
        if (!FileKey.isHash(hash) || offset < 0) {
            throw new IllegalArgumentException("not a file");
        }
    }

    /** The file with this id; empty where {@code text} is none. */
    public static Optional<FileId> of(String text) {
        Matcher matcher = FORM.matcher(text);
        return matcher.matches()
                ? Optional.of(new FileId(matcher.group(1), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    public String text() {
        return "file-" + hash + "-" + offset;
    }
}
