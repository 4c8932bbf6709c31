package dev.parley.topologies.indexing;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.TopicSpec;
import dev.parley.topologies.indexing.Splitter.Cut;
import dev.parley.topologies.indexing.Splitter.Stretch;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.Vectors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From a document to its passages with their embeddings, the same for the same document. Used by one thread. */
final class Indexer {

    private static final Logger logger = LoggerFactory.getLogger(Indexer.class);

    /** What the passages of one document may take, which leaves a mebibyte for its key, title, address and headers. */
    static final int MAX_PASSAGES_BYTES = TopicSpec.MAX_MESSAGE_BYTES - 1024 * 1024;

    /** Lengths and counts that Avro writes with each passage, at most. */
    private static final int PASSAGE_OVERHEAD_BYTES = 4 * 5;

    private static final int VECTOR_BYTES = BgeSmallEmbedder.DIMENSIONS * Float.BYTES;

    /** Few enough that a stage which is told to stop does so within a second. */
    private static final int BATCH = 16;

    private final Embedder embedder;
    private final int maxBytes;
    private final IndexingMetrics metrics;
    private final BooleanSupplier closing;

    /**
     * An indexer.
     *
     * @param maxBytes bound of a document's passages; mostly {@link #MAX_PASSAGES_BYTES}
     * @param closing whether to give up
     */
    Indexer(Embedder embedder, int maxBytes, IndexingMetrics metrics, BooleanSupplier closing) {
        this.embedder = embedder;
        this.maxBytes = maxBytes;
        this.metrics = metrics;
        this.closing = closing;
    }

    /**
     * The passages of {@code document}, which is cut already; the first ones where one record cannot hold them all.
     *
     * @throws CancellationException where the stage closes meanwhile
     */
    DocumentPassages index(Document document, Cut cut) {
        List<Stretch> stretches = bounded(document, cut.stretches());
        List<IndexedPassage> passages = new ArrayList<>(stretches.size());
        for (int from = 0; from < stretches.size(); from += BATCH) {
            if (closing.getAsBoolean()) {
                throw new CancellationException("closing");
            }
            List<Stretch> batch = stretches.subList(from, Math.min(stretches.size(), from + BATCH));
            List<float[]> vectors = embed(cut.title(), batch);
            for (int i = 0; i < batch.size(); i++) {
                ByteBuffer vector = Vectors.encode(vectors.get(i));
                passages.add(new IndexedPassage(
                        sourceId(document, from + i),
                        batch.get(i).heading(),
                        batch.get(i).text(),
                        vector));
            }
        }
        return new DocumentPassages(
                document.getTenantId(),
                document.getWorkspaceId(),
                document.getPath(),
                cut.title(),
                document.getUri(),
                document.getTime(),
                embedder.model(),
                passages);
    }

    /** Each passage is embedded below its title and headings, which often say what the text takes for granted. */
    private List<float[]> embed(String title, List<Stretch> batch) {
        long started = System.nanoTime();
        List<float[]> vectors = embedder.embed(batch.stream()
                .map(stretch -> context(title, stretch.heading()) + "\n" + stretch.text())
                .toList());
        metrics.embedded(Duration.ofNanos(System.nanoTime() - started));
        return vectors;
    }

    /** A document's first heading mostly is its title. */
    private static String context(String title, String heading) {
        return heading.isEmpty() ? title : heading.startsWith(title) ? heading : title + "\n" + heading;
    }

    private List<Stretch> bounded(Document document, List<Stretch> stretches) {
        long bytes = 0;
        for (int i = 0; i < stretches.size(); i++) {
            Stretch stretch = stretches.get(i);
            bytes += PASSAGE_OVERHEAD_BYTES
                    + bytes(sourceId(document, i))
                    + bytes(stretch.heading())
                    + bytes(stretch.text())
                    + (embedder.model().isEmpty() ? 0 : VECTOR_BYTES);
            if (bytes > maxBytes) {
                metrics.shortened();
                logger.warn(
                        "{} of {}/{} has {} passages, too many for one record: the first {} are indexed",
                        document.getPath(),
                        document.getTenantId(),
                        document.getWorkspaceId(),
                        stretches.size(),
                        i);
                return stretches.subList(0, i);
            }
        }
        return stretches;
    }

    private static String sourceId(Document document, int ordinal) {
        return document.getPath() + "#" + ordinal;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
