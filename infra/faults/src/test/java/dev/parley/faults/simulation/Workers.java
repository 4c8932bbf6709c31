package dev.parley.faults.simulation;

import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.schemas.TextChecksum;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * The worker pool and its share group: who has a request claims it in the log, then accepts it, then answers. Workers die at
 * any point, stand still and go on as zombies, do not hear that they are to stop, and lose what they write.
 */
final class Workers implements Actor {

    private static final long LOCK_NANOS = Duration.ofSeconds(30).toNanos();
    private static final long HEARTBEAT_NANOS = Duration.ofSeconds(3).toNanos();
    private static final int MAX_STALL_SECONDS = 40;
    private static final int PERMITS = 2;

    private final World world;
    private final List<Worker> pool = new ArrayList<>();
    private final List<Delivery> deliveries = new ArrayList<>();
    private int fetched;
    private int started;
    private int attempts;

    /** A request in the share group that nobody has accepted yet. */
    private static final class Delivery {
        private final Record<String, GenerationRequest> request;
        private @Nullable Run holder;
        private long lockedUntilNanos;

        Delivery(Record<String, GenerationRequest> request) {
            this.request = request;
        }
    }

    Workers(World world) {
        this.world = world;
        for (int number = 2 + world.random().nextInt(2); number > 0; number--) {
            pool.add(new Worker());
        }
    }

    @Override
    public boolean step() {
        int from = world.random().nextInt(pool.size());
        for (int i = 0; i < pool.size(); i++) {
            if (pool.get((from + i) % pool.size()).step()) {
                return true;
            }
        }
        return false;
    }

    /** Time has passed. */
    void tick() {
        pool.forEach(Worker::tick);
        for (Delivery delivery : deliveries) {
            if (delivery.holder != null && world.nanos() >= delivery.lockedUntilNanos) {
                delivery.holder = null;
            }
        }
    }

    /** Whether everybody has said what they had to say. */
    boolean idle() {
        return deliveries.isEmpty()
                && fetched == world.requests.size()
                && pool.stream().flatMap(worker -> worker.runs.stream()).allMatch(Run::hangs);
    }

    private @Nullable Delivery available() {
        while (fetched < world.requests.size()) {
            deliveries.add(new Delivery(world.requests.get(fetched++)));
        }
        List<Delivery> free =
                deliveries.stream().filter(delivery -> delivery.holder == null).toList();
        return free.isEmpty() ? null : free.get(world.random().nextInt(free.size()));
    }

    private enum Stage {
        ACQUIRED,
        CLAIMED,
        ANSWERING
    }

    private final class Worker {
        private final String id = "worker-" + ++started;
        /** Does not hear of cancels. */
        private final boolean deaf = world.random().nextInt(8) == 0;
        /** Takes its time to stop. */
        private final boolean stubborn = world.random().nextInt(4) == 0;

        private final List<Run> runs = new ArrayList<>();
        private final Set<String> cancelled = new HashSet<>();
        private int nextControl;
        private long stalledUntilNanos;

        Worker() {
            while (nextControl < world.controls.size()) {
                hear();
            }
        }

        boolean step() {
            if (world.nanos() < stalledUntilNanos) {
                return false;
            }
            if (world.strikes(world.faults().killPerMille())) {
                die();
                return true;
            }
            if (world.strikes(world.faults().stallPerMille())) {
                stalledUntilNanos = world.nanos()
                        + Duration.ofSeconds(1 + world.random().nextInt(MAX_STALL_SECONDS))
                                .toNanos();
                world.trace(id + " stands still until " + Duration.ofNanos(stalledUntilNanos));
                return true;
            }
            if (nextControl < world.controls.size() && world.random().nextInt(3) > 0) {
                hear();
                return true;
            }
            if (takesMore() && world.random().nextInt(3) > 0) {
                Delivery delivery = available();
                if (delivery != null) {
                    Run run = new Run(this, delivery);
                    delivery.holder = run;
                    delivery.lockedUntilNanos = world.nanos() + LOCK_NANOS;
                    runs.add(run);
                    return true;
                }
            }
            int from = runs.isEmpty() ? 0 : world.random().nextInt(runs.size());
            for (int i = 0; i < runs.size(); i++) {
                if (runs.get((from + i) % runs.size()).step()) {
                    runs.removeIf(run -> run.over);
                    return true;
                }
            }
            return nextControl < world.controls.size() || (takesMore() && available() != null);
        }

