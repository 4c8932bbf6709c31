package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.FaultyProxy.Treatment;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Submission;
import dev.parley.faults.Trial.Question;
import dev.parley.stack.scripted.Script;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/** Clients that are slow, cut off, or ask for what there is not. */
final class StreamFaults {

    private static final int PART_CHARS = 20_000;
    private static final int PARTS = 90;
    private static final int BIG_ANSWERS = 6;
    private static final int HEAP_LOOKS = 5;
    private static final Duration BETWEEN_HEAP_LOOKS = Duration.ofMillis(300);
    private static final long LEAN_FEED_BYTES = 2L * 1024 * 1024;

    /**
     * The feed's memory again, the full queues of three clients, and some for what is just being read and written. The answers
     * come to more than that, and each is in the log twice: in deltas and whole.
     */
    private static final long MOST_HEAP_GROWTH_BYTES = LEAN_FEED_BYTES + 3 * 256 * 1024 + 4 * 1024 * 1024;

    private static final String ACME = "Authorization: Bearer acme-key-0001\r\n";
    private static final String UMBRELLA = "Authorization: Bearer umbrella-key-0001\r\n";

    private StreamFaults() {}

    static void slowClients(Trial trial) {
        String conversation = trial.conversation();
        Cluster.Node node = lean(trial);
        Follower healthy = trial.follow(conversation, true, connection -> node.url());
        // Fills the feed's memory, and has everything in use once, before the heap is looked at.
        String first = askBig(trial, conversation, 0);
        trial.await("the healthy client's first answer", () -> healthy.hasSeenEndOf(first));
        FaultyProxy trickling = FaultyProxy.before(
                node.url(),
                connection -> connection == 0 ? new Treatment.Trickle(Duration.ofSeconds(1)) : new Treatment.Pass());
        int halfOpenAfter = trial.chance().between(200, 20_000);
        FaultyProxy halfOpen = FaultyProxy.before(
                node.url(),
                connection -> connection == 0 ? new Treatment.HalfOpenAfter(halfOpenAfter) : new Treatment.Pass());
        trial.afterwards(trickling::close);
        trial.afterwards(halfOpen::close);
        Follower _ = trial.follow(conversation, true, connection -> trickling.url());
        Follower _ = trial.follow(conversation, true, connection -> halfOpen.url());
        // At 1 byte/s not even the head arrives for minutes: only the server can tell that it serves them.
        trial.await(
                "both bad clients",
                () -> trickling.connections() > 0
                        && halfOpen.connections() > 0
                        && trial.cluster().metric(node, "parley_sse_connections") >= 3);
        double before = cutOff(trial, node);
        long heapBefore = lastingHeapBytes(node);
        String turn = "";
        for (int i = 0; i < BIG_ANSWERS; i++) {
            turn = askBig(trial, conversation, i);
        }
        String last = turn;
        trial.await("the healthy client's last answer", () -> healthy.hasSeenEndOf(last));
        long grown = lastingHeapBytes(node) - heapBefore;
        trial.expect(
                grown <= MOST_HEAP_GROWTH_BYTES,
                "%d KiB more of heap are in use after %d KiB of answers, where %d are allowed"
                        .formatted(
                                grown / 1024,
                                (long) BIG_ANSWERS * PARTS * PART_CHARS / 1024,
                                MOST_HEAP_GROWTH_BYTES / 1024));
        trial.worst(
                "KiB more of heap in use after " + (long) BIG_ANSWERS * PARTS * PART_CHARS / 1024 + " KiB of answers",
                grown / 1024);
        trial.await("two clients cut off at " + node.name(), () -> cutOff(trial, node) >= before + 2);
        trial.count("clients dropped at the deadline or the bound", (long) (cutOff(trial, node) - before));
        trickling.heal();
        halfOpen.heal();
    }

