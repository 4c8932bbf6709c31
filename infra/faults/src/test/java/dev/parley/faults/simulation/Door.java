package dev.parley.faults.simulation;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.schemas.keys.ConversationKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Callers, and the front door that turns what they ask into commands, some of them more than once. */
final class Door implements Actor {

    private static final int MAX_COMMANDS = 14;
    private static final List<OnBusy> ON_BUSY =
            List.of(OnBusy.ENQUEUE, OnBusy.ENQUEUE, OnBusy.ENQUEUE, OnBusy.INTERRUPT, OnBusy.ROLLBACK, OnBusy.REJECT);

    private final World world;
    private final List<Command> asked = new ArrayList<>();
    private final List<String> turns = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private int left;
    private int number;

    Door(World world) {
        this.world = world;
        this.left = 1 + world.random().nextInt(MAX_COMMANDS);
    }

    void close() {
        left = 0;
    }

    @Override
    public boolean step() {
        if (left == 0 || world.random().nextInt(3) == 0) {
            return left > 0;
        }
        left--;
        number++;
        if (!asked.isEmpty() && world.random().nextInt(6) == 0) {
            repeat(asked.get(world.random().nextInt(asked.size())));
            return true;
        }
        ConversationKey key = world.anyConversation();
        Command command = new Command(
                "command-" + number, key.tenant(), key.conversation(), world.wallClock(), body(key.conversation()));
        asked.add(command);
        world.append(world.commands, key.toString(), command);
        return true;
    }

    /** A producer's repeat has the same id; a caller's own has another, where its messages' ids tell. */
    private void repeat(Command command) {
        boolean callersOwn =
                (command.getBody() instanceof SubmitMessage || command.getBody() instanceof RegenerateMessage)
                        && world.random().nextBoolean();
        Command repeated = callersOwn
                ? new Command(
                        "command-" + number,
                        command.getTenantId(),
                        command.getConversationId(),
                        world.wallClock(),
                        command.getBody())
                : command;
        world.append(world.commands, command.getTenantId() + "/" + command.getConversationId(), repeated);
    }

    private Command.Body body(String conversation) {
        int kind = world.random().nextInt(100);
        if (kind < 50) {
            return submit(conversation);
        }
        if (kind < 68) {
            return new CancelTurn(world.random().nextInt(3) == 0 ? null : any(turns));
        }
        if (kind < 80) {
            String name = conversation + "-" + number;
            turns.add("turn-" + name);
            String replaced = world.random().nextBoolean() ? null : any(answers);
            answers.add("answer-" + name);
            return new RegenerateMessage(replaced, "turn-" + name, "answer-" + name, onBusy(), null);
        }
        if (kind < 83) {
            String other = any(answers);
            return new SwitchBranch(other == null ? "none" : other);
        }
        if (kind < 87) {
            String rated = any(answers);
            return new RateMessage(rated == null ? "none" : rated, "up", null);
        }
        if (kind < 90) {
            return new RenameConversation("title " + number);
        }
        if (kind < 92) {
            return new AnnotateConversation(
                    any(turns), Map.of("k", Integer.toString(number)), List.of("{}"), List.of("item-" + number));
        }
        return kind < 96
                ? new CreateConversation(null, "main", Map.of())
                : world.random().nextBoolean() ? new DeleteConversation() : submit(conversation);
    }

    private SubmitMessage submit(String conversation) {
        String name = conversation + "-" + number;
        turns.add("turn-" + name);
        answers.add("answer-" + name);
        return SubmitMessage.newBuilder()
                .setMessageId("user-" + name)
                .setTurnId("turn-" + name)
                .setAssistantMessageId("answer-" + name)
                .setContent("question of " + name + "!".repeat(world.random().nextInt(60)))
                .setOnBusy(onBusy())
                .setFingerprint("print")
                .setAfter(place())
                .build();
    }

    /** Mostly where the conversation stands; else anywhere, be it that there is no such place. */
    private @Nullable BranchPoint place() {
        return world.random().nextInt(4) == 0 ? new BranchPoint(any(answers)) : null;
    }

    private OnBusy onBusy() {
        return ON_BUSY.get(world.random().nextInt(ON_BUSY.size()));
    }

    private @Nullable String any(List<String> ids) {
        return ids.isEmpty() ? null : ids.get(world.random().nextInt(ids.size()));
    }
}
