package dev.parley.ingest.door;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.keys.TurnIds;
import java.util.List;
import java.util.Optional;

/**
 * What a caller says, whichever protocol brings it.
 *
 * @param prompt that came with it, where a repeat of the request brings the same; it is part of the fingerprint
 * @param after which message it says to come after; the same holds
 */
public record Question(String content, Handling handling, Optional<CallerPrompt> prompt, Optional<BranchPoint> after) {

    /** As much as one message may say. */
    public static final int MAX_CONTENT_BYTES = 1024 * 1024;

    /** What a person shows beside a text, which is routed and answered like one without; empty where nothing is shown. */
    public static Optional<CallerPrompt> showing(List<Attachment> attachments) {
        return attachments.isEmpty()
                ? Optional.empty()
                : Optional.of(new CallerPrompt(
                        Role.USER,
                        null,
                        List.of(),
                        GenerationOptions.newBuilder().build(),
                        attachments,
                        true));
    }

    /**
     * The command that it becomes.
     *
     * @param sentAlong what the message is kept with, which may be more, or other, than its fingerprint is about
     * @param place which message it is to come after, likewise
     */
    public SubmitMessage submit(TurnIds ids, Optional<CallerPrompt> sentAlong, Optional<BranchPoint> place) {
        return SubmitMessage.newBuilder()
                .setMessageId(ids.messageId().text())
                .setTurnId(ids.turnId().text())
                .setAssistantMessageId(ids.assistantMessageId().text())
                .setContent(content)
                .setOnBusy(handling.onBusy())
                .setIntent(handling.intent().orElse(null))
                .setEngine(handling.engine().orElse(null))
                .setMetadata(handling.metadata())
                .setFingerprint(Fingerprint.of(this))
                .setPrompt(sentAlong.orElse(null))
                .setAfter(place.orElse(null))
                .build();
    }
}
