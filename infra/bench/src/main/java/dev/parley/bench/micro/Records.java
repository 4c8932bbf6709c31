package dev.parley.bench.micro;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import java.time.Instant;
import java.util.List;

/** Records of the size that they usually have. */
public final class Records {

    public static final String TENANT = "default";
    public static final String CONVERSATION = "conv_0123456789abcdef01234567";
    public static final String TURN = "turn_0123456789abcdef01234567";
    public static final String MESSAGE = "msg_0123456789abcdef01234567";
    public static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

    private static final String GENERATION = TURN + ".1";
    private static final int ANSWER_TOKENS = 200;

    private Records() {}

    /** A token on its way. */
    public static GenerationChunk chunk() {
        return new GenerationChunk(
                GENERATION, "attempt_0123456789abcdef01234567", TIME, new TextDelta(17, "token ", false));
    }

    /** An answer of 200 tokens, with the passages that it draws on. */
    public static ConversationEvent event() {
        return new ConversationEvent(
                TENANT,
                CONVERSATION,
                12L,
                TIME,
                "report_0123456789abcdef01234567",
                TURN,
                "configuration-1",
                MessageCompleted.newBuilder()
                        .setMessageId(MESSAGE)
                        .setGenerationId(GENERATION)
                        .setAttempt(new Attempt(
                                "attempt_0123456789abcdef01234567", 1, "default", "a-model", "worker-1", ""))
                        .setContent("token ".repeat(ANSWER_TOKENS))
                        .setFinishReason("stop")
                        .setUsage(new Usage(800, ANSWER_TOKENS, UsageBasis.MEASURED, null))
                        .setSources(List.of(
                                new Source("docs/operations.md#1", "Operations", null, 12.5),
                                new Source("docs/architecture.md#4", "Architecture", null, 11.25)))
                        .setTimings(new Timings(1.0, 12.0, 200.0, 4_000.0))
                        .build());
    }
}
