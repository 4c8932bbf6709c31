package dev.parley.llm.model;

import dev.parley.chat.v1.Attachment;
import java.util.ArrayList;
import java.util.List;

/** What a user says and shows, piece by piece in the user's order. */
sealed interface Shown {

    /** Not blank. */
    record Words(String text) implements Shown {}

    record File(Attachment attachment) implements Shown {}

    /** The pieces of a user's part, of which there is at least one. */
    static List<Shown> of(History.Part.User user) {
        List<Shown> pieces = new ArrayList<>();
        String text = user.text();
        int told = 0;
        for (Attachment attachment : user.attachments()) {
            int at = Math.clamp(attachment.getAt(), told, text.length());
            words(text.substring(told, at), pieces);
            told = at;
            pieces.add(new File(attachment));
        }
        words(text.substring(told), pieces);
        return pieces;
    }

    private static void words(String text, List<Shown> pieces) {
        if (!text.isBlank()) {
            pieces.add(new Words(text));
        }
    }
}
