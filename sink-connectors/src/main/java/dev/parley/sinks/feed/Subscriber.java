package dev.parley.sinks.feed;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** One reader, and whether it still reads. Ended by any thread. */
final class Subscriber {

    private final ConversationFeed.FrameListener listener;
    private final AtomicBoolean open = new AtomicBoolean(true);

    Subscriber(ConversationFeed.FrameListener listener) {
        this.listener = listener;
    }

    boolean isOpen() {
        return open.get();
    }

    /** Tells what comes, under the feed's lock; false where no more is wanted. */
    boolean tell(Frame frame) {
        if (open.get() && !listener.onFrame(frame)) {
            end();
        }
        return open.get();
    }

    void tellAll(List<Frame> frames) {
        frames.forEach(this::tellPast);
    }

    /** Tells what has been, ahead of what comes. */
    void tellPast(Frame frame) {
        if (open.get() && !listener.onPast(frame)) {
            end();
        }
    }

    void awaitRoom() {
        listener.awaitRoom();
    }

    void end() {
        if (open.compareAndSet(true, false)) {
            listener.onEnd();
        }
    }
}
