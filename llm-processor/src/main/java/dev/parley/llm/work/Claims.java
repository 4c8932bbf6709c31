package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.llm.classify.FormerOrders;
import dev.parley.llm.model.Cancellation;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.work.WorkKind;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of an order.
 *
 * <p><b>Claim, then acknowledge.</b> {@code AttemptStarted} is in the log before the order is accepted, so an order is either
 * offered to another worker or has an attempt that the assembly watches. From there on the log is the lease: whatever becomes
 * of this process, the silence of its attempts tells.
 */
final class Claims implements Requests.Taker {

    private static final Logger logger = LoggerFactory.getLogger(Claims.class);

    private final Log log;
    private final Topics topics;
    private final Map<WorkKind, Runner> runners;
    private final Runs runs;
    private final Claimant claimant;
    private final InstantSource clock;
    private final MeterRegistry meters;

    /**
     * Who claims.
     *
     * @param stage its name in dead letters
     * @param workerId its name in claims
     */
    record Claimant(String stage, String workerId) {}

    Claims(
            Log log,
            Topics topics,
            Map<WorkKind, Runner> runners,
            Runs runs,
            Claimant claimant,
            InstantSource clock,
            MeterRegistry meters) {
        this.log = log;
        this.topics = topics;
        this.runners = Map.copyOf(runners);
        this.runs = runs;
        this.claimant = claimant;
        this.clock = clock;
        this.meters = meters;
    }

    @Override
    public Requests.Taken take(ConsumerRecord<byte[], byte[]> record) {
        GenerationRequest order;
        try {
            order = topics.generationRequests().values().deserializer().deserialize(record.topic(), record.value());
        } catch (UndecodableRecordException e) {
            return setAside(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()));
        } catch (RegistryUnavailableException e) {
            Pauses.afterTrouble();
            return new Requests.Taken.Done(AcknowledgeType.RELEASE);
        }
        if (order == null || order.getMessages().isEmpty()) {
            return setAside(
                    record, ErrorCode.INVALID_RECORD, order == null ? "the value is missing" : "the prompt is empty");
        }
        if (!ConversationKey.isKey(order.getTenantId(), order.getConversationId())) {
            return setAside(record, ErrorCode.INVALID_RECORD, "tenantId or conversationId is not a valid id");
        }
        TurnRequest former = order.getClassify();
        if (former != null) {
            return acceptedOnce(FormerOrders.answer(topics.turns(), former, record.headers(), clock.instant()));
        }
        return runners.keySet().stream()
                .filter(kind -> kind.name().equals(order.getKind()))
                .findFirst()
                .map(kind -> claim(record, order, kind))
                .orElseGet(() -> setAside(
                        record,
                        ErrorCode.UNKNOWN_TYPE,
                        "of a kind of work that nothing here runs: " + order.getKind()));
    }

    private Requests.Taken setAside(ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {
        logger.warn("dead letter from {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), cause);
        return acceptedOnce(
                DeadLetter.of(topics.deadLetters(), record, code, claimant.stage(), cause, clock.instant()));
    }

    /** The order is done with once {@code written} is in the log. */
    private Requests.Taken acceptedOnce(ProducerRecord<byte[], byte[]> written) {
        return new Requests.Taken.Done(log.isWritten(written) ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
    }

    private Requests.Taken claim(ConsumerRecord<byte[], byte[]> record, GenerationRequest order, WorkKind kind) {
        Runner runner = Objects.requireNonNull(runners.get(kind), "each kind has who does it");
        ChunkLog chunks = new ChunkLog(
                log.producer(), topics, clock, order, UUID.randomUUID().toString(), record.headers());
        Answerer expected = runner.expected(order);
        AttemptStarted claim = new AttemptStarted(
                order.getAttempt(),
                order.getCause(),
                expected.getEngine(),
                expected.getModel(),
                claimant.workerId(),
                kind.name());
        long claimedNanos = System.nanoTime();
        if (!Log.isWritten(chunks.send("start", claim, (metadata, failure) -> {}))) {
            return new Requests.Taken.Done(AcknowledgeType.RELEASE);
        }
        meters.timer("parley.llm.claim").record(Duration.ofNanos(System.nanoTime() - claimedNanos));
        int promptChars = order.getMessages().stream()
                .map(PromptMessage::getContent)
                .mapToInt(String::length)
                .sum();
        Runs.Run run = new Runs.Run(
                order,
                runner,
                new AttemptWriter(chunks, System::nanoTime, kind.maxAnswerBytes(), promptChars, expected.getEngine()),
                new Cancellation());
        return new Requests.Taken.Started(runs.begin(run));
    }
}
