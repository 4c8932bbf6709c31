package dev.parley.sinks.feed;

import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.FeedEvent.FeedGap.Reason;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What {@link ConversationReplay} is for one conversation, for the stream of all conversations of a tenant. */
final class TenantReplay {

    private static final Logger logger = LoggerFactory.getLogger(TenantReplay.class);

    private static final int ARCHIVE_PAGE = 500;

    private final Feed feed;
    private final EventArchive archive;
    private final FrameEncoder encoder;
    private final String tenant;
    private final Subscriber subscriber;

    TenantReplay(Feed feed, EventArchive archive, FrameEncoder encoder, String tenant, Subscriber subscriber) {
        this.feed = feed;
        this.archive = archive;
        this.encoder = encoder;
        this.tenant = tenant;
        this.subscriber = subscriber;
    }

    /** Tells what follows {@code cursor}, up to where the reader is told live. */
    void from(TenantCursor cursor) {
        long[] place = cursor.next().clone();
        try {
            while (subscriber.isOpen()) {
                Map<Integer, Long> missing = feed.missing(new TenantCursor(cursor.binding(), place));
                Map<Integer, Long> held = archive.positions();
                if (missing.entrySet().stream()
                        .anyMatch(need -> held.getOrDefault(need.getKey(), 0L) < need.getValue())) {
                    feed.tenantGap(tenant, Reason.ARCHIVE_BEHIND, subscriber);
                    return;
                }
                Map<Integer, Long> after = new HashMap<>();
                missing.keySet().forEach(partition -> after.put(partition, place[partition] - 1));
                List<EventArchive.Positioned> page = archive.tenantEvents(tenant, after, ARCHIVE_PAGE);
                for (EventArchive.Positioned positioned : page) {
                    place[positioned.partition()] = positioned.position() + 1;
                    ConversationKey key =
                            new ConversationKey(tenant, positioned.event().getConversationId());
                    subscriber.tell(encoder.encode(
                            new FeedEvent.Logged(key, positioned.event()),
                            new TenantCursor(cursor.binding(), place.clone()).toString()));
                }
                if (page.size() < ARCHIVE_PAGE) {
                    // The archive has nothing more of this tenant before memory begins.
                    missing.forEach((partition, from) -> place[partition] = Math.max(place[partition], from));
                    feed.joinTenant(tenant, new TenantCursor(cursor.binding(), place), subscriber);
                    return;
                }
            }
        } catch (EventArchive.ArchiveUnavailableException e) {
            feed.tenantGap(tenant, Reason.ARCHIVE_UNAVAILABLE, subscriber);
        } catch (RuntimeException e) {
            logger.error("a replay failed", e);
            subscriber.end();
        }
    }
}
