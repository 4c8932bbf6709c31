package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** Documents for tests, of which each text is a passage. */
public final class Passages {

    private Passages() {}

    /** Without vectors, in the workspace {@code default/main}. */
    public static DocumentPassages of(String path, String... texts) {
        return in("default", "main", path, texts);
    }

    public static DocumentPassages of(Embedder embedder, String path, String... texts) {
        return in(embedder, "default", "main", path, texts);
    }

    public static DocumentPassages in(String tenantId, String workspaceId, String path, String... texts) {
        return in(Embedder.none(), tenantId, workspaceId, path, texts);
    }

    public static DocumentPassages in(
            Embedder embedder, String tenantId, String workspaceId, String path, String... texts) {
        List<float[]> vectors = embedder.embed(List.of(texts));
        return new DocumentPassages(
                tenantId,
                workspaceId,
                path,
                path,
                null,
                Instant.EPOCH,
                embedder.model(),
                IntStream.range(0, texts.length)
                        .mapToObj(i -> new IndexedPassage(
                                tenantId + "/" + workspaceId + "/" + path + "#" + i,
                                "",
                                texts[i],
                                Vectors.encode(vectors.get(i))))
                        .toList());
    }
}
