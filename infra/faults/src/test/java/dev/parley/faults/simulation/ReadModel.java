package dev.parley.faults.simulation;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.EventArchive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The database: follows the log of record at its own pace, is what feeds read old events from, and is away at times. */
final class ReadModel implements Actor, EventArchive {

    private static final int LONGEST_OUTAGE_STEPS = 20;

    private final World world;
    private final Map<String, List<ConversationEvent>> stored = new HashMap<>();
    private int next;
    private int awayForSteps;

    ReadModel(World world) {
        this.world = world;
    }

    @Override
    public boolean step() {
        if (awayForSteps > 0) {
            awayForSteps--;
            return true;
        }
        if (world.strikes(world.faults().archiveOutagePerMille())) {
            awayForSteps = 1 + world.random().nextInt(LONGEST_OUTAGE_STEPS);
            world.trace("the database is away");
            return true;
        }
        if (next == world.events.size()) {
            return false;
        }
        ConversationEvent event = world.events.get(next).value();
        stored.computeIfAbsent(world.events.get(next).key(), key -> new ArrayList<>())
                .add(event);
        next++;
        return true;
    }

    boolean away() {
        return awayForSteps > 0;
    }

    /** Everything stored of a conversation, as a caller reads it in one snapshot. */
    List<ConversationEvent> snapshot(ConversationKey conversation) {
        return List.copyOf(stored.getOrDefault(conversation.toString(), List.of()));
    }

    private void answer() {
        if (away()) {
            throw new ArchiveUnavailableException(new IllegalStateException("away"));
        }
    }

    @Override
    public List<ConversationEvent> events(ConversationKey conversation, long after, int limit) {
        answer();
        return snapshot(conversation).stream()
                .filter(event -> event.getSequence() > after)
                .limit(limit)
                .toList();
    }

    @Override
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        answer();
        return snapshot(conversation).stream()
                .filter(event -> turnId.equals(event.getTurnId()))
                .toList();
    }

    @Override
    public List<Positioned> tenantEvents(String tenant, Map<Integer, Long> afterPositions, int limit) {
        answer();
        List<Positioned> found = new ArrayList<>();
        for (int position = 0; position < next && found.size() < limit; position++) {
            if (position > afterPositions.getOrDefault(0, Long.MAX_VALUE)) {
                found.add(new Positioned(0, position, world.events.get(position).value()));
            }
        }
        return found;
    }

    @Override
    public Map<Integer, Long> positions() {
        answer();
        return Map.of(0, (long) next);
    }
}