        /** One request is claimed and accepted before the next is asked for. */
        private boolean takesMore() {
            return runs.size() < PERMITS && runs.stream().allMatch(run -> run.stage == Stage.ANSWERING);
        }

        private void hear() {
            Control control = world.controls.get(nextControl++).value();
            if (!deaf && control.getBody() instanceof CancelGeneration) {
                cancelled.add(control.getGenerationId());
                runs.stream()
                        .filter(run -> run.generationId().equals(control.getGenerationId()))
                        .forEach(run -> run.cancelled = true);
            }
        }

        private void die() {
            boolean gracefully = world.random().nextInt(3) == 0;
            world.trace(id + (gracefully ? " is stopped" : " is killed"));
            if (gracefully) {
                runs.forEach(Run::giveUp);
            }
            pool.set(pool.indexOf(this), new Worker());
        }

        void tick() {
            if (world.nanos() >= stalledUntilNanos) {
                runs.forEach(Run::tick);
            }
        }
    }

    /** One request in the hands of one worker. */
    private final class Run {
        private final Worker worker;
        private final Delivery delivery;
        private Answer answer;
        private Stage stage = Stage.ACQUIRED;
        private boolean cancelled;
        private boolean over;
        private boolean broken;
        private int next;
        private int seq;
        private int lost = -1;
        private final StringBuilder said = new StringBuilder();
        private long lastSentNanos;

        Run(Worker worker, Delivery delivery) {
            this.worker = worker;
            this.delivery = delivery;
            int number = ++attempts;
            this.answer = Answer.of("a" + number, number, generationId(), world.random());
            if (answer.ending() == Answer.Ending.LOSES_A_PIECE) {
                lost = world.random().nextInt(answer.pieces().size());
            } else if (answer.ending() == Answer.Ending.LOSES_THE_LAST_PIECE) {
                lost = answer.pieces().size() - 1;
            }
        }

        String generationId() {
            return delivery.request.value().getGenerationId();
        }

        boolean hangs() {
            return stage == Stage.ANSWERING
                    && answer.ending() == Answer.Ending.HANGS
                    && next == answer.pieces().size();
        }

        boolean step() {
            switch (stage) {
                case ACQUIRED -> claim();
                case CLAIMED -> accept();
                case ANSWERING -> {
                    return goOn();
                }
            }
            return true;
        }

        private void claim() {
            GenerationRequest request = delivery.request.value();
            world.invariants.willSay(answer);
            send(new AttemptStarted(
                    request.getAttempt(), request.getCause(), "default", "scripted", worker.id, request.getKind()));
            stage = Stage.CLAIMED;
            // An earlier attempt of the same generation in this very process has just been superseded by this one.
            worker.runs.stream()
                    .filter(run -> run != this && run.generationId().equals(generationId()))
                    .forEach(run -> run.cancelled = true);
            if (world.strikes(world.faults().killPerMille())) {
                world.trace(worker.id + " believes its claim " + answer.attemptId() + " lost, and gives it back");
                release();
                over = true;
            }
        }

        private void release() {
            if (delivery.holder == this) {
                delivery.holder = null;
            }
        }

        private void accept() {
            if (delivery.holder == this) {
                deliveries.remove(delivery);
            }
            cancelled |= worker.cancelled.contains(generationId());
            stage = Stage.ANSWERING;
        }

