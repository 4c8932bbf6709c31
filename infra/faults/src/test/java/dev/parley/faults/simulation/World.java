package dev.parley.faults.simulation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.topologies.assembly.AssemblySettings;
import dev.parley.topologies.conversation.ConversationSettings;
import dev.parley.topologies.conversation.Rules;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.apache.avro.specific.SpecificRecord;

/**
 * One run: the logs, everybody who reads and writes them, and the time. The seed decides everything: who moves next, how far,
 * and what goes wrong.
 */
final class World {

    static final Rules RULES = new Rules(2, 120, WorkKinds.defaults(), 100, Duration.ofSeconds(20), "main");

    /** Keeps nothing. */
    static final MeterRegistry METERS = new CompositeMeterRegistry();

    private static final ConversationSettings CONVERSATION = new ConversationSettings(
            RULES, 8000, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(10));
    private static final AssemblySettings ASSEMBLY = AssemblySettings.defaults();
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final int MAX_STEPS = 900;
    private static final int MAX_QUIET_ROUNDS = 2000;
    private static final long LONGEST_SLICE_NANOS = Duration.ofMillis(900).toNanos();
    private static final int[] SHARES = {1, 4, 12};

    static {
        TrustedRecords.trust();
    }

    final Log<Command> commands = new Log<>("commands");
    final Log<ConversationEvent> events = new Log<>("events");
    final Log<TurnRequest> turns = new Log<>("turns");
    final Log<GenerationRequest> requests = new Log<>("requests");
    final Log<GenerationChunk> chunks = new Log<>("chunks");
    final Log<GenerationReport> results = new Log<>("results");
    final Log<Control> controls = new Log<>("controls");
    final Invariants invariants = new Invariants(RULES);
    final List<ConversationKey> conversations = new ArrayList<>();
    final Door door;
    final ConversationTask conversation;
    final Routing routing;
    final Workers workers;
    final AssemblyTask assembly;
    final ReadModel readModel;
    final Nodes nodes;
    final Clients clients;

    private final RandomGenerator random;
    private final Plant plant;
    private final boolean tracing;
    private final List<String> steps = new ArrayList<>();
    private Faults faults;
    private boolean planted;
    private long nanos;
    private long wallSkewMillis;

    World(long seed, Plant plant, boolean tracing) {
        this.random = new SplittableRandom(seed);
        this.plant = plant;
        this.tracing = tracing;
        this.faults = Faults.of(random);
        for (int number = 1 + random.nextInt(2); number > 0; number--) {
            conversations.add(new ConversationKey("default", "c" + number));
        }
        this.door = new Door(this);
        this.conversation = new ConversationTask(this, CONVERSATION);
        this.routing = new Routing(this);
        this.workers = new Workers(this);
        this.assembly = new AssemblyTask(this, ASSEMBLY);
        this.readModel = new ReadModel(this);
        this.nodes = new Nodes(this);
        this.clients = new Clients(this);
    }

    /** Runs to the end. */
    void run() {
        List<Actor> actors =
                List.of(door, conversation, routing, workers, assembly, readModel, nodes, clients, this::pass);
        int[] shares = new int[actors.size()];
        int sum = 0;
        for (int i = 0; i < shares.length; i++) {
            shares[i] = SHARES[random.nextInt(SHARES.length)];
            sum += shares[i];
        }
        for (int step = 100 + random.nextInt(MAX_STEPS); step > 0; step--) {
            int drawn = random.nextInt(sum);
            int chosen = 0;
            while (drawn >= shares[chosen]) {
                drawn -= shares[chosen++];
            }
            boolean _ = actors.get(chosen).step();
            invariants.check();
        }
        comeToRest(actors);
        invariants.atRest();
        clients.atRest();
    }

    /** Nothing goes wrong any more, and everybody works until there is nothing left to do. */
    private void comeToRest(List<Actor> actors) {
        trace("nothing goes wrong from here on");
        faults = Faults.NONE;
        door.close();
        for (int round = 0; round < MAX_QUIET_ROUNDS; round++) {
            boolean moved = false;
            for (Actor actor : actors.subList(0, actors.size() - 1)) {
                while (actor.step()) {
                    moved = true;
                    invariants.check();
                }
            }
            if (!moved) {
                if (invariants.everythingEnded() && workers.idle() && clients.caughtUp()) {
                    return;
                }
                advance(Duration.ofMillis(800));
            }
        }
        throw new Violation("no rest after " + Duration.ofNanos(nanos) + ": " + invariants.open() + clients.late());
    }

    private boolean pass() {
        advance(
                switch (random.nextInt(20)) {
                    case 0 -> Duration.ofMillis(random.nextInt(12_000));
                    case 1, 2, 3 -> Duration.ofMillis(random.nextInt(1500));
                    default -> Duration.ofMillis(random.nextInt(60));
                });
        if (strikes(faults.clockJumpPerMille())) {
            wallSkewMillis += Duration.ofMinutes(random.nextInt(-90, 90)).toMillis();
            trace("the wall clock jumps to " + wallClock());
        }
        return true;
    }

    private void advance(Duration time) {
        long left = time.toNanos();
        while (left > 0) {
            long slice = Math.min(left, LONGEST_SLICE_NANOS);
            nanos += slice;
            left -= slice;
            workers.tick();
            conversation.punctuate();
            assembly.punctuate();
        }
        trace("it is " + Duration.ofNanos(nanos));
    }

    // What everybody uses

    RandomGenerator random() {
        return random;
    }

    Faults faults() {
        return faults;
    }

    long nanos() {
        return nanos;
    }

    Instant wallClock() {
        return START.plusMillis(nanos / 1_000_000 + wallSkewMillis);
    }

    boolean strikes(int perMille) {
        return perMille > 0 && random.nextInt(1000) < perMille;
    }

    ConversationKey anyConversation() {
        return conversations.get(random.nextInt(conversations.size()));
    }

    /** Whether to plant {@code candidate} here and now. */
    boolean plants(Plant candidate) {
        if (plant != candidate || planted) {
            return false;
        }
        planted = true;
        trace("PLANTED: " + candidate);
        return true;
    }

    boolean planted() {
        return planted;
    }

    <V extends SpecificRecord> void append(Log<V> log, String key, V value) {
        trace(log.name() + "@" + log.size() + " " + key + " " + value);
        log.append(key, value, wallClock().toEpochMilli());
        invariants.appended(value, key);
    }

    void trace(String step) {
        if (tracing) {
            steps.add(step);
        }
    }

    boolean tracing() {
        return tracing;
    }

    /** What happened, in order; empty unless asked for from the beginning. */
    List<String> steps() {
        return steps;
    }
}
