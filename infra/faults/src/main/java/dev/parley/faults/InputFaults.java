package dev.parley.faults;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.faults.History.Ending;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Poison;
import dev.parley.faults.History.Submission;
import dev.parley.faults.Trial.Question;
import dev.parley.schemas.Topics;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.Script;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;

/** What comes from outside and is not as it should be: records, answers of the model, repeats, changes of mind. */
final class InputFaults {

    private static final Duration PACE = Duration.ofMillis(20);

    /** An attempt may ask the model again before anything was said, and there are three attempts. */
    private static final int MOST_CALLS = 9;

    private InputFaults() {}

    static void poison(Trial trial) {
        Topics topics = trial.cluster().topics();
        List<String> conversations = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String conversation = trial.conversation();
            conversations.add(conversation);
            Follower _ = trial.follow(conversation);
            var _ = trial.sendUntilAcknowledged(trial.question(conversation, 30, PACE), i);
        }
        byte[] stranger = topics.controls()
                .values()
                .serializer()
                .serialize(
                        topics.controls().name(),
                        new Control("nobody." + trial.name("g"), Instant.EPOCH, new CancelGeneration("requested")));
        List<String> names = List.of(
                topics.commands().name(),
                topics.events().name(),
                topics.turns().name(),
                topics.documents().name(),
                topics.generationRequests().name(),
                topics.chunks().name(),
                topics.generationResults().name(),
                topics.controls().name());
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                trial.cluster().kafka().client("parley-faults-poison", Map.of()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (String name : names) {
                byte[] mark = trial.name("poison").getBytes(StandardCharsets.UTF_8);
                byte[] value = switch (trial.chance().between(0, 2)) {
                    case 0 -> mark;
                    case 1 ->
                        concat(
                                new byte[] {
                                    0, 0x7f, 0x7f, 0, (byte) trial.chance().between(0, 127)
                                },
                                mark);
                    default -> name.equals(topics.controls().name()) ? mark : stranger;
                };
                byte[] key = ("default/" + trial.chance().one(conversations)).getBytes(StandardCharsets.UTF_8);
                trial.count("poison records");
                trial.poison(new Poison(name, Bytes.wrap(key), Bytes.wrap(value)));
                int partitions = producer.partitionsFor(name).size();
                producer.send(new ProducerRecord<>(name, trial.chance().between(0, partitions - 1), key, value))
                        .get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("poison was not taken", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        // Wherever a partition would be held up, one of these would be.
        for (int i = 0; i < 6; i++) {
            String conversation = trial.conversation();
            Follower _ = trial.follow(conversation);
            var _ = trial.sendUntilAcknowledged(trial.question(conversation, 5, PACE), i);
        }
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /** What a model server does wrong. */
    private enum Trouble {
        REJECTS,
        LIMITS,
        BREAKS,
        NO_HEAD,
        NO_TOKEN,
        STALLS,
        GARBAGE,
        DIES,
        NO_FINISH
    }

    private static final Map<Trouble, String> CODES = new EnumMap<>(Map.of(
            Trouble.REJECTS, "engine_rejected",
            Trouble.LIMITS, "engine_rate_limited",
            Trouble.BREAKS, "engine_error",
            Trouble.NO_HEAD, "engine_timeout",
            Trouble.NO_TOKEN, "engine_timeout",
            Trouble.STALLS, "engine_timeout",
            Trouble.GARBAGE, "engine_protocol",
            Trouble.DIES, "engine_error",
            Trouble.NO_FINISH, "engine_truncated"));

    private static Script troubled(Trouble trouble, String ask, int call, int words) {
        Script.Answer answer = Model.words(ask, call, words).pacedAt(PACE);
        return switch (trouble) {
            case REJECTS -> Script.refuse(400);
            case LIMITS -> Script.refuse(429).retryAfter(Duration.ofSeconds(1));
            case BREAKS -> Script.refuse(500);
            case NO_HEAD -> Script.silence();
            case NO_TOKEN -> answer.hangingAfter(0);
            case STALLS -> answer.hangingAfter(words / 2);
            case GARBAGE -> answer.garbageAfter(words / 2);
            case DIES -> answer.dyingAfter(words / 2);
            case NO_FINISH -> answer.withoutFinish();
        };
    }

    static void modelMisbehaves(Trial trial) {
        unreachable(trial);
        List<String> asks = new ArrayList<>();
        for (Trouble trouble : Trouble.values()) {
            boolean recovers = trouble != Trouble.REJECTS && trial.chance().percent(50);
            int words = trial.chance().between(2, 20);
            String conversation = trial.conversation();
            Follower _ = trial.follow(conversation);
            String ask = trial.name(trouble.name().toLowerCase(Locale.ROOT));
            asks.add(ask);
            trial.count("troubles of the model");
            IntFunction<Script> scripts = call -> recovers && call > 0
                    ? Model.words(ask, call, words).pacedAt(PACE)
                    : troubled(trouble, ask, call, words);
            Question question = new Question(
                    conversation,
                    "key-" + ask,
                    ask,
                    trial.model().ask(ask, scripts),
                    recovers ? Trial.COMPLETES : Trial.FAILS,
                    recovers ? Set.of() : Set.of(String.valueOf(CODES.get(trouble))));
            var _ = trial.sendUntilAcknowledged(question, trial.chance().between(0, 1));
        }
        trial.atRest(() -> asks.forEach(ask -> {
            int calls = trial.model().callsOf(ask);
            trial.expect(calls >= 1 && calls <= MOST_CALLS, ask + " was asked " + calls + " times");
        }));
    }

    private static void unreachable(Trial trial) {
        String conversation = trial.conversation();
        Follower follower = trial.follow(conversation);
        trial.cluster().modelGate().shut();
        trial.count("troubles of the model");
        try {
            String ask = trial.name("unreachable");
            Question question = new Question(
                    conversation,
                    "key-" + ask,
                    ask,
                    trial.model().ask(ask, call -> Model.words(ask, call, 3)),
                    Trial.FAILS,
                    Set.of("engine_unreachable", "engine_error"));
            String turn = trial.sendUntilAcknowledged(question, 0).turnId();
            trial.await("the end of a turn without a model", () -> follower.hasSeenEndOf(turn));
        } finally {
            trial.cluster().modelGate().open();
        }
    }

    static void submitRepeated(Trial trial) {
        int rounds = trial.chance().between(2, 4);
        for (int i = 0; i < rounds; i++) {
            String conversation = trial.conversation();
            Follower _ = trial.follow(conversation);
            Question question = trial.question(conversation, trial.chance().between(3, 15), PACE);
            Question other = new Question(
                    conversation,
                    question.key(),
                    question.ask() + "x",
                    trial.model().ask(question.ask() + "x", call -> Model.words(question.ask() + "x", call, 4)),
                    question.endings(),
                    question.codes());
            int repeats = trial.chance().between(3, 10);
            int conflict = trial.chance().percent(40) ? trial.chance().between(0, repeats - 1) : -1;
            List<Submission> sent = new CopyOnWriteArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int j = 0; j < repeats; j++) {
                Question asked = j == conflict ? other : question;
                int front = j;
                int delay = trial.chance().percent(30) ? trial.chance().between(0, 300) : 0;
                threads.add(Thread.ofVirtual().start(() -> {
                    Cluster.pause(Duration.ofMillis(delay));
                    sent.add(trial.send(asked, trial.front(front)));
                }));
            }
            threads.forEach(InputFaults::join);
            List<Submission> acknowledged = sent.stream()
                    .filter(submission -> submission.outcome() instanceof Outcome.Acknowledged)
                    .toList();
            trial.count("repeats of a submit, at once on two nodes", sent.size());
            trial.expect(!acknowledged.isEmpty(), "none of " + sent.size() + " repeats was acknowledged");
            trial.expect(
                    acknowledged.stream().map(Submission::turnId).distinct().count() <= 1,
                    "repeats were told different turns");
            trial.expect(
                    acknowledged.stream().map(Submission::content).distinct().count() <= 1,
                    "one key was acknowledged for two messages");
            sent.stream()
                    .filter(submission -> submission.outcome() instanceof Outcome.Refused(int status, String code)
                            && !(status == 422 && code.equals("idempotency_conflict")))
                    .forEach(submission -> trial.expect(false, "a repeat was refused: " + submission.outcome()));
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** After a cancel, within which the model server is to see its connection closed. */
    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(1);

    /** The same on a machine that does other things as well. */
    private static final Duration CLOSED_WITHIN_UNTIMED = Duration.ofSeconds(15);

    private static final int RUNNING = 5;

    static void cancels(Trial trial) {
        for (int i = 0; i < RUNNING; i++) {
            during(trial);
        }
        before(trial);
        after(trial);
        storm(trial);
    }

    private static Question endless(Trial trial, String conversation) {
        String ask = trial.name("endless");
        return new Question(
                conversation,
                "key-" + ask,
                ask,
                trial.model().ask(ask, call -> Model.words(ask, call, 5_000).pacedAt(Duration.ofMillis(40))),
                Set.of(Ending.CANCELLED),
                Set.of());
    }

    private static void cancel(Trial trial, String conversation, Map<String, String> body, int front) {
        AtomicInteger tries = new AtomicInteger(front);
        trial.await(
                "a cancel's acknowledgement",
                () -> trial.user()
                        .post(
                                trial.front(tries.getAndIncrement()),
                                "/api/conversations/" + conversation + "/cancel",
                                body,
                                Map.of())
                        .acknowledged());
        trial.count("cancels");
    }

    /** A turn that is stopped while its answer is being said. */
    static void during(Trial trial) {
        String conversation = trial.conversation();
        Follower follower = trial.follow(conversation);
        Question question = endless(trial, conversation);
        String turn = trial.sendUntilAcknowledged(question, 0).turnId();
        int deltas = trial.chance().between(0, 30);
        trial.await("deltas to cancel after", () -> follower.deltas() >= deltas);
        Map<String, String> body = trial.chance().percent(50) ? Map.of("turnId", turn) : Map.of();
        int front = trial.chance().between(0, 1);
        boolean called = trial.model().latestOf(question.ask()).isPresent();
        long asked = System.nanoTime();
        cancel(trial, conversation, body, front);
        trial.await("the end of a cancelled turn", () -> follower.hasSeenEndOf(turn));
        trial.expect(called || deltas == 0, "deltas came and the model was not called");
        if (called) {
            ModelExchange exchange = trial.model().latestOf(question.ask()).orElseThrow();
            Duration bound = trial.timed() ? CLOSED_WITHIN : CLOSED_WITHIN_UNTIMED;
            boolean closed = exchange.awaitClosedByClient(CLOSED_WITHIN_UNTIMED);
            Duration after = Duration.ofNanos(exchange.endedNanos() - asked);
            trial.expect(
                    closed && after.compareTo(bound) <= 0,
                    "the model server saw its connection "
                            + (closed ? "closed " + after.toMillis() + " ms after a cancel" : "open after a cancel"));
            trial.count("connections of the model server closed by a cancel");
            trial.worst("ms from a cancel to the model server's closed connection", after.toMillis());
        }
    }

    private static void before(Trial trial) {
        String conversation = trial.conversation();
        Follower follower = trial.follow(conversation);
        String running =
                trial.sendUntilAcknowledged(endless(trial, conversation), 0).turnId();
        String waiting =
                trial.sendUntilAcknowledged(endless(trial, conversation), 1).turnId();
        cancel(trial, conversation, Map.of("turnId", waiting), trial.chance().between(0, 1));
        trial.await("the end of a waiting turn", () -> follower.hasSeenEndOf(waiting));
        cancel(trial, conversation, Map.of("turnId", running), trial.chance().between(0, 1));
    }

    private static void after(Trial trial) {
        String conversation = trial.conversation();
        Follower follower = trial.follow(conversation);
        String turn = trial.sendUntilAcknowledged(trial.question(conversation, 3, PACE), 0)
                .turnId();
        trial.await("an answer", () -> follower.hasSeenEndOf(turn));
        cancel(trial, conversation, Map.of("turnId", turn), trial.chance().between(0, 1));
        var _ = trial.sendUntilAcknowledged(trial.question(conversation, 3, PACE), 1);
    }

    /** Many at once, from both front doors, while turns come and go. */
    private static void storm(Trial trial) {
        String conversation = trial.conversation();
        Follower _ = trial.follow(conversation);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < trial.chance().between(2, 4); i++) {
            Question question = endless(trial, conversation);
            int front = i;
            int delay = trial.chance().between(0, 1_500);
            threads.add(Thread.ofVirtual().start(() -> {
                Cluster.pause(Duration.ofMillis(delay));
                var _ = trial.sendUntilAcknowledged(question, front);
            }));
        }
        for (int i = 0; i < 20; i++) {
            int front = i;
            int delay = trial.chance().between(0, 1_500);
            threads.add(Thread.ofVirtual().start(() -> {
                Cluster.pause(Duration.ofMillis(delay));
                cancel(trial, conversation, Map.of(), front);
            }));
        }
        threads.forEach(InputFaults::join);
        // Whatever came after the last of the storm.
        cancel(trial, conversation, Map.of(), 0);
    }
}
