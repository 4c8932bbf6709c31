package dev.parley.llm;

import dev.parley.llm.model.ModelServer;
import dev.parley.schemas.files.Accepts;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.settings.Secret;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.work.WorkKinds;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a worker works.
 *
 * @param concurrency pieces of work at the same time ({@code PARLEY_LLM_CONCURRENCY}, 256)
 * @param drain how long what runs may go on when the worker is told to end ({@code PARLEY_LLM_DRAIN}, 5 s)
 * @param work the kinds of work, and what bounds each
 * @param server the model server ({@code PARLEY_LLM_BASE_URL}, {@code _MODEL}, {@code _API_KEY},
 *     {@code _FIRST_TOKEN_TIMEOUT} (2 min), {@code _IDLE_TIMEOUT} (1 min)); empty: answers are quoted from passages
 * @param attachments images and files in prompts
 */
public record LlmSettings(
        int concurrency, Duration drain, WorkKinds work, Optional<ModelServer> server, AttachmentSettings attachments) {

    /**
     * How images and files are passed on.
     *
     * @param accepts what the model server of the environment takes beside text ({@code PARLEY_LLM_ACCEPTS}, {@code images,files};
     *     nothing)
     * @param promptBytes most in one prompt ({@code PARLEY_LLM_MAX_PROMPT_FILE_BYTES}, 32 MiB)
     * @param allBytes most in all prompts at the same time ({@code PARLEY_LLM_MAX_FILE_BYTES}, 256 MiB); in memory they are some
     *     four times as long
     */
    public record AttachmentSettings(Accepts accepts, int promptBytes, int allBytes) {

        private static final int MIB = 1024 * 1024;

        public static final AttachmentSettings USUAL = new AttachmentSettings(Accepts.NOTHING, 32 * MIB, 256 * MIB);
    }

    private static final String MAX_PROMPT_BYTES = "PARLEY_LLM_MAX_PROMPT_FILE_BYTES";
    private static final String MAX_BYTES = "PARLEY_LLM_MAX_FILE_BYTES";
    private static final String ACCEPTS = "PARLEY_LLM_ACCEPTS";
    private static final String BASE_URL = "PARLEY_LLM_BASE_URL";
    private static final String API_KEY = "PARLEY_LLM_API_KEY";

    public static LlmSettings from(Settings settings) {
        return new LlmSettings(
                settings.integer("PARLEY_LLM_CONCURRENCY", 256, 1, 100_000),
                settings.duration("PARLEY_LLM_DRAIN", Duration.ofSeconds(5)),
                WorkKinds.from(settings),
                settings.string(BASE_URL).flatMap(url -> server(settings, url)),
                attachments(settings));
    }

    private static AttachmentSettings attachments(Settings settings) {
        List<String> accepts = settings.list(ACCEPTS);
        accepts.stream()
                .filter(kind -> !Attachments.KINDS.contains(kind))
                .forEach(kind -> settings.problem(
                        ACCEPTS, "holds '" + kind + "', which is none of " + String.join(", ", Attachments.KINDS)));
        AttachmentSettings usual = AttachmentSettings.USUAL;
        int allBytes = settings.integer(MAX_BYTES, usual.allBytes(), 0, Integer.MAX_VALUE);
        int promptBytes =
                settings.integer(MAX_PROMPT_BYTES, Math.min(usual.promptBytes(), allBytes), 0, Integer.MAX_VALUE);
        if (allBytes < promptBytes) {
            // A prompt that has them would be put off for ever.
            settings.problem(MAX_BYTES, "must not be less than " + MAX_PROMPT_BYTES + ", which is " + promptBytes);
        }
        return new AttachmentSettings(Accepts.ofOpenAi(accepts, ACCEPTS), promptBytes, allBytes);
    }

    private static Optional<ModelServer> server(Settings settings, String url) {
        if (!url.startsWith("http://") && !url.startsWith("https://")) {
            settings.problem(BASE_URL, "must be an http URL such as http://127.0.0.1:8000/v1, not '" + url + "'");
            return Optional.empty();
        }
        return Optional.of(new ModelServer(
                URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url),
                settings.string("PARLEY_LLM_MODEL"),
                key(settings),
                settings.duration("PARLEY_LLM_FIRST_TOKEN_TIMEOUT", Duration.ofMinutes(2)),
                settings.duration("PARLEY_LLM_IDLE_TIMEOUT", Duration.ofMinutes(1))));
    }

    /** Blanks around it are gone with those around every setting; those in it would make no header. */
    private static Optional<Secret> key(Settings settings) {
        Optional<String> key = settings.string(API_KEY);
        if (key.isPresent() && !key.get().matches("[\\x21-\\x7E]+")) {
            settings.problem(API_KEY, "has blanks or line breaks in it, as no key has (it is not repeated here)");
            return Optional.empty();
        }
        return key.map(Secret::new);
    }

    /** The engine in use, for a person to read. */
    public String engine() {
        return server.map(configured -> configured.model().orElse("first listed model") + " at " + configured.baseUrl())
                .orElse("extractive (no model connected: set PARLEY_LLM_BASE_URL or --llm-base-url)");
    }
}
