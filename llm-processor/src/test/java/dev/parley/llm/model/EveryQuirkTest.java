package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.llm.Orders;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.settings.Secret;
import dev.parley.stack.scripted.Api;
import dev.parley.stack.scripted.Heard;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.Outcome;
import dev.parley.stack.scripted.Quirk;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every quirk of the catalogue, played over a socket to the models that ask such servers: what is heard, or by what name it
 * fails, is what the catalogue says comes of it. All at once, so that those that only patience ends take no longer than one.
 */
class EveryQuirkTest {

    private static final int AT_ONCE = 48;

    /** For what must come. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** For what never comes. */
    private static final Duration SHORT = Duration.ofMillis(600);

    /** With characters of one to four bytes. */
    private static final Script.Answer ANSWER = Script.tokens(
                    "Gr\u00fc\u00dfe ", "an \uD83D\uDE00 ", "alle/", "\u65e5\u672c")
            .reasoning("Because of this. ");

    private static final Script.Answer CALLING =
            ANSWER.calling("call_1", "get", "{\"a\":1}").calling("call_2", "put", "{\"b\":2}");

    private static final Script.Answer BRIEF =
            Script.tokens("\u00e9 ", "\uD83D\uDE00").reasoning("Hm. ");

    private static final Script.Answer CALLING_BRIEFLY =
            BRIEF.calling("c1", "get", "{\"a\":1}").calling("c2", "put", "{\"b\":2}");

    private static final ExecutorService THREADS = Executors.newVirtualThreadPerTaskExecutor();
    private static final Semaphore PLACES = new Semaphore(AT_ONCE);
    private static final Connections CONNECTIONS = new Connections();

    @AfterAll
    static void stop() {
        THREADS.shutdownNow();
        CONNECTIONS.close();
    }

    /** A quirk in one of its APIs; in that of lists, whose is in between. */
    private record Case(Quirk quirk, Api api) {

        boolean isOfList() {
            return !quirk.apis().contains(api);
        }

        Outcome outcome() {
            return quirk.outcome(isOfList() ? Api.MODELS : api);
        }

        boolean isSilent() {
            return outcome().result() == Quirk.Result.SILENT;
        }

        @Override
        public String toString() {
            return quirk.wire() + " in " + api.title();
        }
    }

    @TestFactory
    Stream<DynamicTest> comesToWhatTheCatalogueSays() {
        List<Case> cases = Quirk.catalogue().stream()
                .flatMap(quirk -> Stream.of(Api.CHAT_COMPLETIONS, Api.MESSAGES)
                        .filter(api ->
                                quirk.apis().contains(api) || quirk.apis().contains(Api.MODELS))
                        .map(api -> new Case(quirk, api)))
                .toList();
        List<Future<?>> played = cases.stream()
                .<Future<?>>map(each -> THREADS.submit(() -> {
                    PLACES.acquire();
                    try {
                        play(each);
                    } finally {
                        PLACES.release();
                    }
                    return null;
                }))
                .toList();
        return Stream.iterate(0, i -> i < cases.size(), i -> i + 1)
                .map(i -> DynamicTest.dynamicTest(cases.get(i).toString(), () -> {
                    try {
                        played.get(i).get(PATIENCE.toSeconds() * 2, TimeUnit.SECONDS);
                    } catch (ExecutionException e) {
                        throw e.getCause();
                    }
                }));
    }

    /** Those that change what is told, and not how it is sent. */
    private static boolean isOfWords(Quirk quirk) {
        return switch (quirk.kind()) {
            case "Tool calls", "Blocks of Anthropic's messages", "Errors in the stream" -> true;
            default ->
                Set.of("refusal", "content-parts", "think-tags-cut", "surrogates-split", "finish-with-text")
                        .contains(quirk.wire());
        };
    }

