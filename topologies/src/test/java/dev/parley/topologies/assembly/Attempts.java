package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.TextChecksum;
import dev.parley.schemas.work.WorkKinds;
import java.time.Instant;
import java.util.List;

/** Chunks and controls as workers and the conversation write them, for tests. */
final class Attempts {

    static final String GENERATION = "turn_1.1";
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    static final Usage MEASURED = new Usage(7, 5, UsageBasis.MEASURED, null);

    private Attempts() {}

    static Attempt attempt(String attemptId, int number) {
        return new Attempt(attemptId, number, "default", "scripted-1", "worker-" + attemptId, "");
    }

    static GenerationChunk started(String attemptId, int number) {
        return started(attemptId, number, WorkKinds.MODEL);
    }

    static GenerationChunk started(String attemptId, int number, String kind) {
        return chunk(
                attemptId, new AttemptStarted(number, "initial", "default", "scripted-1", "worker-" + attemptId, kind));
    }

    static GenerationChunk text(String attemptId, int seq, String text) {
        return chunk(attemptId, new TextDelta(seq, text, false));
    }

    static GenerationChunk reasoning(String attemptId, int seq, String text) {
        return chunk(attemptId, new ReasoningDelta(seq, text));
    }

    static ToolCall call(String attemptId, int seq) {
        return new ToolCall("call-" + attemptId + "-" + seq, "look", "{\"seq\":" + seq + "}");
    }

    static GenerationChunk arguments(String attemptId, int seq) {
        return chunk(attemptId, new ToolArgumentsDelta(seq, "call-" + attemptId, "look", "{"));
    }

    static GenerationChunk called(String attemptId, int seq) {
        return chunk(attemptId, new ToolCalled(seq, call(attemptId, seq)));
    }

    static GenerationChunk heartbeat(String attemptId) {
        return chunk(attemptId, new Heartbeat());
    }

    static GenerationChunk finished(String attemptId, int seq, String text) {
        return chunk(attemptId, new AttemptFinished("stop", tally(seq, text), null, List.of()));
    }

    static GenerationChunk failed(String attemptId, int seq, String text, boolean retryable) {
        return chunk(attemptId, new AttemptFailed("engine_error", "status 500", retryable, tally(seq, text), null));
    }

    static GenerationChunk cancelled(String attemptId, int seq, String text) {
        return chunk(attemptId, new AttemptCancelled(tally(seq, text)));
    }

    static Control cancel() {
        return new Control(GENERATION, NOW, new CancelGeneration("requested"));
    }

    static Tally tally(int seq, String text) {
        TextChecksum checksum = TextChecksum.of(text);
        return Tally.newBuilder()
                .setSeq(seq)
                .setTextBytes(checksum.bytes())
                .setTextCrc32c(checksum.crc32c())
                .setUsage(MEASURED)
                .setFirstTokenMillis(12.5)
                .setGenerationMillis(80.0)
                .build();
    }

    private static GenerationChunk chunk(String attemptId, GenerationChunk.Body body) {
        return new GenerationChunk(GENERATION, attemptId, NOW, body);
    }
}
