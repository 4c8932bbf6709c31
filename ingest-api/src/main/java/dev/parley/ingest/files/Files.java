package dev.parley.ingest.files;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.files.FileLog.NewFile;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.files.Accepts;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.FileReader.Content;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.files.FilesUnavailableException;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Configurations;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The files of tenants: kept by their contents, and found again by ids that say where they are. What this node has written lately
 * it does not write again, since clients that send a whole chat with each message send its files each time. Thread-safe.
 */
public final class Files {

    private static final int REMEMBERED = 20_000;

    private final FileLog log;
    private final FileReader reader;
    private final Configurations configurations;
    private final Map<Known, Description> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Known, Description> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** What a file is remembered by, which never changes what it is. */
    private sealed interface Known {

        /** As it was written by this node. */
        record Written(String tenant, String hash, String mediaType, Optional<String> name) implements Known {}

        /** As it was asked for. */
        record Named(String tenant, FileId id) implements Known {}
    }

    public Files(FileLog log, FileReader reader, Configurations configurations) {
        this.log = log;
        this.reader = reader;
        this.configurations = configurations;
    }

    /**
     * Keeps an upload.
     *
     * @param declared what its sender says that it is
     * @param name as its sender calls it
     * @throws ProblemException where it is not taken, or the log does not confirm it
     */
    public Description keep(String tenant, byte[] content, Optional<String> declared, Named name, Call call) {
        String type = switch (FileTypes.look(declared, content)) {
            case FileTypes.Look.Is(String mediaType) -> mediaType;
            case FileTypes.Look.Refused(String rule) ->
                throw new ProblemException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the file " + rule);
        };
        ByteBuffer bytes = ByteBuffer.wrap(content);
        return keep(tenant, new NewFile(Sha256.hex(bytes), type, name.checked(), bytes), call);
    }

    private Description keep(String tenant, NewFile file, Call call) {
        Known key = new Known.Written(tenant, file.hash(), file.mediaType(), file.name());
        return remembered(key).orElseGet(() -> {
            Description kept = log.append(tenant, file, call);
            remember(key, kept);
            remember(new Known.Named(tenant, kept.id()), kept);
            return kept;
        });
    }

    private Optional<Description> remembered(Known key) {
        synchronized (known) {
            return Optional.ofNullable(known.get(key));
        }
    }

    private void remember(Known key, Description file) {
        synchronized (known) {
            known.put(key, file);
        }
    }

    /**
     * The id that a text is.
     *
     * @throws ProblemException {@code file_not_found} where it is none
     */
    public static FileId id(String text) {
        return FileId.of(text).orElseThrow(Files::unknown);
    }

    /**
     * What a file is.
     *
     * @throws ProblemException {@code file_not_found} where the tenant has none with this id
     */
    public Description description(String tenant, FileId id) {
        Known key = new Known.Named(tenant, id);
        return remembered(key).orElseGet(() -> {
            Description found = read(() -> reader.description(tenant, id)).orElseThrow(Files::unknown);
            remember(key, found);
            return found;
        });
    }

    /**
     * A file, whole.
     *
     * @throws ProblemException {@code file_not_found} where the tenant has none with this id
     */
    public Content content(String tenant, FileId id) {
        return read(() -> reader.content(tenant, id)).orElseThrow(Files::unknown);
    }

    private static <T> T read(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (FilesUnavailableException e) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the file cannot be read now: try again soon");
        }
    }

    private static ProblemException unknown() {
        return new ProblemException(ErrorCode.FILE_NOT_FOUND, "there is no file with this id");
    }

    /**
     * A message whose files are on the log, each with its place and type: what came with the request is written, and what is named
     * by its id is looked up.
     *
     * @throws ProblemException where there is no such file, where the engine that the message names takes none such, or where the
     *     log does not confirm one
     */
    public SubmitMessage kept(String tenant, SubmitMessage submit, Call call) {
        CallerPrompt prompt = submit.getPrompt();
        if (prompt == null) {
            return submit;
        }
        List<Attachment> brought = new ArrayList<>(prompt.getAttachments());
        prompt.getContext().forEach(message -> brought.addAll(message.getAttachments()));
        if (brought.isEmpty()) {
            return submit;
        }
        Settling settling = new Settling(tenant, call);
        CallerPrompt known = map(prompt, settling::described);
        refuseWhatIsNotTaken(submit.getEngine(), known);
        return SubmitMessage.newBuilder(submit)
                .setPrompt(map(known, settling::written))
                .build();
    }

    private static CallerPrompt map(CallerPrompt prompt, UnaryOperator<Attachment> change) {
        return CallerPrompt.newBuilder(prompt)
                .setAttachments(prompt.getAttachments().stream().map(change).toList())
                .setContext(prompt.getContext().stream()
                        .map(message -> message.getAttachments().isEmpty()
                                ? message
                                : PromptMessage.newBuilder(message)
                                        .setAttachments(message.getAttachments().stream()
                                                .map(change)
                                                .toList())
                                        .build())
                        .toList())
                .build();
    }

    /** Where the engine is the route's to choose, or the workers', they find out. */
    private void refuseWhatIsNotTaken(@Nullable String name, CallerPrompt prompt) {
        List<Attachment> all = new ArrayList<>(prompt.getAttachments());
        prompt.getContext().forEach(message -> all.addAll(message.getAttachments()));
        accepts(name)
                .flatMap(accepts -> accepts.refusal(String.valueOf(name), all))
                .ifPresent(refusal -> {
                    throw new ProblemException(ErrorCode.ATTACHMENT_NOT_ACCEPTED, refusal);
                });
    }

    private Optional<Accepts> accepts(@Nullable String name) {
        if (BuiltInConfiguration.EXTRACTIVE.equals(name)) {
            return Optional.of(Accepts.NOTHING);
        }
        return configurations.current().getEngines().stream()
                .filter(engine -> engine.getName().equals(name))
                .map(Accepts::of)
                .findFirst();
    }

    /** Of one message. */
    private final class Settling {
        private final String tenant;
        private final Call call;

        Settling(String tenant, Call call) {
            this.tenant = tenant;
            this.call = call;
        }

        Attachment described(Attachment attachment) {
            if (attachment.getHash() == null || !attachment.getMediaType().isEmpty()) {
                return attachment;
            }
            Description found = description(tenant, new FileId(attachment.getHash(), attachment.getOffset()));
            return Attachment.newBuilder(attachment)
                    .setMediaType(found.mediaType())
                    .setName(found.name().orElse(null))
                    .setBytes(found.bytes())
                    .setOffset(found.id().offset())
                    .build();
        }

        Attachment written(Attachment attachment) {
            String hash = attachment.getHash();
            if (hash == null || attachment.getOffset() >= 0) {
                return attachment;
            }
            ByteBuffer content = call.enclosures()
                    .content(hash)
                    .orElseThrow(() -> new ProblemException(
                            ErrorCode.INVALID_REQUEST,
                            "an image or a file that was sent in an earlier request has to be named by its id or URL"));
            Description kept = keep(
                    tenant,
                    new NewFile(hash, attachment.getMediaType(), Optional.ofNullable(attachment.getName()), content),
                    call);
            return Attachment.newBuilder(attachment)
                    .setOffset(kept.id().offset())
                    .build();
        }
    }
}
