package dev.parley.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogReaderTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TOPIC = "topic";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final Deque<MockConsumer<byte[], byte[]>> clients = new ArrayDeque<>();
    private LogReader reader = reader(new LogReader.Start.Beginning());

    @AfterEach
    void stop() {
        reader.close();
    }

    private LogReader reader(LogReader.Start start) {
        return new LogReader(List.of(TOPIC), start, "test", this::client, new LogReader.Records() {
            private boolean registryAway = true;

            @Override
            public void begin(Map<TopicPartition, Long> positions) {
                told.add("from " + positions.get(PARTITION));
            }

            @Override
            public void take(ConsumerRecord<byte[], byte[]> record) {
                switch (record.value()[0]) {
                    case 'u' -> throw new UndecodableRecordException("garbage");
                    case 'f' -> throw new IllegalStateException("a fault of the reader's own");
                    case 'r' -> {
                        if (registryAway) {
                            registryAway = false;
                            throw new RegistryUnavailableException("away");
                        }
                    }
                    default -> {}
                }
                told.add("took " + record.offset());
            }

            @Override
            public void skip(ConsumerRecord<byte[], byte[]> record) {
                told.add("skipped " + record.offset());
            }
        });
    }

    private MockConsumer<byte[], byte[]> client() {
        MockConsumer<byte[], byte[]> client = clients.pollFirst();
        if (client == null) {
            throw new KafkaException("no broker");
        }
        return client;
    }

    /** A client of a log that holds {@code values}, a letter a record, from offset {@code first} on. */
    private MockConsumer<byte[], byte[]> log(long first, String values) {
        MockConsumer<byte[], byte[]> client = new MockConsumer<>("earliest");
        Node[] nodes = {Node.noNode()};
        client.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, Node.noNode(), nodes, nodes)));
        client.updateBeginningOffsets(Map.of(PARTITION, first));
        client.updateEndOffsets(Map.of(PARTITION, first + values.length()));
        client.schedulePollTask(() -> {
            for (int i = 0; i < values.length(); i++) {
                client.addRecord(
                        new ConsumerRecord<>(TOPIC, 0, first + i, new byte[0], new byte[] {(byte) values.charAt(i)}));
            }
        });
        clients.addLast(client);
        return client;
    }

    private List<String> told(int count) throws InterruptedException {
        List<String> taken = new ArrayList<>();
        while (taken.size() < count) {
            String next = told.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(next).as("after %s", taken).isNotNull();
            taken.add(String.valueOf(next));
        }
        return taken;
    }

    @Test
    void fromTheBeginningAllOfItIsRead() throws InterruptedException {
        log(5, "abc");

        reader.start();

        assertThat(told(4)).containsExactly("from 5", "took 5", "took 6", "took 7");
        assertThat(reader.awaitCaughtUp(PATIENCE)).isTrue();
    }

    @Test
    void fromTheEndOnlyWhatIsAddedIsRead() throws InterruptedException {
        MockConsumer<byte[], byte[]> client = log(5, "abc");
        client.schedulePollTask(() -> client.addRecord(new ConsumerRecord<>(TOPIC, 0, 8, new byte[0], new byte[] {1})));
        reader = reader(new LogReader.Start.End());

        reader.start();

        assertThat(told(2)).containsExactly("from 8", "took 8");
        assertThat(reader.isCaughtUp()).isTrue();
    }

    @Test
    void oneRecordThatCannotBeTakenHoldsUpNone() throws InterruptedException {
        log(0, "aufb");

        reader.start();

        assertThat(told(5)).containsExactly("from 0", "took 0", "skipped 1", "skipped 2", "took 3");
    }

    @Test
    void aRecordWaitsForTheRegistry() throws InterruptedException {
        log(0, "arb");

        reader.start();

        assertThat(told(4)).containsExactly("from 0", "took 0", "took 1", "took 2");
    }

    @Test
    void afterTroubleItGoesOnWhereItWas() throws InterruptedException {
        MockConsumer<byte[], byte[]> client = log(0, "ab");
        client.schedulePollTask(() -> client.setPollException(new KafkaException("the broker went away")));
        log(0, "abc");

        reader.start();

        assertThat(told(4)).containsExactly("from 0", "took 0", "took 1", "took 2");
    }
}