    /**
     * The heap in use, without what is only passing through: a client that comes back is told what it missed, which takes a
     * moment and may take several queues' worth. What a slow client holds up stays until it is cut off.
     */
    private static long lastingHeapBytes(Cluster.Node node) {
        long least = Long.MAX_VALUE;
        for (int look = 0; look < HEAP_LOOKS; look++) {
            least = Math.min(least, node.process().liveHeapBytes());
            Cluster.pause(BETWEEN_HEAP_LOOKS);
        }
        return least;
    }

    private static String askBig(Trial trial, String conversation, int front) {
        String ask = trial.name("big");
        Question question = new Question(
                conversation,
                "key-" + ask,
                ask,
                trial.model().ask(ask, call -> Script.tokens(parts(ask, call)).pacedAt(Duration.ofMillis(10))),
                Trial.COMPLETES,
                Set.of());
        return trial.sendUntilAcknowledged(question, front).turnId();
    }

    /** A front door of this trial's own, whose feed remembers little, so that what is kept beside it shows. */
    private static Cluster.Node lean(Trial trial) {
        Cluster.Node node =
                further(trial, "lean-front", Map.of("PARLEY_FEED_MEMORY_BYTES", Long.toString(LEAN_FEED_BYTES)));
        trial.afterwards(() -> trial.cluster().remove(node));
        return node;
    }

    private static Cluster.Node further(Trial trial, String name, Map<String, String> settings) {
        for (Cluster.Node node : trial.cluster().nodes()) {
            if (node.name().equals(name)) {
                return node;
            }
        }
        Cluster.Node node = trial.cluster().add(name, "ingest", settings);
        node.process().start();
        trial.cluster().awaitReady(node);
        return node;
    }

    private static double cutOff(Trial trial, Cluster.Node node) {
        // A half-open client of its own closes its side after some silence; the server's deadline comes before that.
        return trial.cluster().metric(node, "parley_sse_ended_total{reason=\"too_slow\"")
                + trial.cluster().metric(node, "parley_sse_ended_total{reason=\"too_far_behind\"");
    }

