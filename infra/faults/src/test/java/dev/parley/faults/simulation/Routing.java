package dev.parley.faults.simulation;

import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import java.util.List;

/** Routing and retrieval under at least once: what it has not committed it prepares again after a crash. */
final class Routing implements Actor {

    private final World world;
    private int next;
    private int committed;

    Routing(World world) {
        this.world = world;
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
        world.append(
                world.results,
                key,
                new GenerationReport(
                        turn.getGenerationId() + "/" + turn.getAttempt() + "/prepared",
                        turn.getGenerationId(),
                        world.wallClock(),
                        new TurnPrepared(turn.getAttempt(), "chat", 1.0, "default", "default", List.of(), "v1", null)));
        if (world.strikes(world.faults().crashPerMille())) {
            world.trace("routing crashes between its two records");
            next = committed;
            return true;
        }
        world.append(
                world.requests,
                key,
                new GenerationRequest(
                        turn.getTenantId(),
                        turn.getConversationId(),
                        turn.getTurnId(),
                        turn.getGenerationId(),
                        turn.getAssistantMessageId(),
                        turn.getAttempt(),
                        turn.getCause(),
                        world.wallClock(),
                        "default",
                        List.of(new PromptMessage(Role.USER, turn.getContent(), List.of(), null)),
                        List.of(),
                        null,
                        List.of(),
                        "v1",
                        null,
                        "model"));
        if (world.random().nextInt(3) == 0) {
            committed = next;
        }
        return true;
    }
}
