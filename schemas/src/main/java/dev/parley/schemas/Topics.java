package dev.parley.schemas;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.FilePiece;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.TopicSpec.Retention;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.TopicSettings;
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
 *
 * @param workers the share group that reads {@code generationRequests}
 */
public record Topics(
        Topic<String, Command> commands,
        Topic<String, ConversationEvent> events,
        Topic<String, TurnRequest> turns,
        Topic<String, Document> documents,
        Topic<String, DocumentPassages> passages,
        Topic<String, GenerationRequest> generationRequests,
        Topic<String, GenerationChunk> chunks,
        Topic<String, GenerationReport> generationResults,
        Topic<String, Control> controls,
        Topic<String, Configuration> configuration,
        Topic<String, SearchRequest> searches,
        Topic<String, SearchResult> searchResults,
        Topic<String, FilePiece> files,
        Topic<byte[], byte[]> deadLetters,
        String workers) {

    private static final String CONVERSATION = "tenant/conversation";

    private static final String INGEST_API = "ingest-api";
    private static final String CONVERSATION_TOPOLOGY = "conversation";
    private static final String INDEXING = "indexing";
    private static final String ROUTING = "routing";
    private static final String LLM_PROCESSOR = "llm-processor";
    private static final String ASSEMBLY = "assembly";
    private static final String FEED = "feed";
    private static final String POSTGRES_SINK = "postgres-sink";
    private static final String OPERATOR = "operator";
    private static final String TOPOLOGIES = "topologies";

    public static Topics of(TopicSettings settings, ValueSerdes serdes) {
        Catalogue topics = new Catalogue(settings, serdes);
        return new Topics(
                topics.of(
                        "chat.commands.v1",
                        kept(Duration.ofDays(7)),
                        Command.class,
                        Command.getClassSchema(),
                        new TopicUse(
                                "What callers ask of a conversation.",
                                CONVERSATION,
                                List.of(INGEST_API),
                                List.of(CONVERSATION_TOPOLOGY))),
                topics.of(
                        "chat.events.v1",
                        new Retention.Forever(),
                        ConversationEvent.class,
                        ConversationEvent.getClassSchema(),
                        new TopicUse(
                                "The log of record: everything that happened in a conversation.",
                                CONVERSATION,
                                List.of(CONVERSATION_TOPOLOGY),
                                List.of(FEED, POSTGRES_SINK))),
                topics.of(
                        "chat.turns.v1",
                        kept(Duration.ofDays(1)),
                        TurnRequest.class,
                        TurnRequest.getClassSchema(),
                        new TopicUse(
                                "Turns that want a route, knowledge and a prompt.",
                                "tenant/workspace",
                                List.of(CONVERSATION_TOPOLOGY, LLM_PROCESSOR),
                                List.of(ROUTING))),
                topics.of(
                        "chat.documents.v1",
                        new Retention.Compacted(),
                        Document.class,
                        Document.getClassSchema(),
                        new TopicUse(
                                "The knowledge of a workspace; a null value deletes. Partitioned by tenant/workspace.",
                                "tenant/workspace/path",
                                List.of(INGEST_API),
                                List.of(INDEXING, POSTGRES_SINK))),
                topics.of(
                        "chat.passages.v1",
                        new Retention.Compacted(),
                        DocumentPassages.class,
                        DocumentPassages.getClassSchema(),
                        new TopicUse(
                                "Documents cut into passages, with their embeddings; a null value deletes."
                                        + " Partitioned by tenant/workspace.",
                                "tenant/workspace/path",
                                List.of(INDEXING),
                                List.of(ROUTING))),
                topics.inOneShare(
                        "chat.generation-requests.v1",
                        kept(Duration.ofDays(1)),
                        GenerationRequest.class,
                        GenerationRequest.getClassSchema(),
                        new TopicUse(
                                "Prompts for the worker pool, read by a share group. One partition, in which every worker has"
                                        + " a share.",
                                CONVERSATION,
                                List.of(ROUTING),
                                List.of(LLM_PROCESSOR))),
                topics.of(
                        "chat.chunks.v1",
                        kept(Duration.ofDays(1)),
                        GenerationChunk.class,
                        GenerationChunk.getClassSchema(),
                        new TopicUse(
                                "What workers say while they generate. The last AttemptStarted of a generation, in log"
                                        + " order, names its current attempt; chunks of any other are void.",
                                CONVERSATION,
                                List.of(LLM_PROCESSOR),
                                List.of(ASSEMBLY, FEED))),
                topics.of(
                        "chat.generation-results.v1",
                        kept(Duration.ofDays(7)),
                        GenerationReport.class,
                        GenerationReport.getClassSchema(),
                        new TopicUse(
                                "Facts about generations, reported to the conversation, which alone decides.",
                                CONVERSATION,
                                List.of(ASSEMBLY, ROUTING),
                                List.of(CONVERSATION_TOPOLOGY))),
                topics.of(
                        "chat.controls.v1",
                        kept(Duration.ofHours(1)),
                        Control.class,
                        Control.getClassSchema(),
                        new TopicUse(
                                "Orders to whoever runs a generation, read by every worker.",
                                CONVERSATION,
                                List.of(CONVERSATION_TOPOLOGY),
                                List.of(ASSEMBLY, LLM_PROCESSOR))),
                topics.inOrder(
                        "chat.configuration.v1",
                        new Retention.Compacted(),
                        Configuration.class,
                        Configuration.getClassSchema(),
                        new TopicUse(
                                "How turns are routed and which engines there are; the last record is in force. One"
                                        + " partition.",
                                "version",
                                List.of(OPERATOR),
                                List.of(INGEST_API, LLM_PROCESSOR, TOPOLOGIES))),
                topics.of(
                        "chat.searches.v1",
                        kept(Duration.ofHours(1)),
                        SearchRequest.class,
                        SearchRequest.getClassSchema(),
                        new TopicUse(
                                "Questions to a workspace's index that want no answer but passages.",
                                "tenant/workspace",
                                List.of(INGEST_API),
                                List.of(ROUTING))),
                topics.of(
                        "chat.search-results.v1",
                        kept(Duration.ofHours(1)),
                        SearchResult.class,
                        SearchResult.getClassSchema(),
                        new TopicUse(
                                "What was found, read by every front door.",
                                "search",
                                List.of(ROUTING),
                                List.of(INGEST_API))),
                topics.of(
                        "chat.files.v1",
                        new Retention.Forever(),
                        FilePiece.class,
                        FilePiece.getClassSchema(),
                        new TopicUse(
                                "The contents of images and files that came with messages, in pieces.",
                                "tenant/hash",
                                List.of(INGEST_API),
                                List.of(INGEST_API, LLM_PROCESSOR))),
                new Topic<>(
                        topics.spec(
                                "chat.dead-letters.v1",
                                kept(Duration.ofDays(30)),
                                Optional.empty(),
                                new TopicUse(
                                        "Records that cannot be processed, with their original bytes.",
                                        "the original key",
                                        List.of(
                                                ASSEMBLY,
                                                CONVERSATION_TOPOLOGY,
                                                INDEXING,
                                                LLM_PROCESSOR,
                                                POSTGRES_SINK,
                                                ROUTING),
                                        List.of())),
                        Serdes.ByteArray(),
                        Serdes.ByteArray()),
                settings.groupId(LLM_PROCESSOR));
    }

    /** Every topic, in the order a message meets them. */
    public List<TopicSpec> specs() {
        return List.of(
                commands.spec(),
                events.spec(),
                turns.spec(),
                documents.spec(),
                passages.spec(),
                generationRequests.spec(),
                chunks.spec(),
                generationResults.spec(),
                controls.spec(),
                configuration.spec(),
                searches.spec(),
                searchResults.spec(),
                files.spec(),
                deadLetters.spec());
    }

    private static Retention kept(Duration time) {
        return new Retention.For(time);
    }

    private record Catalogue(TopicSettings settings, ValueSerdes serdes) {

        <V extends SpecificRecord> Topic<String, V> of(
                String name, Retention retention, Class<V> type, Schema schema, TopicUse use) {
            return new Topic<>(spec(name, retention, Optional.of(schema), use), Serdes.String(), serdes.of(type));
        }

        /** A topic whose records are in one order, whatever their keys. */
        <V extends SpecificRecord> Topic<String, V> inOrder(
                String name, Retention retention, Class<V> type, Schema schema, TopicUse use) {
            return new Topic<>(
                    spec(name, 1, true, retention, Optional.of(schema), use), Serdes.String(), serdes.of(type));
        }

        /**
         * A topic that a share group reads, each record for whoever is free. Kafka assigns partitions to its members; where there
         * are more partitions than members, a member that died keeps its own to itself until its session has run out, which on
         * a broker's defaults takes 45 s.
         */
        <V extends SpecificRecord> Topic<String, V> inOneShare(
                String name, Retention retention, Class<V> type, Schema schema, TopicUse use) {
            return new Topic<>(
                    spec(name, 1, false, retention, Optional.of(schema), use), Serdes.String(), serdes.of(type));
        }

        TopicSpec spec(String name, Retention retention, Optional<Schema> schema, TopicUse use) {
            return spec(name, settings.partitions(), true, retention, schema, use);
        }

        private TopicSpec spec(
                String name,
                int partitions,
                boolean ordered,
                Retention retention,
                Optional<Schema> schema,
                TopicUse use) {
            return new TopicSpec(
                    settings.prefix() + name,
                    partitions,
                    ordered,
                    settings.replicationFactor(),
                    retention,
                    schema,
                    use);
        }
    }
}
