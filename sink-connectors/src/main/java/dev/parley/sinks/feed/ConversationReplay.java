package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.FeedEvent.FeedGap.Reason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a reader whose cursor is older than the feed's memory to where memory begins, out of the archive, or tells it that
 * this cannot be done. Runs on a thread of its own, without the feed's lock but for the steps that join.
 */
final class ConversationReplay {

    private static final Logger logger = LoggerFactory.getLogger(ConversationReplay.class);

    private static final int ARCHIVE_PAGE = 500;

    /** The sink writes within milliseconds; an archive that lags longer than this has trouble of its own. */
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(3);

    private static final Duration ARCHIVE_PAUSE = Duration.ofMillis(50);

    private final Feed feed;
    private final EventArchive archive;
    private final Replays replays;
    private final FrameEncoder encoder;
    private final ConversationKey conversation;
    private final Subscriber subscriber;

    ConversationReplay(
            Feed feed,
            EventArchive archive,
            Replays replays,
            FrameEncoder encoder,
            ConversationKey conversation,
            Subscriber subscriber) {
        this.feed = feed;
        this.archive = archive;
        this.replays = replays;
        this.encoder = encoder;
        this.conversation = conversation;
        this.subscriber = subscriber;
    }

    /** Tells what follows {@code cursor}, up to where the reader is told live. */
    void from(FeedCursor cursor) {
        FeedCursor place = cursor;
        long deadline = replays.ticker().getAsLong() + ARCHIVE_PATIENCE.toNanos();
        try {
            while (subscriber.isOpen()) {
                List<ConversationEvent> page = feed.awaitsChunks(conversation, place)
                        ? List.of()
                        : archive.events(conversation, place.sequence(), ARCHIVE_PAGE);
                for (ConversationEvent event : page) {
                    if (event.getSequence() != place.sequence() + 1) {
                        gap(Reason.EVENTS_MISSING);
                        return;
                    }
                    place = tell(event, place);
                }
                if (!page.isEmpty()) {
                    feed.countReplay("archive");
                }
                if (page.size() < ARCHIVE_PAGE) {
                    if (join(place)) {
                        return;
                    }
                    if (replays.ticker().getAsLong() > deadline) {
                        gap(
                                place.sequence() > feed.lastSequence(conversation)
                                        ? Reason.CURSOR_AHEAD
                                        : Reason.ARCHIVE_BEHIND);
                        return;
                    }
                    replays.pause().pause(ARCHIVE_PAUSE);
                }
            }
        } catch (EventArchive.ArchiveUnavailableException e) {
            gap(Reason.ARCHIVE_UNAVAILABLE);
        } catch (RuntimeException e) {
            logger.error("a replay failed", e);
            subscriber.end();
        }
    }

    private void gap(Reason reason) {
        feed.gap(conversation, reason, subscriber);
    }

    /** Tells the next event of the archive; returns the reader's place after it. */
    private FeedCursor tell(ConversationEvent event, FeedCursor place) {
        subscriber.awaitRoom();
        if (place.attempt() > 0) {
            // Which attempt the archive does not know; what ends may be another than the reader has seen.
            endedAnswer(event).ifPresent(messageId -> subscriber.tellPast(resetBefore(event, messageId, place)));
        }
        FeedCursor next = after(event, place);
        subscriber.tellPast(encoder.encode(new FeedEvent.Logged(conversation, event), next.toString()));
        return next;
    }

    private boolean join(FeedCursor place) {
        if (feed.joinFromMemory(conversation, place, subscriber)) {
            return true;
        }
        if (feed.isKnown(conversation)) {
            return false;
        }
        if (place.attempt() > 0) {
            return false; // An answer runs that this node has not heard of yet.
        }
        Map<Integer, Long> held = Map.of();
        if (place.sequence() > 0) {
            if (archive.events(conversation, place.sequence() - 1, 1).isEmpty()) {
                return false; // Neither memory nor archive has ever seen the cursor's event.
            }
            held = archive.positions();
        }
        return feed.joinUnknown(conversation, held, subscriber);
    }

    /** The answer that an event ends; empty where it ends none that had begun. */
    private static Optional<String> endedAnswer(ConversationEvent event) {
        return event.getBody() instanceof TurnEnd end && end.hasBegun()
                ? Optional.of(end.getMessageId())
                : Optional.empty();
    }

    /** Word that what a reader at {@code place}, in mid-answer, was shown is void, before the answer's end. */
    private Frame resetBefore(ConversationEvent end, String messageId, FeedCursor place) {
        return encoder.encode(
                new FeedEvent.MessageReset(
                        conversation,
                        String.valueOf(end.getTurnId()),
                        messageId,
                        Math.min(place.attempt() + 1, FeedCursor.UNKNOWN_ATTEMPT),
                        "another_attempt"),
                new FeedCursor(place.sequence(), FeedCursor.UNKNOWN_ATTEMPT, -1).toString());
    }

    /** A reader's place after the next event: in mid-answer still, unless the event ends or starts one. */
    private static FeedCursor after(ConversationEvent event, FeedCursor place) {
        return event.getBody() instanceof TurnStarted || endedAnswer(event).isPresent()
                ? FeedCursor.after(event.getSequence())
                : new FeedCursor(event.getSequence(), place.attempt(), place.seq());
    }
}
