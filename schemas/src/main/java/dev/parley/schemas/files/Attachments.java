package dev.parley.schemas.files;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.schemas.TokenEstimate;
import dev.parley.schemas.keys.FileId;
import java.util.List;
import java.util.Optional;

/** What attachments are to those who pass them on. */
public final class Attachments {

    /** Of an engine that takes images. */
    public static final String IMAGES = "images";

    /** Of an engine that takes other files, such as PDF. */
    public static final String FILES = "files";

    /** What engines may say that they take. */
    public static final List<String> KINDS = List.of(IMAGES, FILES);

    /**
     * About as much as an image of usual size costs at the two large providers, which is 765 (OpenAI, 1024 by 1024, high detail) to
     * some 1,600 tokens (Anthropic, at most). Of files as many, which a page of PDF comes to.
     *
     * @see <a href="https://platform.openai.com/docs/guides/images-vision#calculating-costs">OpenAI: Calculating costs</a>
     * @see <a href="https://docs.anthropic.com/en/docs/build-with-claude/vision#calculate-image-costs">Anthropic: Image costs</a>
     */
    private static final int ESTIMATED_TOKENS = 1_000;

    private static final String IMAGE = "image/";
    private static final String TEXT = "text/";

    private Attachments() {}

    public static boolean isImage(Attachment attachment) {
        return attachment.getMediaType().startsWith(IMAGE);
    }

    /** Whether it is text that can be told word by word, in UTF-8. */
    public static boolean isText(Attachment attachment) {
        return attachment.getMediaType().startsWith(TEXT)
                || attachment.getMediaType().equals("application/json");
    }

    /** What an engine has to take for a message with this. */
    public static String kind(Attachment attachment) {
        return isImage(attachment) ? IMAGES : FILES;
    }

    /** Of the file that it names; empty for a reference, and for what is not on the log yet. */
    public static Optional<FileId> id(Attachment attachment) {
        return attachment.getHash() == null || attachment.getOffset() < 0
                ? Optional.empty()
                : Optional.of(new FileId(attachment.getHash(), attachment.getOffset()));
    }

    /** What the attachments of a message count in a budget of tokens, as if they were so many characters of text. */
    public static long estimatedChars(PromptMessage message) {
        return message.getAttachments().size() * TokenEstimate.chars(ESTIMATED_TOKENS);
    }
}
