package dev.parley.faults.simulation;

import static dev.parley.faults.simulation.Violation.unless;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.ConversationKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Clients that read the bytes of the event stream as a browser does: some from the beginning, some from a snapshot, some
 * without a cursor; fast, slow, and cut off anywhere, whereupon they go on from their last id at any node.
 */
final class Clients implements Actor {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<Start> STARTS = List.of(Start.values());
    private static final int[] QUEUE_BYTES = {1 << 20, 4_000, 1_000};
    private static final Set<String> GAPS = Set.of("archive_unavailable", "archive_behind", "cursor_ahead");

    private final World world;
    private final List<Client> clients = new ArrayList<>();

    Clients(World world) {
        this.world = world;
        for (int number = 2 + world.random().nextInt(3); number > 0; number--) {
            clients.add(new Client("client-" + number));
        }
    }

    @Override
    public boolean step() {
        int from = world.random().nextInt(clients.size());
        for (int i = 0; i < clients.size(); i++) {
            if (clients.get((from + i) % clients.size()).step()) {
                return true;
            }
        }
        return false;
    }

    boolean caughtUp() {
        return clients.stream().allMatch(Client::caughtUp);
    }

    String late() {
        return " late: "
                + clients.stream()
                        .filter(client -> !client.caughtUp())
                        .map(client -> client.name)
                        .toList();
    }

    /** Everybody shows what the log says. */
    void atRest() {
        clients.forEach(Client::atRest);
    }

    private enum Start {
        FROM_THE_BEGINNING,
        WITHOUT_A_CURSOR,
        FROM_A_SNAPSHOT
    }

    private final class Client {
        private final String name;
        private final ConversationKey conversation = world.anyConversation();
        private final Start start = STARTS.get(world.random().nextInt(STARTS.size()));
        private final int queueBytes = QUEUE_BYTES[world.random().nextInt(QUEUE_BYTES.length)];
        private final int slowness = 1 + world.random().nextInt(8);
        private final Map<String, Shown> answers = new HashMap<>();
        private Nodes.@Nullable Connection connection;
        private @Nullable String lastId;
        private long sequence;

        /** Up to here events come as they concern the running turn; later ones without a hole. */
        private long joinedAt;

        Client(String name) {
            this.name = name;
        }

        boolean step() {
            Nodes.Connection at = connection;
            if (at == null) {
                return connect();
            }
            if (!world.nodes.alive(at) || at.client().isCutOff()) {
                disconnect("is cut off");
                return true;
            }
            if (!world.faults().equals(Faults.NONE) && world.random().nextInt(slowness) > 0) {
                return true;
            }
            List<byte[]> frames = at.client().read(1 + world.random().nextInt(6));
            for (byte[] frame : planted(frames)) {
                take(new String(frame, StandardCharsets.UTF_8));
                if (connection == null) {
                    return true;
                }
            }
            if (world.strikes(world.faults().cutPerMille())) {
                disconnect("is cut");
                return true;
            }
            return !frames.isEmpty();
        }

        private boolean connect() {
            Optional<String> cursor = Optional.ofNullable(lastId);
            if (lastId == null) {
                switch (start) {
                    case FROM_THE_BEGINNING -> cursor = Optional.of("0");
                    case WITHOUT_A_CURSOR -> {}
                    case FROM_A_SNAPSHOT -> {
                        if (!reload()) {
                            return true;
                        }
                        cursor = Optional.of(Long.toString(sequence));
                    }
                }
            }
            connection = world.nodes.connect(conversation, cursor, queueBytes);
            joinedAt = cursor.isPresent() ? 0 : connection.joinedAtSequence();
            world.trace(name + " reads " + conversation + " after " + cursor.orElse("nothing"));
            return true;
        }

        /** Loads the conversation anew; false where the database is away. */
        private boolean reload() {
            if (world.readModel.away()) {
                return false;
            }
            answers.clear();
            sequence = 0;
            for (ConversationEvent event : world.readModel.snapshot(conversation)) {
                Invariants.fold(event, answers);
                sequence = event.getSequence();
            }
            return true;
        }

        private void disconnect(String how) {
            world.trace(name + " " + how + " after " + lastId);
            if (connection != null) {
                connection.client().cut();
            }
            connection = null;
        }

        private void take(String frame) {
            String[] lines = frame.split("\n", -1);
            String id = value(lines[0], "id: ");
            String type = value(lines[1], "event: ");
            JsonNode data;
            try {
                data = JSON.readTree(value(lines[2], "data: "));
            } catch (JsonProcessingException e) {
                throw new Violation(name + " cannot read " + frame);
            }
            if (world.tracing()) {
                world.trace(name + " <- " + id + " " + type + " " + lines[2]);
            }
            unless(data.path("type").asText().equals(type), "%s: types differ: %s", name, frame);
            if (type.equals("feed.gap")) {
                gap(data.path("reason").asText());
                return;
            }
            show(type, data);
            long at = Long.parseLong(id.contains(".") ? id.substring(0, id.indexOf('.')) : id);
            if (sequence < joinedAt && at <= joinedAt) {
                sequence = Math.max(sequence, at);
            }
            unless(at == sequence, "%s: the cursor %s is not after event %s", name, id, sequence);
            lastId = id;
        }

