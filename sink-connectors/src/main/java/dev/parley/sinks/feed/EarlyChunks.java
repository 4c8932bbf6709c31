package dev.parley.sinks.feed;

import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.schemas.work.WorkKinds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Chunks of one conversation that reached this node before the event that starts their turn: they wait for it. */
final class EarlyChunks {

    /** Of one generation; where there are more, it is shown by its end alone. */
    private static final int MAX_CHUNKS = 10_000;

    private static final int MAX_GENERATIONS = 8;

    private static final WorkKinds WORK = WorkKinds.defaults();

    /** By generation, longest known first. */
    private final Map<String, List<GenerationChunk>> waiting = new LinkedHashMap<>();

    /** Keeps a chunk, unless it belongs to an attempt whose start was never here, or to work that clients are not shown. */
    void keep(GenerationChunk chunk) {
        String generationId = chunk.getGenerationId();
        boolean starts = chunk.getBody() instanceof AttemptStarted started && WORK.isShown(started.getKind());
        if (starts || waiting.containsKey(generationId)) {
            List<GenerationChunk> chunks = waiting.computeIfAbsent(generationId, id -> new ArrayList<>());
            if (chunks.size() < MAX_CHUNKS) {
                chunks.add(chunk);
            }
            if (waiting.size() > MAX_GENERATIONS) {
                waiting.remove(waiting.keySet().iterator().next());
            }
        }
    }

    /** Gives what has waited for a generation. */
    List<GenerationChunk> take(String generationId) {
        List<GenerationChunk> chunks = waiting.remove(generationId);
        return chunks == null ? List.of() : chunks;
    }
}