    /** Whole, byte by byte, and cut at every byte: both readers make the same of the same script. */
    @TestFactory
    Stream<DynamicTest> isHeardTheSameHoweverItsBytesCome() {
        return Quirk.catalogue().stream()
                .filter(quirk -> isOfWords(quirk))
                .flatMap(quirk -> quirk.apis().stream().map(api -> new Case(quirk, api)))
                .map(each -> DynamicTest.dynamicTest(each.toString(), () -> {
                    Script.Answer script = (each.quirk().calls() ? CALLING_BRIEFLY : BRIEF).with(each.quirk());
                    try (ScriptedModelServer server = ScriptedModelServer.start()) {
                        String stream = stream(each.api(), server.answerWith(script));
                        Streams.Heard heard = switch (each.api()) {
                            case CHAT_COMPLETIONS -> Streams.chat(stream);
                            case MESSAGES -> Streams.messages(stream);
                            case MODELS -> throw new IllegalArgumentException("a list of models says nothing");
                        };
                        Said said = new Said();
                        said.text.append(heard.text());
                        said.reasoning.append(heard.reasoning());
                        said.begun.addAll(heard.begun());
                        said.calls.addAll(heard.calls());
                        comesTo(each, server, heard.outcome(), said, script);
                    }
                }));
    }

