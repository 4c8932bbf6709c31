package dev.parley.llm.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.llm.Orders;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.stack.InMemoryRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** What becomes of orders, of whatever kind. */
class ClaimsTest {

    private static final WorkKinds WORK = WorkKinds.defaults();

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Claims claims = new Claims(
            new Log(producer),
            topics,
            Map.of(WORK.model(), new Saying("an answer"), WORK.classify(), new Saying("sort")),
            new Runs(generation -> false, new Semaphore(0), meters),
            new Claims.Claimant("llm-processor", "worker-1"),
            InstantSource.fixed(Instant.EPOCH),
            meters);

    /** Says the same whatever it is asked, as often as it is in the prompt. */
    private record Saying(String text) implements Runner {

        @Override
        public Answerer expected(GenerationRequest order) {
            return new Answerer("engine of " + text, "model", "");
        }

        @Override
        public Outcome run(GenerationRequest order, AnswerSink sink, Cancellation cancellation) {
            order.getMessages().forEach(message -> sink.text(text));
            return new Outcome.Finished("stop");
        }
    }

    private Requests.Taken take(Consumer<GenerationRequest.Builder> rest) {
        GenerationRequest.Builder order = Orders.of("default", List.of(said("Hello?")));
        rest.accept(order);
        String topic = topics.generationRequests().name();
        return claims.take(new ConsumerRecord<>(
                topic,
                0,
                7,
                topics.generationRequests().keys().serializer().serialize(topic, "t/c"),
                topics.generationRequests().values().serializer().serialize(topic, order.build())));
    }

    private static PromptMessage said(String text) {
        return new PromptMessage(Role.USER, text, List.of(), null, null);
    }

    private static void run(Requests.Taken taken) {
        assertThat(taken)
                .isInstanceOfSatisfying(
                        Requests.Taken.Started.class, started -> started.run().run());
    }

    private List<GenerationChunk.Body> chunks() {
        return producer.history().stream()
                .filter(record -> record.topic().equals(topics.chunks().name()))
                .map(record -> topics.chunks().values().deserializer().deserialize(record.topic(), record.value()))
                .map(GenerationChunk::getBody)
                .toList();
    }

    @Test
    void workOfEachKindGoesTheSameWayToWhoeverDoesIt() {
        run(take(order -> {}));
        run(take(order ->
                order.setGenerationId("turn.1/classify").setKind("classify").setAttempt(2)));

        assertThat(chunks())
                .filteredOn(AttemptStarted.class::isInstance)
                .containsExactly(
                        new AttemptStarted(1, "initial", "engine of an answer", "model", "worker-1", "model"),
                        new AttemptStarted(2, "initial", "engine of sort", "model", "worker-1", "classify"));
        assertThat(chunks())
                .filteredOn(TextDelta.class::isInstance)
                .containsExactly(new TextDelta(0, "an answer", false), new TextDelta(0, "sort", false));
        assertThat(chunks()).filteredOn(AttemptFinished.class::isInstance).hasSize(2);
    }

    @Test
    void eachKindHasItsOwnLimit() {
        List<PromptMessage> many = Collections.nCopies(WORK.classify().maxAnswerBytes() / 4 + 1, said("?"));

        run(take(order -> order.setMessages(many)));
        assertThat(chunks().getLast()).isInstanceOf(AttemptFinished.class);
        run(take(order -> order.setMessages(many).setKind("classify")));
        assertThat(chunks().getLast()).isInstanceOfSatisfying(AttemptFailed.class, failed -> {
            assertThat(failed.getCode()).isEqualTo("answer_too_large");
            assertThat(failed.getRetryable()).isFalse();
        });
    }

    @Test
    void aKindThatNobodyDoesHereIsSetAside() {
        assertThat(take(order -> order.setKind("render"))).isEqualTo(new Requests.Taken.Done(AcknowledgeType.ACCEPT));

        ProducerRecord<byte[], byte[]> letter = producer.history().getLast();
        assertThat(letter.topic()).isEqualTo(topics.deadLetters().name());
        assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.CODE)).isEqualTo("unknown_type");
        assertThat(chunks()).isEmpty();
    }

    @Test
    void anOrderOfAFormerVersionSendsItsTurnBackAndAsksNobody() {
        assertThat(take(order -> order.setClassify(turn()))).isEqualTo(new Requests.Taken.Done(AcknowledgeType.ACCEPT));

        ProducerRecord<byte[], byte[]> written = producer.history().getLast();
        assertThat(written.topic()).isEqualTo(topics.turns().name());
        TurnRequest turn = topics.turns().values().deserializer().deserialize(written.topic(), written.value());
        assertThat(Objects.requireNonNull(turn.getClassification()).getIntent()).isEmpty();
        assertThat(chunks()).isEmpty();
    }

    @Test
    void whereTheLogTakesNothingTheOrderIsGivenBack() {
        producer.sendException = new KafkaException("no");

        assertThat(take(order -> order.setClassify(turn())))
                .isEqualTo(new Requests.Taken.Done(AcknowledgeType.RELEASE));
        assertThat(take(order -> order.setKind("render"))).isEqualTo(new Requests.Taken.Done(AcknowledgeType.RELEASE));
    }

    private static TurnRequest turn() {
        return TurnRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c")
                .setWorkspaceId("w")
                .setTurnId("turn")
                .setGenerationId("turn.1")
                .setAssistantMessageId("a")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setContent("Hello?")
                .setHistory(List.of())
                .build();
    }
}
