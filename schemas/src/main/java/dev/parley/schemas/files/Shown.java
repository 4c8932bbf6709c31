package dev.parley.schemas.files;

import dev.parley.chat.v1.Attachment;
import java.util.ArrayList;
import java.util.List;

/** What a user says and shows, piece by piece in the user's order. */
public sealed interface Shown {

    /** Not empty. */
    record Words(String text) implements Shown {}

    record File(Attachment attachment) implements Shown {}

    /** The pieces of a message, split at the places of its attachments. */
    static List<Shown> of(String text, List<Attachment> attachments) {
        List<Shown> pieces = new ArrayList<>();
        int told = 0;
        for (Attachment attachment : attachments) {
            int at = Math.clamp(attachment.getAt(), told, text.length());
            words(text.substring(told, at), pieces);
            told = at;
            pieces.add(new File(attachment));
        }
        words(text.substring(told), pieces);
        return pieces;
    }

    private static void words(String text, List<Shown> pieces) {
        if (!text.isEmpty()) {
            pieces.add(new Words(text));
        }
    }
}
