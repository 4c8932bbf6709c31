package dev.parley.ingest.answer;

import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.sinks.edge.StreamEncoding;
import dev.parley.sinks.feed.Frame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What the encodings of one answer have in common: its steps, one by one, until it has been told. */
public abstract class AnswerEncoding implements StreamEncoding {

    private final AnswerReader reader;
    private final Duration heartbeatAfter;
    private List<byte[]> pieces = new ArrayList<>();
    private boolean sent;
    private boolean over;

    public AnswerEncoding(AnswerReader reader, Duration heartbeatAfter) {
        this.reader = reader;
        this.heartbeatAfter = heartbeatAfter;
    }

    /** Sends what its protocol has to say for {@code step}. */
    protected abstract void tell(Step step);

    /** Sends one piece. */
    protected final void send(byte[] piece) {
        pieces.add(piece);
    }

    /** Nothing is told after this but what the present step sends. */
    protected final void finish() {
        over = true;
    }

    /** Whether not a byte has been sent, so that the answer may still become another one. */
    protected final boolean isUnsent() {
        return !sent && pieces.isEmpty();
    }

    @Override
    public final List<byte[]> opening() {
        return List.of();
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        pieces = new ArrayList<>();
        for (Step step : reader.read(frame.event())) {
            if (!over) {
                tell(step);
            }
        }
        sent |= !pieces.isEmpty();
        return pieces;
    }

    @Override
    public final boolean isOver() {
        return over;
    }

    @Override
    public byte[] heartbeat() {
        sent = true;
        return SseJson.HEARTBEAT;
    }

    @Override
    public final Duration heartbeatAfter() {
        return heartbeatAfter;
    }
}
