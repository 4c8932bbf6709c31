package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.History.Seen;
import dev.parley.faults.Trial.Question;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Two versions: the last release and today's build, beside each other or one after the other. */
final class VersionFaults {

    private static final Duration SILENCE = Duration.ofSeconds(20);
    /** How many of a client's places in one event stream are tried. */
    private static final int PLACES = 15;

    private static final Duration BETWEEN_TURNS = Duration.ofMillis(500);

    /** What counts the work of each role, at its port for metrics. */
    private static final Map<String, String> WORK = Map.of(
            "topologies", "parley_conversation_events_total",
            "llm", "parley_llm_attempts_total",
            "sinks", "parley_sink_events_total",
            "ingest", "parley_http_requests_seconds_count");

    private static final List<String> ROLES = WORK.keySet().stream().sorted().toList();

    private VersionFaults() {}

    /**
     * To a cluster of the release come processes of today's build, one of each role, and then those of the release go, or go on as
     * today's: each time one after the other in an order of the seed, while turns run and everything is followed. In between both
     * are there, until each has worked beside its neighbour of the other version.
     */
    static void mixedVersions(Trial trial) {
        Cluster cluster = trial.cluster();
        List<Cluster.Node> released = List.copyOf(cluster.nodes());
        List<String> conversations = ProcessFaults.load(trial, 30, 60);
        trial.awaitDeltas(1);
        cluster.provision(Build.today());
        for (String role : trial.chance().shuffled(ROLES)) {
            askOne(trial, conversations);
            Cluster.Node node = cluster.add(role + "-2", role, Map.of());
            node.process().runFrom(Build.today());
            node.process().start();
            cluster.awaitReady(node);
            trial.count("processes of today's build that joined the release's");
        }
        together(trial, conversations);
        InputFaults.during(trial);
        for (Cluster.Node node : trial.chance().shuffled(released)) {
            askOne(trial, conversations);
            if (trial.brief()) {
                cluster.remove(node);
                trial.count("processes of the release that left");
            } else {
                cluster.replace(node, Build.today());
                trial.count("processes of the release replaced by today's");
            }
        }
        ProcessFaults.askAll(trial, conversations);
    }

    /** Most of the answer is still to be said when this returns. */
    private static void askOne(Trial trial, List<String> conversations) {
        ProcessFaults.ask(trial, trial.chance().one(conversations), 20, 50);
        trial.chance().pauseMillis(0, 500);
    }

    /**
     * Turns, until every process has had a part in them. A conversation is one process's of each role, so that more of them begin
     * while a process has had none.
     */
    private static void together(Trial trial, List<String> conversations) {
        Map<Cluster.Node, Double> before = new HashMap<>();
        trial.cluster().nodes().forEach(node -> before.put(node, work(trial, node)));
        conversations.forEach(conversation -> askBeside(trial, conversation));
        Set<String> idle = new TreeSet<>();
        trial.await(() -> "work of " + idle + " beside a process of the other version", () -> {
            Cluster.pause(BETWEEN_TURNS);
            idle.clear();
            before.forEach((node, done) -> {
                if (work(trial, node) <= done) {
                    idle.add(node.name());
                }
            });
            if (!idle.isEmpty()) {
                String another = trial.conversation();
                Follower _ = trial.follow(another);
                askBeside(trial, another);
            }
            return idle.isEmpty();
        });
    }

    private static void askBeside(Trial trial, String conversation) {
        ProcessFaults.ask(trial, conversation, 3, 8);
        trial.count("turns while both versions ran");
    }

    private static double work(Trial trial, Cluster.Node node) {
        String role = node.name().substring(0, node.name().indexOf('-'));
        return trial.cluster().metric(node, String.valueOf(WORK.get(role)));
    }

