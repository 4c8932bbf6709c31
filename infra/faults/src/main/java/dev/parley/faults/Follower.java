package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.History.ClientRecord;
import dev.parley.faults.History.Seen;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A client of one conversation's event stream, as the documentation has clients be: it comes back with its last id after
 * every cut, and loads the snapshot after a gap. One without a cursor loads the snapshot whenever it comes back. It writes
 * down all that happens, and judges nothing. A virtual thread of its own follows; the record may be read at any time.
 */
final class Follower implements AutoCloseable {

    private static final Duration SILENCE = Duration.ofSeconds(8);
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Set<String> ENDS = Set.of("message.completed", "turn.failed", "turn.cancelled");

    private final String name;
    private final String conversation;
    private final boolean withCursor;
    private final IntFunction<URI> servers;
    private final ChatUser user = new ChatUser();
    private final List<Seen> seen = new ArrayList<>();
    private final Set<String> ended = new HashSet<>();
    private final Thread thread;
    private long lastSequence;
    private int deltas;
    private int connections;
    private String cursor = "0";
    private volatile boolean closing;
    private volatile @Nullable EventStream open;

    private Follower(String name, String conversation, boolean withCursor, IntFunction<URI> servers) {
        this.name = name;
        this.conversation = conversation;
        this.withCursor = withCursor;
        this.servers = servers;
        this.thread = Thread.ofVirtual().name("follower-" + name).unstarted(this::run);
    }

    /**
     * Follows from the first event, or from now on and without a cursor.
     *
     * @param servers by number of the connection, from 0
     */
    static Follower start(String name, String conversation, boolean withCursor, IntFunction<URI> servers) {
        Follower follower = new Follower(name, conversation, withCursor, servers);
        follower.thread.start();
        return follower;
    }

    private void run() {
        int connection = 0;
        while (!closing) {
            URI server = servers.apply(connection++);
            try {
                if (!withCursor && !reload(server)) {
                    pause();
                    continue;
                }
                follow(server);
            } catch (EventStream.RefusedException e) {
                note(new Seen.Broke(e.status() + " " + e.body()));
            } catch (IOException e) {
                note(new Seen.Broke(e.getClass().getSimpleName()));
            }
            pause();
        }
    }

    private void follow(URI server) throws IOException {
        Optional<String> from = withCursor ? Optional.of(cursor) : Optional.empty();
        try (EventStream stream =
                EventStream.open(server, "/api/conversations/" + conversation + "/events", from, "", SILENCE)) {
            open = stream;
            note(new Seen.Connected(from));
            if (!withCursor) {
                lookAgain(stream);
            }
            for (EventStream.Frame frame = stream.next(); frame != null && !closing; frame = stream.next()) {
                JsonNode fields = ChatUser.MAPPER.readTree(frame.data());
                if (frame.type().equals("feed.gap") && withCursor) {
                    note(new Seen.Frame(frame.type(), frame.id(), fields));
                    if (reload(server)) {
                        return;
                    }
                    continue;
                }
                take(frame, fields);
            }
            note(new Seen.Broke("end of stream"));
        } finally {
            open = null;
        }
    }

    /**
     * One without a cursor may have missed the end between snapshot and stream: it soon closes a stream that has nothing new,
     * and looks again. Comments keep a connection from being silent, so they do not count.
     */
    private void lookAgain(EventStream stream) {
        Thread.ofVirtual().name("patience-" + name).start(() -> {
            int before = -1;
            try {
                while (open == stream && before != seenSoFar()) {
                    before = seenSoFar();
                    Thread.sleep(PATIENCE);
                }
                stream.close();
            } catch (InterruptedException | IOException e) {
                // It is closed anyway.
            }
        });
    }

    private synchronized int seenSoFar() {
        return seen.size();
    }

    private synchronized void take(EventStream.Frame frame, JsonNode fields) {
        seen.add(new Seen.Frame(frame.type(), frame.id(), fields));
        cursor = frame.id();
        if (fields.has("sequence")) {
            lastSequence = fields.path("sequence").asLong();
        }
        if (frame.type().equals("message.delta")) {
            deltas++;
        }
        if (ENDS.contains(frame.type())) {
            ended.add(fields.path("turnId").asText());
        }
        notifyAll();
    }

    /** Loads the snapshot, and goes on from there. */
    private boolean reload(URI server) {
        Optional<JsonNode> snapshot =
                user.get(server, "/api/conversations/" + conversation, Map.of()).body();
        if (snapshot.isEmpty() || !snapshot.get().has("cursor")) {
            return false;
        }
        synchronized (this) {
            cursor = snapshot.get().path("cursor").asText();
            lastSequence = Long.parseLong(cursor);
            seen.add(new Seen.Reloaded(lastSequence, snapshot.get().path("messages")));
            // What it shows from now on is the snapshot, which may be older than what it has seen.
            ended.clear();
            for (JsonNode message : snapshot.get().path("messages")) {
                String status = message.path("status").asText();
                if (Set.of("completed", "failed", "cancelled").contains(status)) {
                    ended.add(message.path("turnId").asText());
                }
            }
            notifyAll();
        }
        return true;
    }

    private synchronized void note(Seen what) {
        seen.add(what);
        if (what instanceof Seen.Connected) {
            connections++;
        }
        notifyAll();
    }

    private void pause() {
        if (!closing) {
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                closing = true;
            }
        }
    }

    String conversation() {
        return conversation;
    }

    synchronized int deltas() {
        return deltas;
    }

    synchronized int connections() {
        return connections;
    }

    synchronized boolean hasSeen(long sequence) {
        return lastSequence >= sequence;
    }

    synchronized boolean hasSeenEndOf(String turnId) {
        return ended.contains(turnId);
    }

    boolean followsWithCursor() {
        return withCursor;
    }

    synchronized ClientRecord record() {
        return new ClientRecord(name, conversation, withCursor, seen);
    }

    /** Cuts the connection that is open now, from this side. */
    void cut() {
        EventStream stream = open;
        if (stream != null) {
            try {
                stream.close();
            } catch (IOException e) {
                // It is cut, one way or the other.
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        cut();
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
