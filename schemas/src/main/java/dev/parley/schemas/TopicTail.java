package dev.parley.schemas;

import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A {@link LogReader} of the values of one small topic. */
public final class TopicTail<V> implements AutoCloseable {

    private final LogReader reader;

    /** A tail from the beginning; see the other constructor. */
    public TopicTail(
            Topic<String, V> topic, KafkaSettings kafka, String clientId, Consumer<V> reader, Runnable onSkipped) {
        this(topic, new LogReader.Start.Beginning(), kafka, clientId, reader, onSkipped);
    }

    /**
     * Reads nothing before {@link #start}.
     *
     * @param reader is given each value in log order, some perhaps more than once, on this object's thread; must return at
     *     once
     * @param onSkipped is told of each record that cannot be read
     */
    public TopicTail(
            Topic<String, V> topic,
            LogReader.Start start,
            KafkaSettings kafka,
            String clientId,
            Consumer<V> reader,
            Runnable onSkipped) {
        this.reader =
                new LogReader(List.of(topic), start, kafka, clientId, Map.of(), new Values<>(topic, reader, onSkipped));
    }

    private record Values<V>(Topic<String, V> topic, Consumer<V> reader, Runnable onSkipped)
            implements LogReader.Records {

        @Override
        public void take(ConsumerRecord<byte[], byte[]> record) {
            V value = topic.values().deserializer().deserialize(topic.name(), record.value());
            if (value != null) {
                reader.accept(value);
            }
        }

        @Override
        public void skip(ConsumerRecord<byte[], byte[]> record) {
            onSkipped.run();
        }
    }

    public void start() {
        reader.start();
    }

    /** Waits until all that was there at the start has been read. */
    public void awaitCaughtUp() throws InterruptedException {
        reader.awaitCaughtUp();
    }

    /** Waits that long, or less; whether all that was there at the start has been read. */
    public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
        return reader.awaitCaughtUp(limit);
    }

    /** Whether all that was there at the start has been read. */
    public boolean isCaughtUp() {
        return reader.isCaughtUp();
    }

    /** What keeps it from reading on; empty while it reads. */
    public Optional<String> trouble() {
        return reader.trouble();
    }

    @Override
    public void close() {
        reader.close();
    }
}
