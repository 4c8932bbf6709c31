package dev.parley.topologies.indexing;

import dev.parley.schemas.settings.Settings;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How documents become passages.
 *
 * @param embeddings which model makes the vectors ({@code PARLEY_EMBEDDINGS}, {@code bge-small})
 */
public record IndexingSettings(Embeddings embeddings) {

    public static final String EMBEDDINGS = "PARLEY_EMBEDDINGS";

    private static final IndexingSettings DEFAULTS = new IndexingSettings(Embeddings.BGE_SMALL);

    /** The models that come with Parley. */
    public enum Embeddings {
        BGE_SMALL,
        /** Passages without vectors: search goes by words alone. */
        NONE;

        String wire() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public static IndexingSettings defaults() {
        return DEFAULTS;
    }

    public static IndexingSettings from(Settings settings) {
        String wanted = settings.string(EMBEDDINGS, DEFAULTS.embeddings.wire());
        Optional<Embeddings> embeddings = Arrays.stream(Embeddings.values())
                .filter(known -> known.wire().equals(wanted))
                .findFirst();
        if (embeddings.isEmpty()) {
            settings.problem(
                    EMBEDDINGS,
                    "must be one of "
                            + Arrays.stream(Embeddings.values())
                                    .map(Embeddings::wire)
                                    .collect(Collectors.joining(", ")) + ", not '" + wanted + "'");
        }
        return new IndexingSettings(embeddings.orElse(DEFAULTS.embeddings));
    }

    /** The embedder that is set, for indexing and for questions alike. */
    public Embedder embedder() {
        return switch (embeddings) {
            case BGE_SMALL -> new BgeSmallEmbedder();
            case NONE -> Embedder.none();
        };
    }
}
