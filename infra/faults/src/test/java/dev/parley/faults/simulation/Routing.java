package dev.parley.faults.simulation;

import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.work.WorkKinds;
import java.util.List;

/** Routing and retrieval under at least once: what it has not committed it prepares again after a crash. */
final class Routing implements Actor {

    private final World world;
    /** Which third of the turns a model is asked about. */
    private final int classified;

    private int next;
    private int committed;

    Routing(World world) {
        this.world = world;
        this.classified = world.random().nextInt(3);
    }

    @Override
    public boolean step() {
        if (world.strikes(world.faults().crashPerMille()) && next != committed) {
            world.trace("routing crashes");
            next = committed;
            return true;
        }
        if (next == world.turns.size()) {
            committed = next;
            return false;
        }
        TurnRequest turn = world.turns.get(next++).value();
        String key = turn.getTenantId() + "/" + turn.getConversationId();
        boolean asks = asksModel(turn);
        world.append(world.results, key, asks ? asked(turn) : prepared(turn));
        if (world.strikes(world.faults().crashPerMille())) {
            world.trace("routing crashes between its two records");
            next = committed;
            return true;
        }
        world.append(world.requests, key, asks ? classification(turn) : answer(turn));
        if (world.random().nextInt(3) == 0) {
            committed = next;
        }
        return true;
    }

    /** Whether a model has to be asked which way the turn goes: of some, and now and then by another configuration no longer. */
    private boolean asksModel(TurnRequest turn) {
        return turn.getClassification() == null
                && turn.getClassifyAttempt() > 0
                && Math.floorMod(turn.getTurnId().hashCode(), 3) == classified
                && world.random().nextInt(12) > 0;
    }

    private GenerationReport prepared(TurnRequest turn) {
        return report(
                turn,
                turn.getGenerationId(),
                new TurnPrepared(turn.getAttempt(), "chat", 1.0, "default", "default", List.of(), "v1", null));
    }

    private GenerationReport asked(TurnRequest turn) {
        int patienceMillis = 1_000 + world.random().nextInt(8_000);
        return report(
                turn,
                turn.getGenerationId() + "/classify",
                new TurnPrepared(turn.getAttempt(), "", 0.0, "default", "classify", List.of(), "v1", patienceMillis));
    }

    private GenerationReport report(TurnRequest turn, String generationId, TurnPrepared body) {
        return new GenerationReport(
                generationId + "/" + turn.getAttempt() + "/prepared", generationId, world.wallClock(), body);
    }

    private GenerationRequest answer(TurnRequest turn) {
        return order(turn)
                .setGenerationId(turn.getGenerationId())
                .setAttempt(turn.getAttempt())
                .build();
    }

    private GenerationRequest classification(TurnRequest turn) {
        return order(turn)
                .setGenerationId(turn.getGenerationId() + "/classify")
                .setAttempt(turn.getClassifyAttempt())
                .setKind(WorkKinds.CLASSIFY)
                .build();
    }

    private GenerationRequest.Builder order(TurnRequest turn) {
        return GenerationRequest.newBuilder()
                .setTenantId(turn.getTenantId())
                .setConversationId(turn.getConversationId())
                .setTurnId(turn.getTurnId())
                .setAssistantMessageId(turn.getAssistantMessageId())
                .setCause(turn.getCause())
                .setTime(world.wallClock())
                .setEngine("default")
                .setMessages(List.of(new PromptMessage(Role.USER, turn.getContent(), List.of(), null, null)))
                .setConfiguration("v1");
    }
}
