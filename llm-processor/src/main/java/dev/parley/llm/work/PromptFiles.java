package dev.parley.llm.work;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.llm.model.DataUrl;
import dev.parley.llm.model.Model.Outcome.Failed;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.FilesUnavailableException;
import dev.parley.schemas.keys.FileId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Gives prompts the contents of their files, for as long as a model server is asked. What one prompt may have is bounded, and so is
 * what all prompts of this worker have together: an order that finds no room is for another worker, or for later. Thread-safe.
 */
public final class PromptFiles {

    private static final int KIB = 1024;

    private final FileReader reader;
    private final long maxPromptBytes;
    private final Semaphore roomKib;

    /**
     * Files for the prompts of one worker.
     *
     * @param maxPromptBytes most of one prompt, in all its messages
     * @param maxBytes most of all that are being asked
     */
    public PromptFiles(FileReader reader, long maxPromptBytes, long maxBytes) {
        this.reader = reader;
        this.maxPromptBytes = maxPromptBytes;
        this.roomKib = new Semaphore((int) Math.min(Integer.MAX_VALUE, Math.ceilDiv(maxBytes, KIB)));
    }

    /** What became of giving a prompt its files. */
    sealed interface Given {

        /** Until it is closed, {@code order} counts as what takes room. */
        record Whole(GenerationRequest order, Semaphore room, int permits) implements Given, AutoCloseable {

            @Override
            public void close() {
                room.release(permits);
            }
        }

        record Missing(Failed failure) implements Given {}
    }

    static boolean areIn(GenerationRequest order) {
        return order.getMessages().stream()
                .anyMatch(message -> !message.getAttachments().isEmpty());
    }

    /** The order, with the URL of each content in place of its hash. References stay what they are. */
    Given given(GenerationRequest order) {
        List<PromptMessage> fitting = fitting(order.getMessages());
        long bytes = fitting.stream().mapToLong(PromptFiles::bytes).sum();
        if (bytes > maxPromptBytes) {
            return missing(
                    ErrorCode.ATTACHMENTS_TOO_LARGE,
                    "the message has " + bytes + " bytes of images and files, of which a prompt may have "
                            + maxPromptBytes);
        }
        int permits = (int) Math.ceilDiv(bytes, KIB);
        if (!roomKib.tryAcquire(permits)) {
            return missing(ErrorCode.OVERLOADED, "the worker has as many files in its prompts as it may");
        }
        boolean whole = false;
        try {
            Given given = read(
                    GenerationRequest.newBuilder(order).setMessages(fitting).build(), permits);
            whole = given instanceof Given.Whole;
            return given;
        } finally {
            if (!whole) {
                roomKib.release(permits);
            }
        }
    }

    /** Of the contents that are here. */
    private static long bytes(PromptMessage message) {
        return message.getAttachments().stream()
                .filter(attachment -> attachment.getHash() != null)
                .mapToLong(Attachment::getBytes)
                .sum();
    }

    /**
     * The messages, with as many files as fit, newest kept: a conversation goes on though all that was ever shown in it is more
     * than a prompt may have. The newest that has any keeps them whatever they are.
     */
    private List<PromptMessage> fitting(List<PromptMessage> messages) {
        List<PromptMessage> fitting = new ArrayList<>(messages);
        long room = maxPromptBytes;
        boolean newest = true;
        for (int i = fitting.size() - 1; i >= 0; i--) {
            long bytes = bytes(fitting.get(i));
            if (bytes == 0) {
                continue;
            }
            if (bytes <= room || newest) {
                room -= bytes;
            } else {
                room = 0;
                fitting.set(i, withoutFiles(fitting.get(i)));
            }
            newest = false;
        }
        return fitting;
    }

    /** The model is told by name what was there. */
    private static PromptMessage withoutFiles(PromptMessage message) {
        StringBuilder text = new StringBuilder(message.getContent());
        List<Attachment> references = new ArrayList<>();
        for (Attachment attachment : message.getAttachments()) {
            if (attachment.getHash() == null) {
                references.add(attachment);
                continue;
            }
            String name = attachment.getName() == null ? "" : " " + attachment.getName();
            text.append(text.isEmpty() ? "" : "\n\n")
                    .append("[")
                    .append(attachment.getMediaType())
                    .append(name)
                    .append(": shown here, and left out since]");
        }
        return PromptMessage.newBuilder(message)
                .setContent(text.toString())
                .setAttachments(references)
                .build();
    }

    private static Given missing(ErrorCode code, String detail) {
        return new Given.Missing(new Failed(code, detail));
    }

    private Given read(GenerationRequest order, int permits) {
        Map<String, String> urls = new HashMap<>();
        List<PromptMessage> messages = new ArrayList<>();
        for (PromptMessage message : order.getMessages()) {
            List<Attachment> attachments = new ArrayList<>();
            for (Attachment attachment : message.getAttachments()) {
                if (attachment.getHash() == null) {
                    attachments.add(attachment);
                    continue;
                }
                String key = attachment.getMediaType() + " " + attachment.getHash();
                String url = urls.get(key);
                if (url == null) {
                    Optional<FileId> id = Attachments.id(attachment);
                    try {
                        Optional<FileReader.Content> content =
                                id.flatMap(file -> reader.content(order.getTenantId(), file));
                        if (content.isEmpty()) {
                            return missing(
                                    ErrorCode.FILE_NOT_FOUND, "a file of the messages is not on the log of files");
                        }
                        url = DataUrl.of(
                                attachment.getMediaType(), content.get().bytes());
                    } catch (FilesUnavailableException e) {
                        return missing(ErrorCode.UNAVAILABLE, "a file of the messages cannot be read now");
                    }
                    urls.put(key, url);
                }
                attachments.add(Attachment.newBuilder(attachment)
                        .setUri(url)
                        .setHash(null)
                        .build());
            }
            messages.add(
                    attachments.isEmpty()
                            ? message
                            : PromptMessage.newBuilder(message)
                                    .setAttachments(attachments)
                                    .build());
        }
        return new Given.Whole(
                GenerationRequest.newBuilder(order).setMessages(messages).build(), roomKib, permits);
    }
}