        private boolean goOn() {
            boolean stops = cancelled && (!worker.stubborn || world.random().nextInt(3) == 0);
            if (stops) {
                end(new AttemptCancelled(tally()));
            } else if (broken && world.random().nextBoolean()) {
                end(new AttemptFailed("unavailable", "the log did not take the answer", true, tally(), null));
            } else if (next < answer.pieces().size()) {
                say();
            } else if (answer.ending() == Answer.Ending.HANGS) {
                if (cancelled) {
                    end(new AttemptCancelled(tally()));
                    return true;
                }
                return false;
            } else {
                end(ending());
            }
            return true;
        }

        private GenerationChunk.Body ending() {
            return switch (answer.ending()) {
                case FINISHES, LOSES_THE_LAST_PIECE, HANGS ->
                    cancelled ? new AttemptCancelled(tally()) : new AttemptFinished("stop", tally(), null, List.of());
                case LOSES_A_PIECE ->
                    new AttemptFailed("unavailable", "the log did not take the answer", true, tally(), null);
                case FAILS -> new AttemptFailed("engine_error", "no", false, tally(), null);
                case FAILS_FOR_NOW -> new AttemptFailed("engine_unavailable", "not now", true, tally(), null);
            };
        }

        private void say() {
            Answer.Piece piece = answer.pieces().get(next);
            if (next++ == lost) {
                world.trace(worker.id + " loses piece " + seq + " of " + answer.attemptId());
                broken = answer.ending() == Answer.Ending.LOSES_A_PIECE;
                count(piece);
                return;
            }
            if (plantZombie()) {
                return;
            }
            send(body(piece));
            count(piece);
            if (piece instanceof Answer.Piece.Text && world.plants(Plant.DOUBLED_CHUNK)) {
                send(body(piece));
                count(piece);
            }
        }

        private boolean plantZombie() {
            Answer current = world.invariants.current(generationId());
            int written = current == null ? 0 : world.invariants.written(current.attemptId());
            if (current == null
                    || current.attemptId().equals(answer.attemptId())
                    || world.invariants.closed(generationId())
                    || !world.plants(Plant.ZOMBIE_CHUNK)) {
                return false;
            }
            world.append(
                    world.chunks,
                    delivery.request.key(),
                    new GenerationChunk(
                            generationId(),
                            current.attemptId(),
                            world.wallClock(),
                            new TextDelta(written, "<zombie " + answer.attemptId() + ">", false)));
            return true;
        }

        private GenerationChunk.Body body(Answer.Piece piece) {
            return switch (piece) {
                case Answer.Piece.Text(String text) -> new TextDelta(seq, text, false);
                case Answer.Piece.Reasoning(String text) -> new ReasoningDelta(seq, text);
                case Answer.Piece.Arguments(String id, String name, String text) ->
                    new ToolArgumentsDelta(seq, id, name, text);
                case Answer.Piece.Call(var call) -> new ToolCalled(seq, call);
            };
        }

        private void count(Answer.Piece piece) {
            seq++;
            if (piece instanceof Answer.Piece.Text(String text)) {
                said.append(text);
            }
        }

        private Tally tally() {
            TextChecksum checksum = TextChecksum.of(said.toString());
            return Tally.newBuilder()
                    .setSeq(seq)
                    .setTextBytes(checksum.bytes())
                    .setTextCrc32c(checksum.crc32c())
                    .setUsage(answer.usage())
                    .setFirstTokenMillis(1.0)
                    .setGenerationMillis(2.0)
                    .build();
        }

        private void end(GenerationChunk.Body ending) {
            send(ending);
            over = true;
        }

        /** The worker is stopped in an orderly way. */
        private void giveUp() {
            switch (stage) {
                case ACQUIRED -> release();
                case CLAIMED, ANSWERING -> end(new AttemptFailed("worker_lost", "stopped", true, tally(), null));
            }
        }

        private void tick() {
            if (stage != Stage.ACQUIRED && !over && world.nanos() - lastSentNanos >= HEARTBEAT_NANOS) {
                send(new Heartbeat());
            }
        }

        private void send(GenerationChunk.Body body) {
            lastSentNanos = world.nanos();
            world.append(
                    world.chunks,
                    delivery.request.key(),
                    new GenerationChunk(generationId(), answer.attemptId(), world.wallClock(), body));
        }
    }
}
