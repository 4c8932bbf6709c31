package dev.parley.faults.simulation;

import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.FeedSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The nodes that clients connect to. Each reads events and chunks at its own pace, the one ahead of the other, remembers
 * little at times, and starts anew from the past when it is restarted.
 */
final class Nodes implements Actor {

    private static final int[] MEMORY_BYTES = {1 << 20, 1 << 20, 6_000, 1_500};

    private final World world;
    private final List<Node> nodes = new ArrayList<>();
    private long replayNanos;

    private final class Node {
        private final int memoryBytes = MEMORY_BYTES[world.random().nextInt(MEMORY_BYTES.length)];

        /** How much likelier than the other topic events are read next, in ten. */
        private final int eventsInTen = 1 + world.random().nextInt(9);

        private FeedNode feed = start();
        private int nextEvent;
        private int nextChunk;

        private FeedNode start() {
            return new FeedNode(
                    new FeedSettings(memoryBytes, Duration.ofMinutes(15)),
                    world.readModel,
                    () -> replayNanos,
                    Nodes.this::pause,
                    World.METERS);
        }

        boolean step() {
            if (world.strikes(world.faults().restartPerMille())) {
                world.trace("node " + nodes.indexOf(this) + " restarts");
                nextEvent = 0;
                nextChunk = 0;
                feed = start();
                return true;
            }
            if (world.random().nextInt(2) == 0 && feed.replay()) {
                return true;
            }
            return read() || feed.replay();
        }

        private boolean read() {
            boolean event = nextEvent < world.events.size();
            boolean chunk = nextChunk < world.chunks.size();
            if (event && (!chunk || world.random().nextInt(10) < eventsInTen)) {
                var record = world.events.get(nextEvent);
                feed.take(ConversationKey.parse(record.key()), record.value(), nextEvent++);
            } else if (chunk) {
                var record = world.chunks.get(nextChunk++);
                feed.take(ConversationKey.parse(record.key()), record.value());
            }
            return event || chunk;
        }
    }

    Nodes(World world) {
        this.world = world;
        for (int number = 1 + world.random().nextInt(2); number > 0; number--) {
            nodes.add(new Node());
        }
    }

    @Override
    public boolean step() {
        int from = world.random().nextInt(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get((from + i) % nodes.size()).step()) {
                return true;
            }
        }
        return false;
    }

    /** A replay waits: others go on meanwhile. */
    private void pause(Duration time) {
        replayNanos += time.toNanos();
        if (world.random().nextBoolean()) {
            boolean _ = world.readModel.step();
        }
        if (world.random().nextBoolean()) {
            boolean _ = nodes.get(world.random().nextInt(nodes.size())).read();
        }
    }

    /** A client's connection to one node. */
    record Connection(FeedNode feed, FeedNode.Client client, long joinedAtSequence) {}

    Connection connect(ConversationKey conversation, Optional<String> cursor, int queueBytes) {
        FeedNode feed = nodes.get(world.random().nextInt(nodes.size())).feed;
        long sequence = feed.sequence(conversation);
        return new Connection(feed, feed.new Client(conversation, cursor, queueBytes), sequence);
    }

    /** Whether the node at the other end is still there. */
    boolean alive(Connection connection) {
        return nodes.stream().anyMatch(node -> node.feed == connection.feed());
    }
}
