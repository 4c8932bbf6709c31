package dev.parley.llm;

import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.llm.engine.Engine;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Cancellation;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of a request.
 *
 * <p><b>Claim, then acknowledge.</b> {@code AttemptStarted} is in the log before the request is accepted, so a request is
 * either offered to another worker or has an attempt that the assembly watches. From there on the log is the lease:
 * whatever becomes of this process, the silence of its attempts tells.
 *
 * <p>A turn to be classified has no attempt that anybody watches, so its request is accepted only when the answer is in the
 * log: should this worker be lost, it is offered to another.
 */
final class Claims implements Requests.Taker {

    private static final Logger logger = LoggerFactory.getLogger(Claims.class);

    private final Log log;
    private final Topics topics;
    private final EngineRegistry engines;
    private final Generations generations;
    private final Classifications classifications;
    private final String workerId;
    private final int maxAnswerBytes;
    private final InstantSource clock;
    private final MeterRegistry meters;

    Claims(
            Log log,
            Topics topics,
            EngineRegistry engines,
            Generations generations,
            Classifications classifications,
            String workerId,
            int maxAnswerBytes,
            InstantSource clock,
            MeterRegistry meters) {
        this.log = log;
        this.topics = topics;
        this.engines = engines;
        this.generations = generations;
        this.classifications = classifications;
        this.workerId = workerId;
        this.maxAnswerBytes = maxAnswerBytes;
        this.clock = clock;
        this.meters = meters;
    }

    @Override
    public Requests.Taken take(ConsumerRecord<byte[], byte[]> record) {
        GenerationRequest request;
        try {
            request = topics.generationRequests().values().deserializer().deserialize(record.topic(), record.value());
        } catch (UndecodableRecordException e) {
            return setAside(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()));
        } catch (RegistryUnavailableException e) {
            Pauses.afterTrouble();
            return new Requests.Taken.Done(AcknowledgeType.RELEASE);
        }
        if (request == null || request.getMessages().isEmpty()) {
            return setAside(
                    record, ErrorCode.INVALID_RECORD, request == null ? "the value is missing" : "the prompt is empty");
        }
        return request.getClassify() == null
                ? claim(record, request)
                : new Requests.Taken.Held(() -> classifications.classify(request, record.headers()));
    }

    private Requests.Taken setAside(ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {
        logger.warn("dead letter from {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), cause);
        boolean written = log.isWritten(
                DeadLetter.of(topics.deadLetters(), record, code, LlmProcessor.STAGE, cause, clock.instant()));
        return new Requests.Taken.Done(written ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
    }

    private Requests.Taken claim(ConsumerRecord<byte[], byte[]> record, GenerationRequest request) {
        ChunkLog chunks = new ChunkLog(
                log.producer(), topics, clock, request, UUID.randomUUID().toString(), record.headers());
        // A version that is not known yet is waited for later, by the generation: requests behind this one are not.
        Optional<Engine> engine =
                engines.find(request.getConfiguration()).flatMap(known -> known.find(request.getEngine()));
        String engineName = engine.map(Engine::name).orElse(request.getEngine());
        AttemptStarted claim = new AttemptStarted(
                request.getAttempt(),
                request.getCause(),
                engineName,
                engine.map(Engine::model).orElse(""),
                workerId);
        long claimedNanos = System.nanoTime();
        if (!Log.isWritten(chunks.send("start", claim, (metadata, failure) -> {}))) {
            return new Requests.Taken.Done(AcknowledgeType.RELEASE);
        }
        meters.timer("parley.llm.claim").record(Duration.ofNanos(System.nanoTime() - claimedNanos));
        int promptChars = request.getMessages().stream()
                .map(PromptMessage::getContent)
                .mapToInt(String::length)
                .sum();
        Generations.Run run = new Generations.Run(
                request,
                new AttemptWriter(chunks, System::nanoTime, maxAnswerBytes, promptChars, engineName),
                new Cancellation());
        return new Requests.Taken.Started(generations.begin(run));
    }
}
