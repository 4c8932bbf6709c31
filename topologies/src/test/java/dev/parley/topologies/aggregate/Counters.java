package dev.parley.topologies.aggregate;

import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.TopicSpec.Retention;
import dev.parley.schemas.TopicUse;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.topologies.aggregate.AggregateTopology.Inlet;
import dev.parley.topologies.aggregate.AggregateTopology.Outlet;
import dev.parley.topologies.counter.v1.CounterAlarm;
import dev.parley.topologies.counter.v1.CounterCommand;
import dev.parley.topologies.counter.v1.CounterEvent;
import dev.parley.topologies.counter.v1.CounterState;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/** Counters, to the kernel: all that an aggregate costs beside its rules. */
final class Counters implements Aggregate<Counter, Counter.Input, Counter.Change, Counter.Alarm> {

    static final String STORE = "counters";

    private static final String NAME = "counter";
    private static final String EVENTS = "events";
    private static final String ALARMS = "alarms";

    private final KeyValueStore<String, CounterState> store;
    private final Consumer<Integer> active;

    private Counters(KeyValueStore<String, CounterState> store, Consumer<Integer> active) {
        this.store = store;
        this.active = active;
    }

    /** The topics about counters. */
    record CounterTopics(
            Topic<String, CounterCommand> commands,
            Topic<String, CounterEvent> events,
            Topic<String, CounterAlarm> alarms,
            Topic<byte[], byte[]> deadLetters) {

        static CounterTopics inMemory() {
            ValueSerdes serdes = InMemoryRegistry.serdes();
            return new CounterTopics(
                    topic("counter.commands", CounterCommand.class, serdes),
                    topic("counter.events", CounterEvent.class, serdes),
                    topic("counter.alarms", CounterAlarm.class, serdes),
                    Topics.of(new TopicSettings("", 1, (short) 1), serdes).deadLetters());
        }

        private static <V extends SpecificRecord> Topic<String, V> topic(
                String name, Class<V> type, ValueSerdes serdes) {
            TopicUse use = new TopicUse("Of a test.", NAME, List.of(), List.of());
            TopicSpec spec = new TopicSpec(name, 1, true, (short) 1, new Retention.Forever(), Optional.empty(), use);
            return new Topic<>(spec, Serdes.String(), serdes.of(type));
        }
    }

    static Topology topology(CounterTopics topics, InstantSource wallClock, LongSupplier ticker, MeterRegistry meters) {
        return new AggregateTopology(
                        NAME,
                        List.of(new Inlet<>("commands", topics.commands(), Counters::objection)),
                        List.of(new Outlet(EVENTS, topics.events()), new Outlet(ALARMS, topics.alarms())),
                        List.of(store()))
                .build(() -> processor(wallClock, ticker, more -> {}), topics.deadLetters(), wallClock, meters);
    }

    static Processor<String, SpecificRecord, String, SpecificRecord> processor(
            InstantSource wallClock, LongSupplier ticker, Consumer<Integer> active) {
        return new AggregateProcessor<>(
                NAME, context -> new Counters(context.getStateStore(STORE), active), wallClock, ticker);
    }

    static StoreBuilder<KeyValueStore<String, CounterState>> store() {
        return AggregateTopology.store(STORE, SingleObjectSerde.of(CounterState.class));
    }

    private static @Nullable String objection(String key, CounterCommand command) {
        return command.getCommandId().isEmpty() ? "commandId is empty" : null;
    }

    @Override
    public Cause<Counter.Input> cause(SpecificRecord record) {
        CounterCommand command = (CounterCommand) record;
        return new Cause<>(new Counter.Input.Asked(command), command.getCommandId());
    }

    @Override
    public Counter load(String key) {
        CounterState state = store.get(key);
        return state == null
                ? Counter.NONE
                : new Counter(state.getSequence(), state.getTotal(), state.getLastCommand());
    }

    @Override
    public Decision<Counter, Counter.Change, Counter.Alarm> decide(
            String key, Counter state, Counter.Input input, Instant now) {
        return Counter.decide(state, input);
    }

    @Override
    public void save(String key, Decision<Counter, Counter.Change, Counter.Alarm> decision) {
        Counter counter = decision.state();
        store.put(key, new CounterState(counter.sequence(), counter.total(), counter.lastCommand()));
    }

    @Override
    public List<Output> outputs(
            String key, Decision<Counter, Counter.Change, Counter.Alarm> decision, String causeId, Instant now) {
        List<Output> outputs = new ArrayList<>();
        decision.steps().forEach(step -> {
            if (step.change() instanceof Counter.Change.Logged(CounterEvent.Body body)) {
                long sequence = step.after().sequence();
                CounterEvent event = new CounterEvent(sequence, causeId, body);
                outputs.add(new Output(EVENTS, key, key + "/" + sequence, event, body));
            }
        });
        decision.orders().forEach(order -> {
            CounterAlarm alarm = new CounterAlarm(order.total());
            outputs.add(new Output(ALARMS, key, causeId + "/alarm", alarm, alarm));
        });
        return outputs;
    }

    @Override
    public boolean isAwaited(Counter.Input input) {
        return true;
    }

    @Override
    public @Nullable Deadline<Counter.Input> deadline(Counter state) {
        return state.deadline();
    }

    @Override
    public void forEachWithDeadline(Consumer<String> visitor) {
        try (KeyValueIterator<String, CounterState> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, CounterState> counter = all.next();
                visitor.accept(counter.key);
            }
        }
    }

    @Override
    public void deadlines(int more) {
        active.accept(more);
    }
}
