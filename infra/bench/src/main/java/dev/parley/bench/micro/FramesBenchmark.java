package dev.parley.bench.micro;

import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseFrames;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The form of an event on an SSE stream, made once however many clients read it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FramesBenchmark {

    private final SseFrames frames = new SseFrames();
    private final ConversationKey conversation = new ConversationKey(Records.TENANT, Records.CONVERSATION);
    private final FeedEvent delta = new FeedEvent.MessageDelta(
            conversation, Records.TURN, Records.MESSAGE, 1, 17, FeedEvent.MessageDelta.Kind.TEXT, "token ");
    private final FeedEvent event = new FeedEvent.Logged(conversation, Records.event());

    @Benchmark
    public Frame frameDelta() {
        return frames.encode(delta, "11.1.17");
    }

    @Benchmark
    public Frame frameEvent() {
        return frames.encode(event, "12");
    }
}
