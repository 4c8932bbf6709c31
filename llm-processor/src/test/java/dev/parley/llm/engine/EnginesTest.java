package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Role;
import dev.parley.llm.engine.Fakes.HandClock;
import dev.parley.llm.engine.Fakes.Heard;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Connections;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.llm.work.EngineRunner;
import dev.parley.llm.work.PromptFiles;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.files.Accepts;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.routes.Configurations;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Engines against model servers on the wire: whose turn it is when one fails. */
class EnginesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ScriptedModelServer one = ScriptedModelServer.start();
    private final ScriptedModelServer two = ScriptedModelServer.start();
    private final Connections connections = new Connections();
    private final HandClock clock = new HandClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<Duration> waits = new ArrayList<>();
    private Retries.Waiting waiting = (time, cancellation) -> {
        waits.add(time);
        return cancellation.isCancelled();
    };
    private final Heard heard = new Heard();
    private final Cancellation cancellation = new Cancellation();

    @AfterEach
    void stop() {
        connections.close();
        one.close();
        two.close();
    }

    private Engines engines(EngineConfiguration... configurations) {
        return registry(configurations).find("").orElseThrow();
    }

    private EngineRegistry registry(EngineConfiguration... configurations) {
        EngineFactory factory = new EngineFactory(
                connections,
                name -> Optional.ofNullable(
                        Map.of("KEY", "secret", "BROKEN_KEY", "secret\n").get(name)),
                meters,
                clock,
                (time, order) -> waiting.isCancelledWithin(time, order));
        return new EngineRegistry(
                Configurations.fixed(Fakes.configuration(configurations)),
                factory,
                factory.own(Optional.empty(), Accepts.NOTHING, 1),
                PATIENCE,
                meters);
    }

    private static EngineConfiguration.Builder openAi(String name, URI... endpoints) {
        return Fakes.engine(name, EngineKind.OPENAI)
                .setModel("scripted")
                .setIdleTimeoutMillis(500)
                .setEndpoints(Stream.of(endpoints).map(URI::toString).toList());
    }

    private static EngineConfiguration scripted(String name, String script) {
        return Fakes.engine(name, EngineKind.SCRIPTED).setScript(script).build();
    }

    private Outcome ask(Engines engines, String conversation, String engine, String... fallbacks) {
        return engines.answer(Fakes.request(conversation, engine, fallbacks), heard, cancellation);
    }

    /** A conversation that prefers {@code server}. */
    private String preferring(ScriptedModelServer server) {
        return Stream.iterate(0, i -> i + 1)
                .map(i -> "c" + i)
                .filter(conversation -> Rendezvous.ranked(
                                "t/" + conversation,
                                List.of(one.baseUrl().toString(), two.baseUrl().toString()),
                                url -> url)
                        .getFirst()
                        .equals(server.baseUrl().toString()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anEndpointThatFailsBeforeTheFirstTokenIsPassedOverAtOnce() {
        Engines engines = engines(openAi("pair", one.baseUrl(), two.baseUrl()).build());
        String conversation = preferring(one);
        two.answerWith(Script.text("from two"));
        for (Script failure : List.of(
                Script.refuse(500),
                Script.refuse(429),
                Script.text("x").dyingAfter(0),
                Script.text("x").withoutFinish().dyingAfter(0))) {
            heard.text.setLength(0);
            heard.asked.clear();
            one.enqueue(failure);

            assertThat(ask(engines, conversation, "pair")).isInstanceOf(Outcome.Finished.class);
            assertThat(heard.text).hasToString("from two");
            assertThat(heard.endpoints())
                    .containsExactly(one.baseUrl().toString(), two.baseUrl().toString());
        }
        assertThat(waits).isEmpty();
    }

    @Test
    void anEndpointThatIsNotThereIsPassedOverAndThenLeftAlone() {
        URI nowhere = URI.create("http://127.0.0.1:1/v1");
        Engines engines = engines(openAi("pair", one.baseUrl(), nowhere).build());
        one.answerWith(Script.text("here"));

        for (int i = 0; i < 40; i++) {
            assertThat(ask(engines, "c" + i, "pair")).isInstanceOf(Outcome.Finished.class);
        }

        assertThat(heard.endpoints().stream().filter(nowhere.toString()::equals).count())
                .isEqualTo(4);
    }

    @Test
    void anEndpointThatRecoversIsTriedAgainAfterItsRest() {
        Engines engines = engines(openAi("pair", one.baseUrl(), two.baseUrl()).build());
        String conversation = preferring(one);
        two.answerWith(Script.text("x"));
        one.answerWith(Script.refuse(500));
        for (int i = 0; i < 6; i++) {
            ask(engines, conversation, "pair");
        }
        long asked = one.exchanges().size();
        one.answerWith(Script.text("well again"));

        ask(engines, conversation, "pair");
        assertThat(one.exchanges()).as("still at rest").hasSize((int) asked);

        clock.pass(Duration.ofSeconds(6));
        heard.text.setLength(0);
        ask(engines, conversation, "pair");
        assertThat(heard.text).hasToString("well again");
        heard.text.setLength(0);
        ask(engines, conversation, "pair");
        assertThat(heard.text).hasToString("well again");
    }

    @Test
    void whereNoneIsLeftTheSameIsAskedAgainAfterAWhile() {
        Engines engines = engines(openAi("single", one.baseUrl()).build());
        one.enqueue(Script.refuse(503), Script.refuse(429).retryAfter(Duration.ofSeconds(3)), Script.text("at last"));

        assertThat(ask(engines, "c", "single")).isInstanceOf(Outcome.Finished.class);

        assertThat(heard.text).hasToString("at last");
        assertThat(waits).hasSize(2);
        assertThat(waits.getFirst()).isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
        assertThat(waits.getLast()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void triesAreBoundedAndTheFallbackTakesOverSilently() {
        Engines engines = engines(openAi("single", one.baseUrl()).build(), scripted("spare", "I am the spare."));
        one.answerWith(Script.refuse(500));

        assertThat(ask(engines, "c", "single", "spare")).isInstanceOf(Outcome.Finished.class);

        assertThat(one.exchanges()).hasSize(3);
        assertThat(heard.text).hasToString("I am the spare.");
        assertThat(heard.asked.getLast()).isEqualTo(new Answerer("spare", "scripted", ""));
    }

    @Test
    void aRefusedRequestIsNotRepeatedButMaySuitTheFallback() {
        Engines engines = engines(openAi("single", one.baseUrl()).build(), scripted("spare", "I am the spare."));
        one.answerWith(Script.refuse(400));

        assertThat(ask(engines, "c", "single", "nobody", "spare")).isInstanceOf(Outcome.Finished.class);

        assertThat(one.exchanges()).hasSize(1);
        assertThat(heard.text).hasToString("I am the spare.");
        assertThat(waits).isEmpty();
    }

    @Test
    void anAnswerThatHasBegunIsNotBegunAnew() {
        Engines engines =
                engines(openAi("pair", one.baseUrl(), two.baseUrl()).build(), scripted("spare", "I am the spare."));
        // Paced, since what arrives together with the end of a connection may be lost with it.
        one.enqueue(Script.tokens("a", "b", "c").pacedAt(Duration.ofMillis(50)).dyingAfter(2));

        Outcome outcome = ask(engines, preferring(one), "pair", "spare");

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.isRetryable()).isTrue());
        assertThat(heard.text).hasToString("ab");
        assertThat(heard.asked)
                .containsExactly(new Answerer("pair", "scripted", one.baseUrl().toString()));
        assertThat(two.exchanges()).isEmpty();
    }

    @Test
    void aFailureThatMayPassIsWhatIsReported() {
        Engines engines = engines(
                openAi("a", one.baseUrl()).build(), openAi("b", two.baseUrl()).build());
        one.answerWith(Script.refuse(400));
        two.answerWith(Script.refuse(500));

        assertThat(ask(engines, "c", "a", "b"))
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_ERROR));
    }

    @Test
    void whereNobodyElseIsLeftARestingEndpointIsAskedNonetheless() {
        Engines engines = engines(openAi("single", one.baseUrl()).setRetries(0).build());
        one.answerWith(Script.refuse(500));
        for (int i = 0; i < 6; i++) {
            ask(engines, "c", "single");
        }
        assertThat(engines.find("single").orElseThrow().endpoints().getFirst().state())
                .hasToString("OPEN");
        one.answerWith(Script.text("back"));

        assertThat(ask(engines, "c", "single")).isInstanceOf(Outcome.Finished.class);
        assertThat(heard.text).hasToString("back");
    }

    @Test
    void cancellingEndsTheWaitForTheNextTry() throws Exception {
        Engines engines = engines(openAi("single", one.baseUrl()).build(), scripted("spare", "no"));
        one.answerWith(Script.refuse(500));
        CompletableFuture<Void> waitingNow = new CompletableFuture<>();
        waiting = (time, order) -> {
            waitingNow.complete(null);
            return order.await(PATIENCE);
        };
        CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(() -> ask(engines, "c", "single", "spare"));
        waitingNow.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        cancellation.cancel();

        outcome.get(PATIENCE.toSeconds() / 2, TimeUnit.SECONDS);
        assertThat(one.exchanges()).hasSize(1);
        assertThat(heard.text).isEmpty();
    }

    @Test
    void whoFindsNoPlaceIsSentElsewhereInTheEnd() throws Exception {
        Engines engines = engines(
                openAi("narrow", one.baseUrl()).setConcurrency(1).setRetries(0).build(), scripted("spare", "spare"));
        one.enqueue(Script.silence());
        Cancellation first = new Cancellation();
        CompletableFuture<Outcome> running =
                CompletableFuture.supplyAsync(() -> engines.answer(Fakes.request("c", "narrow"), new Heard(), first));
        one.awaitExchange(0, PATIENCE);

        assertThat(ask(engines, "d", "narrow"))
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.code()).isEqualTo(ErrorCode.OVERLOADED));
        assertThat(ask(engines, "d", "narrow", "spare")).isInstanceOf(Outcome.Finished.class);

        first.cancel();
        running.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(engines.find("narrow").orElseThrow().endpoints().getFirst().inFlight())
                .isZero();
    }

    @Test
    void whatTheSinkThrowsEndsTheAnswerAndIsThrownOn() {
        Engines engines = engines(openAi("single", one.baseUrl()).build());
        one.enqueue(Script.numbered(100_000, Duration.ofMillis(1)));
        Heard full = new Heard() {
            @Override
            public void text(String piece) {
                throw new IllegalStateException("enough");
            }
        };

        assertThatThrownBy(() -> engines.answer(Fakes.request("c", "single"), full, cancellation))
                .hasMessage("enough");
        assertThat(one.awaitExchange(0, PATIENCE).awaitClosedByClient(PATIENCE)).isTrue();
    }

    @Test
    void aKeyComesFromTheEnvironmentAndItsLackIsNamed() {
        Engines engines = engines(
                openAi("keyed", one.baseUrl()).setKeyVariable("KEY").build(),
                openAi("keyless", one.baseUrl()).setKeyVariable("NO_SUCH_KEY").build());
        one.answerWith(Script.text("x"));

        ask(engines, "c", "keyed");
        assertThat(one.awaitExchange(0, PATIENCE).request().headers()).containsEntry("authorization", "Bearer secret");

        assertThat(ask(engines, "c", "keyless")).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
            assertThat(failed.detail()).contains("NO_SUCH_KEY");
        });
    }

    @Test
    void aKeyWithBlanksIsRefusedByTheNameOfItsVariable() {
        Engines engines = engines(
                openAi("keyed", one.baseUrl()).setKeyVariable("BROKEN_KEY").build());

        assertThat(ask(engines, "c", "keyed")).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
            assertThat(failed.detail()).contains("BROKEN_KEY").doesNotContain("secret");
        });
        assertThat(one.exchanges()).isEmpty();
    }

    @Test
    void anAnswerThatTheModelAbortsSaysNothingAboutItsServer() {
        Engines engines = engines(openAi("single", one.baseUrl()).setRetries(0).build());
        one.answerWith(Script.text("half").finishing("abort"));

        for (int i = 0; i < 20; i++) {
            assertThat(ask(engines, "c", "single"))
                    .isInstanceOfSatisfying(
                            Outcome.Failed.class,
                            failed -> assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_ABORTED));
        }

        assertThat(engines.find("single").orElseThrow().endpoints().getFirst().state())
                .hasToString("CLOSED");
    }

    @Test
    void aModelThatIsFoundOutIsNamed() {
        Engines engines =
                engines(openAi("unnamed", one.baseUrl()).setModel(null).build());
        one.answerWith(Script.text("x"));

        ask(engines, "c", "unnamed");

        assertThat(heard.answered.getLast().getModel()).isEqualTo("scripted");
    }

    @Test
    void enginesThatAreUnknownSaySo() {
        Engines engines = engines(
                Fakes.engine("future", EngineKind.UNKNOWN).build(), scripted("default", "I am the default now."));

        for (String name : List.of("future", "nobody")) {
            assertThat(ask(engines, "c", name))
                    .isInstanceOfSatisfying(
                            Outcome.Failed.class,
                            failed -> assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_UNKNOWN));
        }
        ask(engines, "c", "default");
        assertThat(heard.text).hasToString("I am the default now.");
        heard.text.setLength(0);
        ask(engines, "c", "extractive");
        assertThat(heard.text).contains("No language model is connected");
    }

    @Test
    void aScriptIsSaidAtItsPaceUntilCancelled() throws Exception {
        Engines engines = engines(Fakes.engine("slow", EngineKind.SCRIPTED)
                .setScript("one two three")
                .setPaceMillis(60_000)
                .build());
        CompletableFuture<Void> begun = new CompletableFuture<>();
        Heard listening = new Heard() {
            @Override
            public void text(String piece) {
                super.text(piece);
                begun.complete(null);
            }
        };
        CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(
                () -> engines.answer(Fakes.request("c", "slow"), listening, cancellation));
        begun.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        cancellation.cancel();

        outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(listening.text).hasToString("one ");
    }

    @Test
    void healthAndMetricsShowEachEndpointWithoutSecrets() {
        URI withUser = URI.create(one.baseUrl().toString().replace("http://", "http://me:password@"));
        EngineRegistry registry =
                registry(openAi("pair", withUser, two.baseUrl()).setRetries(0).build());
        registry.comesIntoForce(registry.find("").orElseThrow().configuration());
        two.answerWith(Script.refuse(500));
        one.answerWith(Script.refuse(500));

        ask(registry.find("").orElseThrow(), "c", "pair");

        assertThat(registry.health())
                .contains("pair " + one.baseUrl() + " in use (last error engine_error)")
                .contains("pair " + two.baseUrl())
                .doesNotContain("password");
        assertThat(meters.get("parley.engine.endpoint.state")
                        .tag("endpoint", two.baseUrl().toString())
                        .gauge()
                        .value())
                .isZero();
        assertThat(meters.get("parley.engine.requests")
                        .tags("engine", "pair", "endpoint", one.baseUrl().toString(), "outcome", "engine_error")
                        .counter()
                        .count())
                .isOne();
    }

    private GenerationRequest askingAtMost(int calls, String engine, String... fallbacks) {
        return GenerationRequest.newBuilder(Fakes.request("c", engine, fallbacks))
                .setModelCallsLeft(calls)
                .build();
    }

    /** As a conversation asks for one attempt after the other, with what is left of its budget each time. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1, 3_600})
    void aTurnCostsNoMoreCallsThanItMayWhateverItsEnginesWouldDo(long retryAfterSeconds) {
        Script refusal = retryAfterSeconds < 0
                ? Script.refuse(429)
                : Script.refuse(429).retryAfter(Duration.ofSeconds(retryAfterSeconds));
        one.answerWith(refusal);
        two.answerWith(refusal);
        Engines engines = engines(
                openAi("a", one.baseUrl()).setRetries(5).build(),
                openAi("b", two.baseUrl()).setRetries(5).build());
        int left = 4;
        for (int attempt = 1; attempt <= 3 && left > 0; attempt++) {
            heard.asked.clear();
            Outcome outcome = engines.answer(askingAtMost(left, "a", "b"), heard, cancellation);

            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.Failed.class,
                            failed -> assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_RATE_LIMITED));
            assertThat(heard.asked).isNotEmpty().hasSizeLessThanOrEqualTo(left);
            left -= heard.asked.size();
        }

        assertThat(left).isZero();
        assertThat(one.requestCount() + two.requestCount()).isEqualTo(4);
    }

    @Test
    void whatIsFoundOutFromARefusalIsACallToo() {
        one.answerWith(Script.text("x").with("refuses-stream-options"));
        Engines engines = engines(openAi("picky", one.baseUrl()).build(), scripted("spare", "I ask nobody."));

        assertThat(engines.answer(askingAtMost(1, "picky"), heard, cancellation))
                .isInstanceOf(Outcome.Failed.class);
        assertThat(one.requestCount()).isOne();
        assertThat(engines.answer(askingAtMost(1, "picky"), heard, cancellation))
                .as("it was found out nonetheless")
                .isInstanceOf(Outcome.Finished.class);
        assertThat(one.requestCount()).isEqualTo(2);
    }

    @Test
    void anEngineThatAsksNoModelServerIsAskedThoughTheBudgetIsUsedUp() {
        one.answerWith(Script.refuse(429));
        Engines engines = engines(
                openAi("single", one.baseUrl()).setRetries(5).build(),
                openAi("other", two.baseUrl()).build(),
                scripted("spare", "I ask nobody."));

        assertThat(engines.answer(askingAtMost(2, "single", "other", "spare"), heard, cancellation))
                .isInstanceOf(Outcome.Finished.class);
        assertThat(heard.text).hasToString("I ask nobody.");
        assertThat(one.requestCount()).isEqualTo(2);
        assertThat(two.requestCount()).isZero();
    }

    @Test
    void whatOneEngineWantsBackAnotherDoesNotGet() {
        one.answerWith(Script.refuse(400));
        two.answerWith(Script.text("x"));
        Engines engines = engines(
                openAi("a", one.baseUrl()).build(), openAi("b", two.baseUrl()).build());
        GenerationRequest request = Fakes.request("c", "a", "b");
        PromptMessage signed = new PromptMessage(
                Role.ASSISTANT,
                "Hm.",
                List.of(),
                null,
                new ProviderExtras("a", "scripted", "{\"extra_content\":{\"signature\":\"a's own\"}}"));

        engines.answer(
                GenerationRequest.newBuilder(request)
                        .setMessages(List.of(
                                request.getMessages().getFirst(),
                                signed,
                                request.getMessages().getFirst()))
                        .build(),
                heard,
                cancellation);

        assertThat(one.exchanges().getFirst().request().body().toString()).contains("a's own");
        assertThat(two.exchanges().getFirst().request().body().toString())
                .contains("Hm.")
                .doesNotContain("a's own");
    }

    private Outcome show(Engines engines, String engine, String... fallbacks) {
        Attachment image = Attachment.newBuilder()
                .setMediaType("image/png")
                .setUri("data:image/png;base64,aGVsbG8=")
                .build();
        return engines.answer(showing(image, engine, fallbacks), heard, cancellation);
    }

    private static GenerationRequest showing(Attachment attachment, String engine, String... fallbacks) {
        return GenerationRequest.newBuilder(Fakes.request("c", engine, fallbacks))
                .setMessages(List.of(new PromptMessage(Role.USER, "Look", List.of(), null, null, List.of(attachment))))
                .build();
    }

    @Test
    void anEngineThatTakesTextAloneIsPassedOver() {
        two.enqueue(Script.text("A cat."));
        Engines engines = engines(
                openAi("blind", one.baseUrl()).build(),
                openAi("eyes", two.baseUrl()).setAccepts(List.of("images")).build());

        assertThat(show(engines, "blind", "eyes")).isInstanceOf(Outcome.Finished.class);

        assertThat(one.exchanges()).isEmpty();
        assertThat(two.exchanges()
                        .getLast()
                        .request()
                        .body()
                        .at("/messages/0/content/0/type")
                        .asText())
                .isEqualTo("image_url");
    }

    @Test
    void whereNoEngineTakesWhatIsShownTheTurnFailsByNameAndForGood() {
        Engines engines = engines(openAi("blind", one.baseUrl()).build());

        assertThat(show(engines, "blind", "extractive")).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.code()).isEqualTo(ErrorCode.ATTACHMENT_NOT_ACCEPTED);
            assertThat(failed.detail()).contains("'blind'", "image/png", "engines.blind.accepts");
            assertThat(failed.isRetryable()).isFalse();
        });
        assertThat(one.exchanges()).isEmpty();
    }

    /** What is in the order by its hash reaches a model server in the form that its protocol has. */
    @ParameterizedTest
    @CsvSource({
        "OPENAI, application/pdf, file/file_data, 'data:application/pdf;base64,aGVsbG8='",
        "OPENAI, text/csv, file/file_data, 'data:text/csv;base64,aGVsbG8='",
        "OPENAI, image/png, image_url/url, 'data:image/png;base64,aGVsbG8='",
        "ANTHROPIC, application/pdf, source/data, aGVsbG8=",
        "ANTHROPIC, text/csv, source/data, hello",
        "ANTHROPIC, image/png, source/data, aGVsbG8="
    })
    void aFileOnTheLogReachesTheEngineThatTakesIt(EngineKind kind, String mediaType, String place, String content)
            throws Exception {
        two.enqueue(Script.text("Read."));
        EngineConfiguration eyes = Fakes.engine("eyes", kind)
                .setModel("scripted")
                .setEndpoints(List.of(two.baseUrl().toString()))
                .setAccepts(List.of("images", "files"))
                .build();
        Attachment kept = Attachment.newBuilder()
                .setMediaType(mediaType)
                .setHash("a".repeat(64))
                .setOffset(7L)
                .setBytes(5L)
                .build();
        EngineRunner runner = new EngineRunner(
                registry(openAi("blind", one.baseUrl()).build(), eyes), new PromptFiles(new Hello(), 100, 1_000));

        Outcome outcome = runner.run(showing(kept, "blind", "eyes"), heard, cancellation);

        assertThat(outcome).isInstanceOf(Outcome.Finished.class);
        assertThat(one.exchanges()).isEmpty();
        assertThat(two.exchanges()
                        .getLast()
                        .request()
                        .body()
                        .at("/messages/0/content/0/" + place)
                        .asText())
                .isEqualTo(content);
    }

    /** Every file there may be says the same. */
    private static final class Hello implements FileReader {

        @Override
        public Optional<Description> description(String tenant, FileId id) {
            throw new UnsupportedOperationException("nobody asks for less than the whole");
        }

        @Override
        public Optional<Content> content(String tenant, FileId id) {
            ByteBuffer hello = ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8));
            return Optional.of(new Content(
                    new Description(id, "text/plain", Optional.empty(), hello.remaining(), Instant.EPOCH), hello));
        }

        @Override
        public void close() {}
    }
}
