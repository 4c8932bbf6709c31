package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.serde.SingleObject;
import dev.parley.topologies.aggregate.SingleObjectSerde;
import dev.parley.topologies.assembly.AttemptProgress.Cost;
import dev.parley.topologies.assembly.AttemptProgress.Phase;
import dev.parley.topologies.assembly.Transcript.Segment;
import dev.parley.topologies.state.v1.AttemptCost;
import dev.parley.topologies.state.v1.AttemptPhase;
import dev.parley.topologies.state.v1.ClosedGenerationHeader;
import dev.parley.topologies.state.v1.CurrentAttempt;
import dev.parley.topologies.state.v1.GenerationHeader;
import dev.parley.topologies.state.v1.OpenGenerationHeader;
import dev.parley.topologies.state.v1.TextSegment;
import dev.parley.topologies.state.v1.ToolCallSegment;
import dev.parley.topologies.state.v1.Unknown;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * Where generations are kept: a header each, and the text in segments beside it.
 *
 * <p>Both stores are cached, so a segment that grows by many deltas is written to RocksDB and the changelog once a commit.
 *
 * <p><b>After a crash</b> each single entry is as it was at the last commit or at some later moment, and not all at the
 * same one. A segment therefore says which deltas it holds, and an attempt's text is the longest chain of segments that
 * continue each other: never less than at the last commit, and everything beyond it is read again from the topic. Nothing
 * that an older entry needs is deleted before that older entry can no longer come back, so texts are deleted long after
 * their generation has closed.
 */
final class GenerationStores {

    static final String GENERATIONS = "generations";
    static final String TEXTS = "generation-texts";

    /** Parts a store key; no id contains it. */
    static final char SEPARATOR = '#';

    private static final StringSerializer KEYS = new StringSerializer();
    private static final SingleObject<GenerationReport> REPORTS = SingleObject.of(GenerationReport.class);

    private final KeyValueStore<String, GenerationHeader> headers;
    private final KeyValueStore<String, TextSegment> texts;

    GenerationStores(ProcessingContext context) {
        this.headers = context.getStateStore(GENERATIONS);
        this.texts = context.getStateStore(TEXTS);
    }

