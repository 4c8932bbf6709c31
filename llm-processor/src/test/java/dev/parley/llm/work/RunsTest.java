package dev.parley.llm.work;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.llm.Orders;
import dev.parley.llm.engine.EngineFactory;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Connections;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Configurations;
import dev.parley.schemas.routes.Versions;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the log is told of an attempt, by whom it was answered, and what it cost. */
class RunsTest {

    private static final int MAX_BYTES = 10_000;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final ScriptedModelServer server = ScriptedModelServer.start();
    private final Connections connections = new Connections();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Semaphore permits = new Semaphore(0);
    private final Set<String> cancelled = new HashSet<>();
    private final Runs runs = new Runs(cancelled::contains, permits, meters);
    private final Runner runner = new EngineRunner(registry(), new PromptFiles(new NoFiles(), 1_000, 10_000));

    private EngineRegistry registry() {
        Configuration configuration = Versions.stamped(new Configuration(
                "",
                Instant.EPOCH,
                "test",
                "chat",
                new Classifier(ClassifierKind.NONE, 0.0, null, 5_000),
                List.of(BuiltInConfiguration.route("chat")),
                List.of(
                        EngineConfiguration.newBuilder()
                                .setName("served")
                                .setKind(EngineKind.OPENAI)
                                .setModel("scripted")
                                .setRetries(0)
                                .setEndpoints(List.of(server.baseUrl().toString()))
                                .setInputPrice(1.0)
                                .setOutputPrice(10.0)
                                .build(),
                        EngineConfiguration.newBuilder()
                                .setName("spare")
                                .setKind(EngineKind.SCRIPTED)
                                .setScript("I am the spare.")
                                .setEndpoints(List.of())
                                .build())));
        EngineFactory factory = new EngineFactory(connections, name -> Optional.empty(), meters);
        return new EngineRegistry(Configurations.fixed(configuration), factory, Map.of(), Duration.ofMillis(1), meters);
    }

    @AfterEach
    void stop() {
        connections.close();
        server.close();
    }

    private Object run(String version, String engine, String... fallbacks) {
        GenerationRequest request = Orders.of(
                        engine, List.of(new PromptMessage(Role.USER, "Hello?", List.of(), null, null)))
                .setFallbacks(List.of(fallbacks))
                .setConfiguration(version)
                .setKind("model")
                .build();
        ChunkLog log = new ChunkLog(
                producer, topics, InstantSource.fixed(Instant.EPOCH), request, "attempt", new RecordHeaders());
        runs.begin(new Runs.Run(
                        request,
                        runner,
                        new AttemptWriter(log, System::nanoTime, MAX_BYTES, 40, engine),
                        new Cancellation()))
                .run();
        assertThat(permits.availablePermits()).isOne();
        assertThat(runs.count()).isZero();
        var last = producer.history().getLast();
        GenerationChunk chunk = topics.chunks().values().deserializer().deserialize(last.topic(), last.value());
        return chunk.getBody();
    }

    private Answerer served() {
        return new Answerer("served", "scripted", server.baseUrl().toString());
    }

    @Test
    void theEndpointThatAnsweredIsNamedAndItsTokensPriced() {
        server.enqueue(Script.text("one two three"));

        assertThat(run("", "served")).isInstanceOfSatisfying(AttemptFinished.class, finished -> {
            Usage usage = finished.getTally().getUsage();
            assertThat(usage.getBasis()).isEqualTo(UsageBasis.MEASURED);
            assertThat(usage.getCostMicros()).isEqualTo(usage.getInputTokens() + 10L * usage.getOutputTokens());
            assertThat(finished.getTally().getAnsweredBy()).isEqualTo(served());
        });
    }

    @Test
    void aFallbackThatTookOverIsNamed() {
        server.enqueue(Script.refuse(500));

        assertThat(run("", "served", "spare"))
                .isInstanceOfSatisfying(
                        AttemptFinished.class,
                        finished -> assertThat(finished.getTally().getAnsweredBy())
                                .isEqualTo(new Answerer("spare", "scripted", "")));
    }

    @Test
    void whereTheClaimSaidItAllNobodyIsNamed() {
        assertThat(run("", "spare"))
                .isInstanceOfSatisfying(
                        AttemptFinished.class,
                        finished ->
                                assertThat(finished.getTally().getAnsweredBy()).isNull());
    }

    @Test
    void anEndpointThatDiesInMidAnswerIsNamedAndTheFailureMayBeTriedAgain() {
        server.enqueue(Script.tokens("a", "b").dyingAfter(1));

        assertThat(run("", "served", "spare")).isInstanceOfSatisfying(AttemptFailed.class, failed -> {
            assertThat(failed.getRetryable()).isTrue();
            assertThat(failed.getTally().getSeq()).isEqualTo(1);
            assertThat(failed.getTally().getAnsweredBy()).isEqualTo(served());
            assertThat(failed.getTally().getUsage().getBasis()).isEqualTo(UsageBasis.ESTIMATED);
            assertThat(failed.getTally().getUsage().getCostMicros()).isPositive();
        });
    }

    @Test
    void anAnswerThatIsTooLongEndsForGood() {
        server.enqueue(Script.tokens("x".repeat(MAX_BYTES), "y", "z", "z"));

        assertThat(run("", "served", "spare")).isInstanceOfSatisfying(AttemptFailed.class, failed -> {
            assertThat(failed.getCode()).isEqualTo(ErrorCode.ANSWER_TOO_LARGE.wire());
            assertThat(failed.getRetryable()).isFalse();
        });
    }

    @Test
    void aVersionThatNeverComesGivesWayToTheOneInForce() {
        assertThat(run("gone", "spare")).isInstanceOf(AttemptFinished.class);
    }

    @Test
    void whatWasStoppedBeforeItBeganAsksNobody() {
        cancelled.add("turn.1");

        assertThat(run("", "served")).isInstanceOf(AttemptCancelled.class);
        assertThat(server.exchanges()).isEmpty();
    }

    @Test
    void whatIsLeftWhenTheWorkerEndsIsForAnother() throws InterruptedException {
        server.enqueue(Script.silence());
        Thread running = Thread.ofVirtual().start(() -> run("", "served"));
        server.awaitExchange(0, Duration.ofSeconds(30));

        runs.drain(Duration.ZERO);

        running.join();
        var last = producer.history().getLast();
        assertThat(topics.chunks()
                        .values()
                        .deserializer()
                        .deserialize(last.topic(), last.value())
                        .getBody())
                .isInstanceOfSatisfying(AttemptFailed.class, failed -> {
                    assertThat(failed.getCode()).isEqualTo(ErrorCode.WORKER_LOST.wire());
                    assertThat(failed.getRetryable()).isTrue();
                });
    }
}