    private static List<String> parts(String ask, int call) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < PARTS; i++) {
            String word = ask + "#" + call + "." + i + " ";
            parts.add(word.repeat(PART_CHARS / word.length()));
        }
        return parts;
    }

    static void cutEverywhere(Trial trial) {
        String conversation = trial.conversation();
        int faulty = trial.brief() ? 30 : 70;
        List<FaultyProxy> single = proxies(trial, connection -> new Treatment.CutAfterFrames(1), faulty);
        int most = trial.chance().between(2, 6);
        List<FaultyProxy> some =
                proxies(trial, connection -> new Treatment.CutAfterFrames(1 + connection % most), faulty);
        List<Integer> bytes = new ArrayList<>();
        for (int i = 0; i < faulty; i++) {
            bytes.add(trial.chance().between(1, 1_500));
        }
        List<FaultyProxy> anywhere =
                proxies(trial, connection -> new Treatment.CutAfterBytes(bytes.get(connection)), faulty);
        Follower one = trial.follow(
                conversation, true, connection -> single.get(connection % 2).url());
        Follower newcomer = trial.follow(
                conversation, false, connection -> some.get(connection % 2).url());
        Follower two = trial.follow(
                conversation, true, connection -> anywhere.get(connection % 2).url());
        int turns = trial.chance().between(1, 2);
        for (int i = 0; i < turns; i++) {
            Question question = trial.question(
                    conversation,
                    trial.chance().between(10, 25),
                    Duration.ofMillis(trial.chance().between(30, 250)));
            String turn = trial.sendUntilAcknowledged(question, i).turnId();
            for (Follower follower : List.of(one, newcomer, two)) {
                trial.await(follower + " at the end", () -> follower.hasSeenEndOf(turn));
            }
        }
        List<FaultyProxy> all = new ArrayList<>(single);
        all.addAll(some);
        all.addAll(anywhere);
        trial.count("connections cut", all.stream().mapToInt(FaultyProxy::cuts).sum());
        trial.expect(
                single.stream().mapToInt(FaultyProxy::cuts).sum() > 0
                        && some.stream().mapToInt(FaultyProxy::cuts).sum() > 0
                        && anywhere.stream().mapToInt(FaultyProxy::cuts).sum() > 0,
                "a client was not cut off at all");
    }

    /** Before each front door one, with the treatment for the first connections. */
    private static List<FaultyProxy> proxies(Trial trial, IntFunction<Treatment> treatment, int faulty) {
        List<FaultyProxy> proxies = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            FaultyProxy proxy = FaultyProxy.before(
                    trial.front(i),
                    connection -> connection < faulty ? treatment.apply(connection) : new Treatment.Pass());
            trial.afterwards(proxy::close);
            proxies.add(proxy);
        }
        return proxies;
    }

    static void badCursors(Trial trial) {
        String conversation = trial.conversation();
        Question question = trial.question(conversation, trial.chance().between(5, 20), Duration.ofMillis(20));
        String turn = trial.sendUntilAcknowledged(question, 0).turnId();
        Follower follower = trial.follow(conversation);
        trial.await("the answer", () -> follower.hasSeenEndOf(turn));
        for (String garbage : List.of("junk", "-1", "1.2.3.4", "9999999999999999999999", "1.x", "%20", "t1.AAAA")) {
            refused(trial, trial.front(trial.chance().between(0, 1)), conversation, garbage, "", 400, "invalid_cursor");
        }
        fromTheFuture(trial, conversation);
        Cluster.Node keyed = keyed(trial);
        Submission secret = ofAcme(trial, keyed, 4);
        ofAnotherTenant(trial, keyed, secret);
        olderThanMemory(trial, keyed, secret);
    }

    private static void refused(
            Trial trial, URI front, String conversation, String cursor, String headers, int status, String code) {
        try (EventStream stream =
                EventStream.open(front, events(conversation), Optional.of(cursor), headers, Duration.ofSeconds(8))) {
            trial.expect(false, "cursor " + cursor + " was served: " + stream.next());
        } catch (EventStream.RefusedException e) {
            trial.count("cursors refused");
            trial.expect(
                    e.status() == status && e.body().contains(code),
                    "cursor " + cursor + " was refused with " + e.status() + " " + e.body());
        } catch (IOException e) {
            trial.expect(false, "cursor " + cursor + " led to " + e);
        }
    }

    private static String events(String conversation) {
        return "/api/conversations/" + conversation + "/events";
    }

    private static void fromTheFuture(Trial trial, String conversation) {
        String future = Integer.toString(trial.chance().between(1_000, 1_000_000));
        try (EventStream stream = EventStream.open(
                trial.front(trial.chance().between(0, 1)),
                events(conversation),
                Optional.of(future),
                "",
                Duration.ofSeconds(8))) {
            EventStream.Frame first = stream.next();
            trial.count("cursors from the future");
            trial.expect(
                    first != null
                            && first.type().equals("feed.gap")
                            && first.data().contains("\"reload\""),
                    "a cursor from the future is answered with " + first);
        } catch (IOException e) {
            trial.expect(false, "a cursor from the future led to " + e);
        }
    }

    /** A front door with two tenants and little memory, kept for later trials. */
    private static Cluster.Node keyed(Trial trial) {
        return further(
                trial,
                "keyed-front",
                Map.of(
                        "PARLEY_API_KEYS",
                        "acme=acme-key-0001,umbrella=umbrella-key-0001",
                        "PARLEY_FEED_MEMORY_BYTES",
                        Integer.toString(1024 * 1024)));
    }

    /** A conversation of a tenant with a key, answered. */
    private static Submission ofAcme(Trial trial, Cluster.Node node, int words) {
        String id = trial.name("acme");
        Map<String, String> key = Map.of("Authorization", "Bearer acme-key-0001");
        trial.await(
                "a conversation of a tenant",
                () -> trial.user()
                        .post(node.url(), "/api/conversations", Map.of("id", id), key)
                        .acknowledged());
        String ask = trial.name("q");
        String content = trial.model().ask(ask, call -> Model.words(ask, call, words));
        ChatUser.Answer answer = trial.user()
                .post(
                        node.url(),
                        "/api/conversations/" + id + "/messages",
                        Map.of("content", content),
                        Map.of("Authorization", "Bearer acme-key-0001", "Idempotency-Key", ask));
        JsonNode body = answer.body().orElseThrow();
        Submission submission = new Submission(
                id,
                body.path("messageId").asText(),
                body.path("turnId").asText(),
                content,
                ask,
                Trial.COMPLETES,
                Set.of(),
                answer.outcome());
        trial.expect(answer.outcome() instanceof Outcome.Acknowledged, "a tenant's message was not taken");
        trial.sent(submission);
        List<EventStream.Frame> frames = replay(trial, node, id);
        trial.expect(
                !frames.isEmpty() && frames.getLast().type().equals("message.completed"),
                "a tenant's answer is not to be seen");
        return submission;
    }

    /** A tenant's frames from the first event to the answer's end. */
    private static List<EventStream.Frame> replay(Trial trial, Cluster.Node node, String conversation) {
        List<EventStream.Frame> frames = new ArrayList<>();
        try (EventStream stream =
                EventStream.open(node.url(), events(conversation), Optional.of("0"), ACME, Duration.ofSeconds(30))) {
            for (EventStream.Frame frame = stream.next(); frame != null; frame = stream.next()) {
                frames.add(frame);
                if (frame.type().equals("message.completed") || frame.type().equals("feed.gap")) {
                    break;
                }
            }
        } catch (IOException e) {
            trial.expect(false, "the replay of " + conversation + " broke: " + e);
        }
        return frames;
    }

    private static void ofAnotherTenant(Trial trial, Cluster.Node node, Submission secret) {
        for (String cursor : List.of("0", "2", "3.1.0")) {
            try (EventStream stream = EventStream.open(
                    node.url(), events(secret.conversation()), Optional.of(cursor), UMBRELLA, Duration.ofSeconds(3))) {
                EventStream.Frame first = stream.next();
                trial.count("cursors of another tenant");
                trial.expect(
                        first == null || first.type().equals("feed.gap"),
                        "a stranger's cursor " + cursor + " is served with " + first);
            } catch (EventStream.RefusedException e) {
                trial.count("cursors of another tenant");
                trial.expect(e.status() == 404, "a stranger's cursor was refused with " + e.status());
            } catch (SocketTimeoutException e) {
                trial.expect(false, "a stranger's cursor " + cursor + " is met with silence");
            } catch (IOException e) {
                trial.expect(false, "a stranger's cursor led to " + e);
            }
        }
    }

    /** Fills the small memory with another conversation; then the first one has to come from Postgres. */
    private static void olderThanMemory(Trial trial, Cluster.Node node, Submission old) {
        List<EventStream.Frame> before = replay(trial, node, old.conversation());
        String conversation = trial.conversation();
        Follower follower = trial.follow(conversation);
        for (int i = 0; i < 2; i++) {
            String ask = trial.name("big");
            Question question = new Question(
                    conversation,
                    "key-" + ask,
                    ask,
                    trial.model()
                            .ask(ask, call -> Script.tokens(parts(ask, call).subList(0, 40))),
                    Trial.COMPLETES,
                    Set.of());
            String turn = trial.sendUntilAcknowledged(question, i).turnId();
            trial.await("a long answer", () -> follower.hasSeenEndOf(turn));
        }
        double archived = fromArchive(trial, node);
        List<EventStream.Frame> after = replay(trial, node, old.conversation());
        trial.expect(
                fromArchive(trial, node) > archived, "an old cursor was not served from Postgres, but from memory");
        trial.count("cursors older than the memory");
        trial.expect(
                logged(after).equals(logged(before)),
                "from Postgres comes " + logged(after) + " where memory had " + logged(before));
    }

    private static double fromArchive(Trial trial, Cluster.Node node) {
        return trial.cluster().metric(node, "parley_feed_replays_total{source=\"archive\"");
    }

    private static List<String> logged(List<EventStream.Frame> frames) {
        return frames.stream()
                .filter(frame -> frame.data().contains("\"sequence\""))
                .map(frame -> frame.type() + " " + frame.data())
                .toList();
    }
}
