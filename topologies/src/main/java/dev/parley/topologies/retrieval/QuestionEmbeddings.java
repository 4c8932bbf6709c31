package dev.parley.topologies.retrieval;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embeds each question once, also where its turn is tried again. A model that fails costs the vectors of one search, never
 * a turn. Owned by one stream thread; the embedder behind it is shared.
 */
public final class QuestionEmbeddings {

    private static final Logger log = LoggerFactory.getLogger(QuestionEmbeddings.class);

    private static final int REMEMBERED = 128;

    /** Embedding models read a few hundred tokens; what comes later is not worth its memory. */
    private static final int MAX_CHARS = 2_000;

    private final Embedder embedder;
    private final RetrievalMetrics metrics;

    private final Map<String, float[]> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
            return size() > REMEMBERED;
        }
    };

    public QuestionEmbeddings(Embedder embedder, RetrievalMetrics metrics) {
        this.embedder = embedder;
        this.metrics = metrics;
    }

    /** As much of the beginning of {@code text} as is embedded. */
    public static String head(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS);
    }

    /** {@code vector} at length one, as the vectors of questions are; null where it has no direction. */
    public static float @Nullable [] unit(float[] vector) {
        return Question.unit(vector);
    }

    /** {@code text} as a question, with its vector where the model gives one. */
    public Question question(String text) {
        String head = head(text);
        try {
            float[] vector = known.get(head);
            if (vector == null) {
                vector = embedder.embedQuestion(head);
                known.put(head, vector);
            }
            return Question.of(text, vector, embedder.model());
        } catch (RuntimeException | LinkageError e) {
            // Native libraries that cannot be loaded are link errors, and no reason to leave a turn without an answer.
            metrics.embeddingFailed();
            log.warn("a question is looked for by its words alone, since it could not be embedded", e);
            return Question.of(text);
        }
    }
}
