package dev.parley.schemas;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.TopicSpec.Retention;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.serde.ValueSerdes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;

/**
 * The catalogue: every topic of one installation, with its contract.
 *
 * <p>All topics about conversations share partition count, key and partitioner, so that a conversation's records are
 * co-partitioned. Built from configuration and passed on; there is no static instance.
 */
public record Topics(
        Topic<String, Command> commands,
        Topic<String, ConversationEvent> events,
        Topic<String, TurnRequest> turns,
        Topic<String, Document> documents,
        Topic<String, GenerationRequest> generationRequests,
        Topic<String, GenerationChunk> chunks,
        Topic<String, GenerationReport> generationResults,
        Topic<String, Control> controls,
        Topic<byte[], byte[]> deadLetters) {

    public static Topics of(TopicSettings settings, ValueSerdes serdes) {
        Catalogue topics = new Catalogue(settings, serdes);
        return new Topics(
                topics.of("chat.commands.v1", kept(Duration.ofDays(7)), Command.class, Command.getClassSchema()),
                topics.of(
                        "chat.events.v1",
                        new Retention.Forever(),
                        ConversationEvent.class,
                        ConversationEvent.getClassSchema()),
                topics.of("chat.turns.v1", kept(Duration.ofDays(1)), TurnRequest.class, TurnRequest.getClassSchema()),
                topics.of("chat.documents.v1", new Retention.Compacted(), Document.class, Document.getClassSchema()),
                topics.of(
                        "chat.generation-requests.v1",
                        kept(Duration.ofDays(1)),
                        GenerationRequest.class,
                        GenerationRequest.getClassSchema()),
                topics.of(
                        "chat.chunks.v1",
                        kept(Duration.ofDays(1)),
                        GenerationChunk.class,
                        GenerationChunk.getClassSchema()),
                topics.of(
                        "chat.generation-results.v1",
                        kept(Duration.ofDays(7)),
                        GenerationReport.class,
                        GenerationReport.getClassSchema()),
                topics.of("chat.controls.v1", kept(Duration.ofHours(1)), Control.class, Control.getClassSchema()),
                new Topic<>(
                        topics.spec("chat.dead-letters.v1", kept(Duration.ofDays(30)), Optional.empty()),
                        Serdes.ByteArray(),
                        Serdes.ByteArray()));
    }

    /** Every topic, in the order a message meets them. */
    public List<TopicSpec> specs() {
        return List.of(
                commands.spec(),
                events.spec(),
                turns.spec(),
                documents.spec(),
                generationRequests.spec(),
                chunks.spec(),
                generationResults.spec(),
                controls.spec(),
                deadLetters.spec());
    }

    private static Retention kept(Duration time) {
        return new Retention.For(time);
    }

    private record Catalogue(TopicSettings settings, ValueSerdes serdes) {

        <V extends SpecificRecord> Topic<String, V> of(String name, Retention retention, Class<V> type, Schema schema) {
            return new Topic<>(spec(name, retention, Optional.of(schema)), Serdes.String(), serdes.of(type));
        }

        TopicSpec spec(String name, Retention retention, Optional<Schema> schema) {
            return new TopicSpec(
                    settings.prefix() + name, settings.partitions(), settings.replicationFactor(), retention, schema);
        }
    }
}
