package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TranscriptTest {

    /** {@code -Dparley.seed=N} runs one seed again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatWasSaidAndAskedComesOutAsItWentInAndFromItsSegments(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 100; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            String context = "seed " + seed + " round " + round;
            StringBuilder text = new StringBuilder();
            StringBuilder reasoning = new StringBuilder();
            List<ToolCall> calls = new ArrayList<>();
            Transcript transcript = Transcript.EMPTY;
            int deltas = random.nextInt(20);
            for (int seq = 0; seq < deltas; seq++) {
                String piece = "<" + seq + ">".repeat(1 + random.nextInt(random.nextInt(4) == 0 ? 5000 : 5));
                switch (random.nextInt(5)) {
                    case 0 -> {
                        reasoning.append(piece);
                        transcript = transcript.plusReasoning(piece);
                    }
                    case 1 -> {
                        ToolCall call = new ToolCall("call_" + seq, "f", piece);
                        calls.add(call);
                        transcript = transcript.plusCall(call);
                    }
                    case 2 -> transcript = transcript.plusNothing();
                    default -> {
                        text.append(piece);
                        transcript = transcript.plusText(piece);
                    }
                }
            }
            List<Transcript.Segment> segments = new ArrayList<>();
            for (Transcript at = transcript; at != null; at = at.earlier()) {
                segments.addFirst(at.last());
            }
            Transcript again = Transcript.EMPTY;
            for (Transcript.Segment segment : segments) {
                again = Objects.requireNonNull(again.continuedBy(segment), context);
            }

            assertThat(again).as(context).isEqualTo(transcript);
            assertThat(transcript.nextSeq()).as(context).isEqualTo(deltas);
            assertThat(transcript.text()).as(context).isEqualTo(text.toString());
            assertThat(transcript.reasoning()).as(context).isEqualTo(reasoning.toString());
            assertThat(transcript.toolCalls()).as(context).isEqualTo(calls);
        }
    }
}