    /**
     * {@code up} of the release is killed with a turn running, and today's is started on its data directory: what was read
     * before is read again as it was, and every place in an event stream that a client was at is still one.
     */
    static void upgradeInPlace(Trial trial) {
        Standalone standalone = trial.standalone();
        Map<String, Follower> followers = new LinkedHashMap<>();
        int count = trial.chance().between(2, 3);
        for (int i = 0; i < count; i++) {
            String conversation = trial.conversation();
            followers.put(conversation, trial.follow(conversation));
            ProcessFaults.ask(trial, conversation, 5, 30);
            ProcessFaults.ask(trial, conversation, 3, 20);
        }
        Map<String, JsonNode> before = new LinkedHashMap<>();
        followers.forEach((conversation, follower) -> trial.await("the answers in a snapshot", () -> {
            trial.snapshot(conversation)
                    .filter(snapshot -> isWhole(snapshot) && follower.hasSeen(sequence(snapshot)))
                    .ifPresent(snapshot -> before.put(conversation, snapshot));
            return before.containsKey(conversation);
        }));
        Map<String, List<Seen.Frame>> told = new LinkedHashMap<>();
        followers.forEach((conversation, follower) -> told.put(conversation, frames(follower)));

        String running = trial.conversation();
        Follower follower = trial.follow(running);
        Question question = trial.question(
                running,
                trial.chance().between(100, 150),
                Duration.ofMillis(trial.chance().between(30, 50)));
        var _ = trial.sendUntilAcknowledged(question, 0);
        if (trial.chance().percent(50)) {
            ProcessFaults.ask(trial, running, 3, 8);
        }
        int deltas = trial.chance().between(1, 30);
        trial.await("deltas of the turn that runs", () -> follower.deltas() >= deltas);
        standalone.kill();
        trial.count("kills -9 of the release with a turn running");
        standalone.startFrom(Build.today());

        before.forEach((conversation, snapshot) -> {
            JsonNode now = trial.snapshot(conversation).orElseThrow();
            trial.expect(says(now, snapshot), conversation + " was read as " + snapshot + " and is read as " + now);
            trial.count("conversations of the release read again");
        });
        told.forEach((conversation, frames) -> resume(trial, conversation, frames));
        ProcessFaults.askAll(trial, List.copyOf(followers.keySet()));
        ProcessFaults.ask(trial, running, 3, 8);
        trial.atRest(() -> trial.expect(
                trial.model().callsOf(question.ask()) > 1,
                question.ask() + " was asked " + trial.model().callsOf(question.ask()) + " times"));
    }

    /** Whether both questions have their answers in it. */
    private static boolean isWhole(JsonNode snapshot) {
        return snapshot.path("messages")
                        .valueStream()
                        .filter(message -> message.path("role").asText().equals("assistant"))
                        .filter(message -> message.path("status").asText().equals("completed"))
                        .count()
                == 2;
    }

    private static long sequence(JsonNode snapshot) {
        return Long.parseLong(snapshot.path("cursor").asText());
    }

    private static List<Seen.Frame> frames(Follower follower) {
        return follower.record().seen().stream()
                .filter(Seen.Frame.class::isInstance)
                .map(Seen.Frame.class::cast)
                .toList();
    }

    /**
     * From places that a client was at, what comes from the log is what came before. Of its ids only the sequences are: they also
     * say how far in the chunks a client has been told.
     */
    private static void resume(Trial trial, String conversation, List<Seen.Frame> told) {
        List<Integer> places = trial.chance()
                .shuffled(IntStream.range(0, told.size() - 1).boxed().toList());
        for (int i : places.subList(0, Math.min(PLACES, places.size()))) {
            List<Seen.Frame> logged = told.subList(i + 1, told.size()).stream()
                    .filter(frame -> frame.fields().has("sequence"))
                    .toList();
            String cursor = told.get(i).id();
            try (EventStream stream = EventStream.open(
                    trial.front(0),
                    "/api/conversations/" + conversation + "/events",
                    Optional.of(cursor),
                    "",
                    SILENCE)) {
                for (Seen.Frame expected : logged) {
                    Seen.Frame next = nextLogged(stream);
                    boolean same = next.type().equals(expected.type()) && says(next.fields(), expected.fields());
                    trial.expect(same, "after " + cursor + " came " + next + " where " + expected + " came before");
                }
                trial.count("cursors of the release's resumed");
            } catch (IOException e) {
                trial.fail("scenario", "after " + cursor + " of " + conversation + ": " + e);
            }
        }
    }

    private static Seen.Frame nextLogged(EventStream stream) throws IOException {
        while (true) {
            EventStream.Frame frame = stream.next();
            if (frame == null) {
                throw new IOException("the stream ends");
            }
            JsonNode fields = ChatUser.MAPPER.readTree(frame.data());
            if (fields.has("sequence") || frame.type().equals("feed.gap")) {
                return new Seen.Frame(frame.type(), frame.id(), fields);
            }
        }
    }

    /** Whether all that a version said is said by a later one, which may say more. */
    private static boolean says(JsonNode later, JsonNode earlier) {
        if (earlier.isObject()) {
            return earlier.propertyStream().allMatch(field -> says(later.path(field.getKey()), field.getValue()));
        }
        if (earlier.isArray()) {
            return later.size() == earlier.size()
                    && Stream.iterate(0, i -> i < earlier.size(), i -> i + 1)
                            .allMatch(i -> says(later.path(i), earlier.path(i)));
        }
        return later.equals(earlier);
    }
}