        private void gap(String reason) {
            unless(GAPS.contains(reason), "%s: a gap: %s", name, reason);
            disconnect("has a gap, " + reason + ",");
            lastId = reload() ? Long.toString(sequence) : lastId;
        }

        private void show(String type, JsonNode data) {
            String messageId = data.path("messageId").asText();
            switch (type) {
                case "message.started" -> {
                    Shown shown = running(messageId, type);
                    unless(
                            shown.nextSeq == 0 && shown.text.isEmpty(),
                            "%s: %s starts anew, and nobody said that '%s' is void",
                            name,
                            messageId,
                            shown.text);
                    shown.attempt = data.path("attempt").asInt();
                }
                case "message.delta", "tool.arguments" -> {
                    Shown shown = running(messageId, type);
                    unless(
                            data.path("attempt").asInt() == shown.attempt
                                    && data.path("seq").asInt() == shown.nextSeq,
                            "%s: %s of attempt %d goes on after delta %d with %s",
                            name,
                            messageId,
                            shown.attempt,
                            shown.nextSeq - 1,
                            data);
                    shown.nextSeq++;
                    shown.text.append(data.path("text").asText(""));
                    world.invariants.shows(
                            conversation, name, data.path("turnId").asText(), shown);
                }
                case "message.reset" -> running(messageId, type).clear();
                case "message.snapshot" -> {
                    Shown shown = running(messageId, type);
                    shown.clear();
                    shown.attempt = data.path("attempt").asInt();
                    shown.nextSeq = data.path("seq").asInt() + 1;
                    shown.text.append(data.path("text").asText());
                    world.invariants.shows(
                            conversation, name, data.path("turnId").asText(), shown);
                }
                default -> event(type, data, messageId);
            }
        }

        private Shown running(String messageId, String type) {
            if (start == Start.WITHOUT_A_CURSOR) {
                // Joined in the middle of a turn whose start its node has forgotten.
                answers.computeIfAbsent(messageId, Shown::new);
            }
            Shown shown = answers.get(messageId);
            if (shown == null) {
                throw new Violation(name + ": " + type + " of " + messageId + ", which has not started");
            }
            unless(shown.ending == null, "%s: %s of %s, which is over", name, type, messageId);
            return shown;
        }

        private void event(String type, JsonNode data, String messageId) {
            long next = data.path("sequence").asLong();
            if (next <= joinedAt) {
                unless(next > sequence, "%s: event %d after event %d", name, next, sequence);
            } else {
                unless(next == Math.max(sequence, joinedAt) + 1, "%s: event %d after event %d", name, next, sequence);
            }
            sequence = next;
            switch (type) {
                case "turn.started" -> answers.put(messageId, new Shown(messageId));
                case "message.completed" -> {
                    Shown shown = running(messageId, type);
                    String content = data.path("content").asText();
                    unless(
                            content.startsWith(shown.text.toString()),
                            "%s: %s showed '%s', and ends as '%s'",
                            name,
                            messageId,
                            shown.text,
                            content);
                    shown.end(type, content);
                }
                case "turn.failed", "turn.cancelled" ->
                    answers.computeIfAbsent(messageId, Shown::new)
                            .end(type, data.path("content").asText());
                default -> {
                    unless(!type.equals("conversation.changed"), "%s: an event of no known type: %s", name, data);
                }
            }
        }

        boolean caughtUp() {
            return connection != null
                    && connection.client().isEmpty()
                    && (Math.max(sequence, joinedAt) == world.invariants.sequence(conversation));
        }

        void atRest() {
            Map<String, Shown> truth = world.invariants.answersOf(conversation);
            for (Shown shown : answers.values()) {
                Shown told = truth.get(shown.messageId);
                unless(
                        told != null
                                && shown.ending != null
                                && Objects.equals(shown.ending, told.ending)
                                && shown.text.compareTo(told.text) == 0,
                        "%s: shows %s as %s '%s', and the log says %s",
                        name,
                        shown.messageId,
                        shown.ending,
                        shown.text,
                        told == null ? "nothing" : told.ending + " '" + told.text + "'");
            }
            if (start == Start.FROM_THE_BEGINNING) {
                unless(answers.keySet().equals(truth.keySet()), "%s: shows only %s", name, answers.keySet());
            }
        }

        private List<byte[]> planted(List<byte[]> frames) {
            List<byte[]> changed = new ArrayList<>(frames);
            for (int i = 0; i < changed.size(); i++) {
                String frame = new String(changed.get(i), StandardCharsets.UTF_8);
                boolean delta = frame.contains("event: message.delta") || frame.contains("event: tool.arguments");
                boolean event = frame.contains("\"sequence\":");
                boolean followed = i + 1 < changed.size();
                if (delta && world.plants(Plant.DOUBLED_DELTA)) {
                    changed.add(i, changed.get(i));
                } else if ((delta && followed && world.plants(Plant.LOST_DELTA))
                        || (event && followed && world.plants(Plant.LOST_FRAME))
                        || (frame.contains("event: message.reset") && followed && world.plants(Plant.MISSED_RESET))) {
                    changed.remove(i);
                } else if (followed && (delta || event) && world.plants(Plant.REORDERED_FRAMES)) {
                    changed.add(i + 1, changed.remove(i));
                }
            }
            return changed;
        }
    }

    private static String value(String line, String name) {
        unless(line.startsWith(name), "a frame has '%s' where '%s' belongs", line, name);
        return line.substring(name.length());
    }
}
