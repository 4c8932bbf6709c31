package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.History.Ending;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Poison;
import dev.parley.faults.History.Submission;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import dev.parley.stack.scripted.Script;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * One scenario under one seed on an installation: its users, its followers, its model, and in the end its history. What the seed
 * decides is decided by {@link #chance}, on the thread that plays the scenario; so the same seed makes the same choices, while
 * the moments at which processes meet them are the machine's.
 */
final class Trial implements AutoCloseable {

    static final Set<Ending> COMPLETES = Set.of(Ending.COMPLETED);
    static final Set<Ending> FAILS = Set.of(Ending.FAILED);

    /** What is counted of every trial, beside what its scenario counts. */
    static final List<String> OF_ALL = List.of(
            "attempts after a generation's first",
            "chunks of attempts whose place another had taken",
            "messages",
            "events",
            "chunks",
            "calls of the model",
            "connections of clients");

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration RETRY = Duration.ofMillis(250);

    /** Tells apart the trials of one process, so that the same seed may be played again on a cluster. */
    private static final AtomicInteger TRIALS = new AtomicInteger();

    private final Installation installation;
    private final Chance chance;
    private final Mode mode;
    private final String prefix;
    private final ChatUser user = new ChatUser();
    private final LogReader log;
    private final Deeds deeds;
    private final List<Violation> violations = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final List<Thread> background = new ArrayList<>();
    private final Deque<Runnable> afterwards = new ArrayDeque<>();
    private final List<Runnable> atRest = new ArrayList<>();
    private final Map<String, Long> counts = new ConcurrentSkipListMap<>();
    private final Map<String, Long> worst = new ConcurrentSkipListMap<>();
    private int named;

    /**
     * How trials are played.
     *
     * @param brief with shorter waits and fewer processes
     * @param timed with bounds of time, for which a machine has to be left alone
     */
    record Mode(boolean brief, boolean timed) {}

    /** What a scenario waits for did not come. */
    static final class TimedOutException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TimedOutException(String what) {
            super("no sign of: " + what);
        }
    }

    Trial(Installation installation, long seed, Mode mode) {
        this.installation = installation;
        this.chance = new Chance(seed);
        this.mode = mode;
        this.prefix = "s" + seed + "t" + TRIALS.incrementAndGet() + "p"
                + Long.toString(ProcessHandle.current().pid(), 36);
        this.deeds = new Deeds(new Model(installation.model()));
        this.log = new LogReader(installation.kafka(), installation.topics());
    }

    /** What it is played on, for who reaches for its processes. */
    Cluster cluster() {
        return (Cluster) installation;
    }

    /** The same where it is {@code up}. */
    Standalone standalone() {
        return (Standalone) installation;
    }

    /** The choices of its seed. */
    Chance chance() {
        return chance;
    }

    Model model() {
        return deeds.model();
    }

    ChatUser user() {
        return user;
    }

    /** Whether the long waits are to be short. */
    boolean brief() {
        return mode.brief();
    }

    /** Whether this machine is left alone, so that a bound of time says something of Parley. */
    boolean timed() {
        return mode.timed();
    }

    /** A front door by number, round and round. */
    URI front(int number) {
        List<URI> fronts = installation.fronts();
        return fronts.get(Math.floorMod(number, fronts.size()));
    }

    String name(String what) {
        return prefix + what + named++;
    }

    /** Creates a conversation; whoever gets no answer asks again. */
    String conversation() {
        String id = name("c");
        int first = chance.between(0, 1);
        AtomicInteger tries = new AtomicInteger(first);
        await(
                "conversation " + id,
                () -> user.post(front(tries.getAndIncrement()), "/api/conversations", Map.of("id", id), Map.of())
                        .acknowledged());
        return id;
    }

    /** Follows a conversation from its first event, at a front door after the other. */
    Follower follow(String conversation) {
        int first = chance.between(0, 1);
        return follow(conversation, true, connection -> front(first + connection));
    }

    Follower follow(String conversation, boolean withCursor, IntFunction<URI> servers) {
        Follower follower = Follower.start(
                conversation
                        + (withCursor ? "-follower" : "-newcomer")
                        + deeds.followers().size(),
                conversation,
                withCursor,
                servers);
        deeds.followers().add(follower);
        return follower;
    }

    /** A message to be sent. */
    record Question(
            String conversation, String key, String ask, String content, Set<Ending> endings, Set<String> codes) {
        Question {
            endings = Set.copyOf(endings);
            codes = Set.copyOf(codes);
        }
    }

    Question question(String conversation, IntFunction<Script> scripts, Set<Ending> endings, Set<String> codes) {
        String ask = name("q");
        return new Question(conversation, "key-" + ask, ask, deeds.model().ask(ask, scripts), endings, codes);
    }

    /** A question whose every call is answered by so many words at that pace. */
    Question question(String conversation, int words, Duration pace) {
        String ask = name("q");
        int longer = chance.between(0, words / 3);
        return new Question(
                conversation,
                "key-" + ask,
                ask,
                deeds.model()
                        .ask(
                                ask,
                                call -> Model.words(ask, call, words + call * longer % 7)
                                        .pacedAt(pace)),
                COMPLETES,
                Set.of());
    }

    /** Sends once; the record says what came of it. */
    Submission send(Question question, URI front) {
        ChatUser.Answer answer = user.post(
                front,
                "/api/conversations/" + question.conversation() + "/messages",
                Map.of("content", question.content()),
                Map.of("Idempotency-Key", question.key()));
        TurnIds ids = TurnIds.of(
                new ConversationKey(ConversationKey.DEFAULT_TENANT, question.conversation()), question.key());
        Submission submission = new Submission(
                question.conversation(),
                answer.body()
                        .map(body -> body.path("messageId").asText(""))
                        .filter(id -> !id.isEmpty())
                        .orElse(ids.messageId().text()),
                answer.body()
                        .map(body -> body.path("turnId").asText(""))
                        .filter(id -> !id.isEmpty())
                        .orElse(ids.turnId().text()),
                question.content(),
                question.ask(),
                question.endings(),
                question.codes(),
                answer.outcome());
        deeds.submissions().add(submission);
        return submission;
    }

    /** Records what was sent in a way of the scenario's own. */
    void sent(Submission submission) {
        deeds.submissions().add(submission);
    }

    /** Sends, under the same key, until it is acknowledged. */
    Submission sendUntilAcknowledged(Question question, int front) {
        long deadline = System.nanoTime() + PATIENCE.toNanos() * 2;
        for (int i = front; ; i++) {
            Submission submission = send(question, front(i));
            if (submission.outcome() instanceof Outcome.Acknowledged) {
                return submission;
            }
            if (submission.outcome() instanceof Outcome.Refused(int status, String code)
                    && status != 429
                    && status != 404) {
                throw new IllegalStateException("refused with " + status + " " + code);
            }
            if (System.nanoTime() > deadline) {
                throw new TimedOutException("an acknowledgement of " + question.ask());
            }
            Cluster.pause(RETRY);
        }
    }

    /** Runs on a thread of its own, which is waited for at the end. */
    void inBackground(Runnable task) {
        background.add(Thread.ofVirtual().start(() -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                fail("trial", e.toString());
            }
        }));
    }

    /** To be looked at once the trial is at rest, before it is judged. */
    void atRest(Runnable look) {
        atRest.add(look);
    }

    /** To be done after the judgement, whatever came of it. */
    void afterwards(Runnable task) {
        afterwards.push(task);
    }

    void poison(Poison record) {
        deeds.poison().add(record);
    }

    int deltas() {
        return deeds.followers().stream().mapToInt(Follower::deltas).sum();
    }

    /** Whether a follower has seen how a turn ended. */
    boolean hasBeenSeenToEnd(String turn) {
        return deeds.followers().stream().anyMatch(follower -> follower.hasSeenEndOf(turn));
    }

    void awaitDeltas(int count) {
        await(count + " deltas at the clients", () -> deltas() >= count);
    }

    void await(String what, BooleanSupplier condition) {
        await(what, PATIENCE, condition);
    }

    void await(String what, Duration limit, BooleanSupplier condition) {
        await(() -> what, limit, condition);
    }

    /** @param what asked when the wait is over */
    void await(Supplier<String> what, BooleanSupplier condition) {
        await(what, PATIENCE, condition);
    }

    private void await(Supplier<String> what, Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new TimedOutException(what.get());
            }
            Cluster.pause(Duration.ofMillis(20));
        }
    }

    /** Something that only the scenario can tell. */
    void expect(boolean holds, String otherwise) {
        if (!holds) {
            fail("scenario", otherwise);
        }
    }

    void fail(String rule, String detail) {
        violations.add(new Violation(rule, detail));
    }

    void note(String note) {
        notes.add(note);
    }

    /** Counts something that was done or happened, which shows that the fault was played. Thread-safe. */
    void count(String what) {
        count(what, 1);
    }

    void count(String what, long times) {
        counts.merge(what, times, Long::sum);
    }

    /** Keeps the largest of the values that were measured. Thread-safe. */
    void worst(String what, long value) {
        worst.merge(what, value, Math::max);
    }

    Map<String, Long> worst() {
        return Map.copyOf(worst);
    }

    Map<String, Long> counts() {
        return Map.copyOf(counts);
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    List<Submission> submissions() {
        return List.copyOf(deeds.submissions());
    }

    /** Heals the cluster, waits until nothing moves any more, and checks all that is known then. */
    List<Violation> conclude() {
        try {
            installation.heal();
            for (Thread thread : background) {
                thread.join(Rest.LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            fail("trial", "the cluster does not heal: " + e.getMessage());
        }
        History history =
                new Rest(deeds, log, new TableReader(installation.jdbcUrl())).await(why -> fail("trial", why));
        for (Runnable look : atRest) {
            try {
                look.run();
            } catch (RuntimeException e) {
                fail("trial", e.toString());
            }
        }
        List<Violation> all = new ArrayList<>(violations);
        all.addAll(Checker.check(history));
        LogIndex index = new LogIndex(history.log());
        List<Long> counted = List.of(
                (long) index.laterAttempts(),
                (long) index.lateChunks(),
                history.submissions().stream()
                        .map(Submission::messageId)
                        .distinct()
                        .count(),
                (long) history.tables().events().size(),
                (long) history.log().chunks().size(),
                (long) history.modelCalls().size(),
                deeds.followers().stream().mapToLong(Follower::connections).sum());
        for (int i = 0; i < counted.size(); i++) {
            count(OF_ALL.get(i), counted.get(i));
        }
        return all;
    }

    /** The answer's text in a conversation's snapshot; empty where there is none. */
    Optional<JsonNode> snapshot(String conversation) {
        return user.get(front(0), "/api/conversations/" + conversation, Map.of())
                .body();
    }

    @Override
    public void close() {
        deeds.followers().forEach(Follower::close);
        background.forEach(Thread::interrupt);
        log.close();
        while (!afterwards.isEmpty()) {
            afterwards.pop().run();
        }
    }
}
