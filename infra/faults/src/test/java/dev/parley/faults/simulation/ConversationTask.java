package dev.parley.faults.simulation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.topologies.conversation.ConversationProcessor;
import dev.parley.topologies.conversation.ConversationSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The conversation topology under exactly once: state, outputs and positions change together at a commit; a crash before it
 * takes all of them back.
 */
final class ConversationTask implements Actor {

    private final World world;
    private final List<Record<String, SpecificRecord>> outputs = new ArrayList<>();
    private final SimulatedProcessor<SpecificRecord> processor;
    private int nextCommand;
    private int nextReport;
    private int committedCommand;
    private int committedReport;

    ConversationTask(World world, ConversationSettings settings) {
        this.world = world;
        this.processor = new SimulatedProcessor<>(
                ConversationProcessor.STORES,
                () -> ConversationProcessor.create(settings, world::wallClock, world::nanos, World.METERS),
                outputs::add);
    }

    @Override
    public boolean step() {
        if (world.strikes(world.faults().crashPerMille())) {
            crash();
            return true;
        }
        boolean worked = processOne();
        if (!worked || world.random().nextInt(3) == 0) {
            return commit() || worked;
        }
        return true;
    }

    private boolean processOne() {
        boolean command = nextCommand < world.commands.size();
        boolean report = nextReport < world.results.size();
        if (!command && !report) {
            return false;
        }
        if (command && (!report || world.random().nextBoolean())) {
            Record<String, Command> record = world.commands.get(nextCommand++);
            if (world.plants(Plant.LOST_COMMAND)) {
                return true;
            }
            processor.process(record);
        } else {
            processor.process(world.results.get(nextReport++));
        }
        return true;
    }

    void punctuate() {
        processor.punctuate();
    }

    private boolean commit() {
        boolean any = !outputs.isEmpty() || committedCommand != nextCommand || committedReport != nextReport;
        plant();
        outputs.forEach(this::write);
        outputs.clear();
        processor.commit();
        committedCommand = nextCommand;
        committedReport = nextReport;
        return any;
    }

    private void write(Record<String, SpecificRecord> output) {
        switch (output.value()) {
            case ConversationEvent event -> world.append(world.events, output.key(), event);
            case TurnRequest turn -> world.append(world.turns, output.key(), turn);
            case Control control -> world.append(world.controls, output.key(), control);
            default -> throw new Violation("the conversation writes " + output.value());
        }
    }

    private void crash() {
        world.trace("conversation crashes");
        outputs.clear();
        nextCommand = committedCommand;
        nextReport = committedReport;
        processor.takeBack();
    }

    private void plant() {
        List<Integer> events = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            if (outputs.get(i).value() instanceof ConversationEvent) {
                events.add(i);
            }
        }
        if (events.isEmpty()) {
            return;
        }
        if (world.plants(Plant.LOST_EVENT)) {
            outputs.remove((int) events.getFirst());
            return;
        }
        for (int i = 1; i < events.size(); i++) {
            int first = events.get(i - 1);
            int second = events.get(i);
            if (outputs.get(first).key().equals(outputs.get(second).key()) && world.plants(Plant.REORDERED_EVENTS)) {
                Collections.swap(outputs, first, second);
            }
        }
        for (int i : List.copyOf(events)) {
            Record<String, SpecificRecord> output = outputs.get(i);
            ConversationEvent event = (ConversationEvent) output.value();
            boolean ending = event.getBody() instanceof MessageCompleted
                    || event.getBody() instanceof TurnFailed
                    || event.getBody() instanceof TurnCancelled;
            if (ending && world.plants(Plant.SECOND_ENDING)) {
                ConversationEvent second = ConversationEvent.newBuilder(event)
                        .setSequence(event.getSequence() + 1)
                        .build();
                outputs.add(new Record<>(output.key(), second, output.timestamp()));
            }
        }
    }
}
