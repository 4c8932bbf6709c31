package dev.parley.bench;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.KafkaSettings;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Many conversations, made by commands that are written to the log without the front door: everything behind it, topology,
 * feed and read model, has them as if they had come through it.
 */
final class StoredConversations {

    private static final String SOURCE = "/parley/bench";
    private static final Duration STALLED = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final int TELL_EVERY = 25;

    private final KafkaSettings kafka;
    private final Topics topics;
    private final String jdbcUrl;

    /** Conversations of the installation at {@code kafka} whose read model is at {@code jdbcUrl}. */
    StoredConversations(KafkaSettings kafka, Topics topics, String jdbcUrl) {
        this.kafka = kafka;
        this.topics = topics;
        this.jdbcUrl = jdbcUrl;
    }

    /** How many the read model has. */
    long count() throws IOException {
        try (Connection connection = DriverManager.getConnection(jdbcUrl)) {
            return count(connection);
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private static long count(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) from parley.conversations")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** Makes so many more, and waits until the read model has them all. */
    void make(int more, Consumer<String> progress) throws IOException, InterruptedException {
        try (Connection connection = DriverManager.getConnection(jdbcUrl)) {
            long wanted = count(connection) + more;
            write(more);
            awaitStored(connection, wanted, progress);
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private void write(int more) {
        AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
        try (KafkaProducer<String, Command> producer = new KafkaProducer<>(
                kafka.client("parley-bench", Map.of("acks", "all", "linger.ms", 5)),
                topics.commands().keys().serializer(),
                topics.commands().values().serializer())) {
            for (int i = 0; i < more; i++) {
                ConversationKey key = new ConversationKey(
                        ConversationKey.DEFAULT_TENANT,
                        "conv_" + UUID.randomUUID().toString().replace("-", ""));
                String id = UUID.randomUUID().toString();
                Instant now = Instant.now();
                CreateConversation create = new CreateConversation("Stored " + i, "main", Map.of());
                var _ = producer.send(
                        new ProducerRecord<>(
                                topics.commands().name(),
                                null,
                                now.toEpochMilli(),
                                key.toString(),
                                new Command(id, key.tenant(), key.conversation(), now, create),
                                CloudEventHeaders.of(id, create, SOURCE, now, null)),
                        (metadata, e) -> {
                            if (e != null) {
                                failure.set(e);
                            }
                        });
            }
            producer.flush();
        }
        if (failure.get() != null) {
            throw new IllegalStateException("a command could not be written", failure.get());
        }
    }

    private static void awaitStored(Connection connection, long wanted, Consumer<String> progress)
            throws SQLException, InterruptedException {
        long stored = -1;
        long changed = System.nanoTime();
        for (int look = 0; stored < wanted; look++) {
            long now = count(connection);
            if (now != stored) {
                changed = System.nanoTime();
            } else if (System.nanoTime() - changed > STALLED.toNanos()) {
                throw new IllegalStateException(
                        "the read model stays at " + stored + " of " + wanted + " conversations");
            }
            stored = now;
            if (look % TELL_EVERY == TELL_EVERY - 1) {
                progress.accept(stored + " of " + wanted + " stored");
            }
            Thread.sleep(LOOK);
        }
    }
}