    /** What the topology adds. */
    static Set<StoreBuilder<?>> builders() {
        Map<String, String> changelog = Map.of("max.message.bytes", Integer.toString(TopicSpec.MAX_MESSAGE_BYTES));
        Set<StoreBuilder<?>> builders = new LinkedHashSet<>();
        builders.add(Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(GENERATIONS),
                        Serdes.String(),
                        SingleObjectSerde.of(GenerationHeader.class))
                .withCachingEnabled()
                .withLoggingEnabled(changelog));
        builders.add(Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(TEXTS), Serdes.String(), SingleObjectSerde.of(TextSegment.class))
                .withCachingEnabled()
                .withLoggingEnabled(changelog));
        return builders;
    }

    /** The store key of a generation: conversation and generation. */
    static String storeKey(String conversationKey, String generationId) {
        return conversationKey + SEPARATOR + generationId;
    }

    /** The conversation's part of a store key: the record key of its reports. */
    static String conversationOf(String storeKey) {
        return storeKey.substring(0, storeKey.indexOf(SEPARATOR));
    }

    /** A generation with what is kept beside its state. */
    record Stored(Generation generation, @Nullable String traceparent) {}

    @Nullable
    Stored load(String storeKey) {
        GenerationHeader header = headers.get(storeKey);
        return header == null ? null : stored(storeKey, header);
    }

    /** Hands over every generation; for the start of a task. */
    void forEach(BiConsumer<String, Stored> visitor) {
        try (KeyValueIterator<String, GenerationHeader> all = headers.all()) {
            while (all.hasNext()) {
                KeyValue<String, GenerationHeader> entry = all.next();
                visitor.accept(entry.key, stored(entry.key, entry.value));
            }
        }
    }

    /** Writes an open generation's header. */
    void putHeader(String storeKey, Generation.Open open, @Nullable String traceparent) {
        AttemptProgress progress = open.current();
        headers.put(
                storeKey,
                new GenerationHeader(new OpenGenerationHeader(
                        open.generationId(),
                        traceparent,
                        open.cancelling(),
                        progress == null ? null : current(progress),
                        List.copyOf(open.superseded()))));
    }

    /** Writes the last segment of an attempt's text. */
    void putLastSegment(String storeKey, AttemptProgress progress) {
        Segment segment = progress.transcript().last();
        texts.put(
                attemptPrefix(storeKey, progress.attemptId()) + "%08x".formatted(segment.index()),
                new TextSegment(
                        segment.fromSeq(),
                        segment.nextSeq(),
                        segment.text(),
                        segment.reasoning(),
                        segment.toolCalls().stream()
                                .map(call -> new ToolCallSegment(call.getId(), call.getName(), call.getArguments()))
                                .toList()));
    }

    /** Writes that a generation is closed; its text stays until {@link #deleteTexts}. */
    void putClosed(String storeKey, Generation.Closed closed) {
        headers.put(
                storeKey,
                new GenerationHeader(new ClosedGenerationHeader(
                        closed.generationId(),
                        closed.attemptId(),
                        closed.byClock(),
                        closed.report() == null ? null : encoded(closed.report()))));
    }

    /** Deletes the texts of every attempt of a generation. */
    void deleteTexts(String storeKey) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, TextSegment> segments = texts.prefixScan(storeKey + SEPARATOR, KEYS)) {
            segments.forEachRemaining(segment -> keys.add(segment.key));
        }
        keys.forEach(texts::delete);
    }

    /** Forgets a generation. */
    void delete(String storeKey) {
        deleteTexts(storeKey);
        headers.delete(storeKey);
    }

    /** Deletes texts that belong to none of {@code storeKeys}: a crash may have kept them and lost their deletion. */
    void deleteTextsExceptOf(Set<String> storeKeys) {
        Set<String> orphans = new HashSet<>();
        try (KeyValueIterator<String, TextSegment> all = texts.all()) {
            while (all.hasNext()) {
                String key = all.next().key;
                String storeKey = key.substring(0, key.lastIndexOf(SEPARATOR, key.lastIndexOf(SEPARATOR) - 1));
                if (!storeKeys.contains(storeKey)) {
                    orphans.add(storeKey);
                }
            }
        }
        orphans.forEach(this::deleteTexts);
    }

    private Stored stored(String storeKey, GenerationHeader header) {
        return switch (header.getBody()) {
            case OpenGenerationHeader open -> new Stored(open(storeKey, open), open.getTraceparent());
            case ClosedGenerationHeader closed -> new Stored(closed(closed), null);
            case Unknown unknown -> throw new IllegalStateException("a header of a later version: " + unknown.type());
        };
    }

    private Generation.Open open(String storeKey, OpenGenerationHeader header) {
        CurrentAttempt current = header.getCurrent();
        return new Generation.Open(
                header.getGenerationId(),
                current == null ? null : progress(storeKey, current),
                new LinkedHashSet<>(header.getSuperseded()),
                header.getCancelling());
    }

    private AttemptProgress progress(String storeKey, CurrentAttempt current) {
        return new AttemptProgress(
                new Attempt(
                        current.getAttemptId(),
                        current.getAttempt(),
                        current.getEngine(),
                        current.getModel(),
                        current.getWorkerId(),
                        current.getEndpoint()),
                current.getKind(),
                switch (current.getPhase()) {
                    case RUNNING -> new Phase.Running();
                    case SILENT -> new Phase.Silent();
                    case CORRUPT -> new Phase.Corrupt();
                    case FAILED -> new Phase.Failed(cost(current.getCost()));
                },
                transcript(attemptPrefix(storeKey, current.getAttemptId())));
    }

    private Transcript transcript(String prefix) {
        Transcript transcript = Transcript.EMPTY;
        int index = 0;
        try (KeyValueIterator<String, TextSegment> segments = texts.prefixScan(prefix, KEYS)) {
            while (segments.hasNext()) {
                TextSegment stored = segments.next().value;
                Transcript longer = transcript.continuedBy(new Segment(
                        index++,
                        stored.getFromSeq(),
                        stored.getNextSeq(),
                        stored.getText(),
                        stored.getReasoning(),
                        stored.getToolCalls().stream()
                                .map(call -> new ToolCall(call.getId(), call.getName(), call.getArguments()))
                                .toList()));
                if (longer == null) {
                    break;
                }
                transcript = longer;
            }
        }
        return transcript;
    }

    private static Generation.Closed closed(ClosedGenerationHeader header) {
        return new Generation.Closed(
                header.getGenerationId(),
                header.getAttemptId(),
                header.getByClock(),
                header.getReport() == null ? null : decoded(header.getReport()));
    }

    private static String attemptPrefix(String storeKey, String attemptId) {
        return storeKey + SEPARATOR + attemptId + SEPARATOR;
    }

    private static CurrentAttempt current(AttemptProgress progress) {
        Attempt attempt = progress.attempt();
        return CurrentAttempt.newBuilder()
                .setAttemptId(attempt.getAttemptId())
                .setAttempt(attempt.getAttempt())
                .setEngine(attempt.getEngine())
                .setModel(attempt.getModel())
                .setWorkerId(attempt.getWorkerId())
                .setPhase(
                        switch (progress.phase()) {
                            case Phase.Running running -> AttemptPhase.RUNNING;
                            case Phase.Silent silent -> AttemptPhase.SILENT;
                            case Phase.Corrupt corrupt -> AttemptPhase.CORRUPT;
                            case Phase.Failed failed -> AttemptPhase.FAILED;
                        })
                .setCost(progress.phase() instanceof Phase.Failed(Cost cost) ? cost(cost) : null)
                .setEndpoint(attempt.getEndpoint())
                .setKind(progress.kind())
                .build();
    }

    private static AttemptCost cost(Cost cost) {
        return new AttemptCost(
                cost.usage().getInputTokens(),
                cost.usage().getOutputTokens(),
                cost.usage().getBasis() == UsageBasis.MEASURED,
                cost.firstTokenMillis(),
                cost.generationMillis(),
                cost.usage().getCostMicros());
    }

    private static Cost cost(@Nullable AttemptCost cost) {
        if (cost == null) {
            return new Cost(new Usage(0, 0, UsageBasis.ESTIMATED, null), null, null, null);
        }
        UsageBasis basis = cost.getMeasured() ? UsageBasis.MEASURED : UsageBasis.ESTIMATED;
        return new Cost(
                new Usage(cost.getInputTokens(), cost.getOutputTokens(), basis, cost.getCostMicros()),
                cost.getFirstTokenMillis(),
                cost.getGenerationMillis(),
                null);
    }

    private static ByteBuffer encoded(GenerationReport report) {
        return ByteBuffer.wrap(REPORTS.encode(report));
    }

    private static GenerationReport decoded(ByteBuffer report) {
        return REPORTS.decode(report);
    }
}