    private static String stream(Api api, ScriptedModelServer server) throws IOException, InterruptedException {
        boolean chat = api == Api.CHAT_COMPLETIONS;
        byte[] body = chat
                ? ChatCompletionRequest.of(REQUEST, "scripted", new LearnedDialect(Dialects.USUAL))
                        .bytes()
                : MessagesRequest.of(REQUEST, "scripted", List.of()).bytes();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(
                                            URI.create(server.baseUrl() + (chat ? "/chat/completions" : "/messages")))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private static void play(Case each) {
        Script.Answer script = (each.quirk().calls() ? CALLING : ANSWER);
        try (ScriptedModelServer server = ScriptedModelServer.start()) {
            if (each.isOfList()) {
                server.answerWith(script).playing(each.quirk());
            } else {
                server.answerWith(script.with(each.quirk()));
            }
            Said said = new Said();

            Model.Outcome outcome = model(each, server).generate(REQUEST, said, new Cancellation());

            comesTo(each, server, outcome, said, script);
        }
    }

    private static void comesTo(
            Case each, ScriptedModelServer server, Model.Outcome outcome, Said said, Script.Answer script) {
        switch (each.outcome()) {
            case Outcome.Fails fails -> failsAs(each, fails, outcome, said, script);
            case Outcome.Ends _ -> {
                ModelExchange last = server.exchanges().getLast();
                Outcome expected = ((Script.Answer) last.script()).outcome(last.request());
                assertThat(expected).isInstanceOf(Outcome.Ends.class);
                Heard heard = ((Outcome.Ends) expected)
                        .change()
                        .of(each.api(), new Heard("", "", List.of(), "", Optional.empty()));
                assertThat(last.request().model()).isEqualTo("scripted");
                endsAs(heard, outcome, said);
            }
        }
    }

    private static Model model(Case each, ScriptedModelServer server) {
        Duration patience = each.isSilent() ? SHORT : PATIENCE;
        ModelServer at = new ModelServer(
                server.baseUrl(),
                each.isOfList() ? Optional.empty() : Optional.of("scripted"),
                Optional.of(new Secret("the-key")),
                patience,
                patience);
        return switch (each.api()) {
            case CHAT_COMPLETIONS -> new OpenAiModel(at, Dialects.USUAL, CONNECTIONS);
            case MESSAGES -> new AnthropicModel(at, Dialects.USUAL, CONNECTIONS);
            case MODELS -> throw new IllegalArgumentException("a list of models says nothing");
        };
    }

    private static void failsAs(
            Case each, Outcome.Fails expected, Model.Outcome outcome, Said said, Script.Answer script) {
        assertThat(outcome).isInstanceOf(Model.Outcome.Failed.class);
        Model.Outcome.Failed failed = (Model.Outcome.Failed) outcome;
        assertThat(failed.code()).as("%s: %s", each, failed.detail()).isEqualTo(expected.code());
        assertThat(expected.words())
                .allSatisfy(word -> assertThat(failed.detail()).contains(word));
        assertThat(failed.retryAfter().isPresent())
                .isEqualTo(expected.retryAfter().isPresent());
        expected.retryAfter()
                .ifPresent(time -> assertThat(failed.retryAfter().orElseThrow())
                        .isBetween(time.isZero() ? time : time.minusSeconds(2).plusMillis(1), time));
        assertThat(script.fullText()).startsWith(said.text.toString());
        assertThat(said.calls).isEmpty();
        isBeginning(said.begun, script);
    }

    /** Of an answer that broke off, what was told of its calls is theirs. */
    private static void isBeginning(List<ToolCall> begun, Script.Answer script) {
        List<Script.Delta.Call> calls = script.deltas().stream()
                .filter(Script.Delta.Call.class::isInstance)
                .map(Script.Delta.Call.class::cast)
                .toList();
        for (int i = 0; i < begun.size(); i++) {
            assertThat(begun.get(i).getName()).isEqualTo(calls.get(i).name());
            assertThat(calls.get(i).arguments()).startsWith(begun.get(i).getArguments());
        }
    }

    private static void endsAs(Heard expected, Model.Outcome outcome, Said said) {
        assertThat(outcome).isInstanceOf(Model.Outcome.Finished.class);
        Model.Outcome.Finished finished = (Model.Outcome.Finished) outcome;
        assertThat(said.text).hasToString(expected.text());
        assertThat(said.reasoning).hasToString(expected.reasoning());
        assertThat(said.calls).hasSameSizeAs(expected.calls());
        said.isWhole();
        for (int i = 0; i < said.calls.size(); i++) {
            ToolCall call = said.calls.get(i);
            Heard.Call theirs = expected.calls().get(i);
            assertThat(call.getName()).isEqualTo(theirs.name());
            assertThat(call.getArguments()).isEqualTo(theirs.arguments());
            if (theirs.id().isEmpty()) {
                assertThat(call.getId()).isNotBlank();
            } else {
                assertThat(call.getId()).isEqualTo(theirs.id());
            }
        }
        assertThat(said.calls).extracting(ToolCall::getId).doesNotHaveDuplicates();
        assertThat(finished.finishReason()).isEqualTo(expected.finish());
        assertThat(finished.usage()).isEqualTo(expected.counts().map(EveryQuirkTest::usage));
    }

    private static TokenUsage usage(Heard.Counts counts) {
        return new TokenUsage(
                counts.input(),
                counts.output(),
                counts.cachedInput(),
                counts.cacheWrites(),
                counts.reasoning(),
                counts.audioInput(),
                counts.audioOutput());
    }

    /** Has all that a picky server may take amiss: everything that can be asked for, after a history of every kind. */
    private static final GenerationRequest REQUEST = Orders.of(
                    "e",
                    List.of(
                            message(Role.SYSTEM, "Be brief."),
                            message(Role.ASSISTANT, "Welcome!"),
                            message(Role.USER, "stopped"),
                            message(Role.ASSISTANT, " \n"),
                            message(Role.USER, "Look!"),
                            new PromptMessage(
                                    Role.ASSISTANT,
                                    "",
                                    List.of(new ToolCall("functions.look:0", "look", "{}")),
                                    null,
                                    null),
                            new PromptMessage(Role.TOOL, "", List.of(), "functions.look:0", null),
                            message(Role.SYSTEM, "Be kind."),
                            message(Role.USER, "Well?")))
            .setPassages(List.of())
            .setOptions(GenerationOptions.newBuilder()
                    .setTools(List.of(
                            new ToolDefinition("get", "Gets.", "{\"type\":\"object\"}", null),
                            new ToolDefinition("put", "Puts.", "{\"type\":\"object\"}", null)))
                    .setToolChoice("\"auto\"")
                    .setParallelToolCalls(true)
                    .setResponseFormat("{\"type\":\"json_object\"}")
                    .setMaxOutputTokens(99)
                    .setTemperature(0.2)
                    .setTopP(0.9)
                    .setPresencePenalty(0.1)
                    .setFrequencyPenalty(0.1)
                    .setStop(List.of("STOP"))
                    .setSeed(7L)
                    .setReasoningEffort("low")
                    .setUser("u")
                    .build())
            .setFallbacks(List.of())
            .setConfiguration("")
            .setKind("model")
            .setModelCallsLeft(0)
            .build();

    private static PromptMessage message(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }
}
