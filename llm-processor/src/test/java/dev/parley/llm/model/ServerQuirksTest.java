package dev.parley.llm.model;

import static dev.parley.llm.model.Streams.DONE;
import static dev.parley.llm.model.Streams.USAGE;
import static dev.parley.llm.model.Streams.data;
import static dev.parley.llm.model.Streams.delta;
import static dev.parley.llm.model.Streams.finish;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.ThinkTags;
import dev.parley.chat.v1.TokenLimitParameter;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.Orders;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.settings.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Model servers on the wire, down to the bytes and the ways in which a connection ends. */
class ServerQuirksTest {

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final long PATIENCE_SECONDS = 30;

    private static final String WORDS = data(delta("'content':'A'"), delta("'content':'B'"));
    private static final String WHOLE = WORDS + data(finish("stop"), USAGE, DONE);
    private static final String A = data(delta("'content':'A'"));

    private final Connections connections = new Connections();
    private final Said said = new Said();
    private @Nullable RawServer server;

    @AfterEach
    void stop() {
        connections.close();
        if (server != null) {
            server.close();
        }
    }

    private RawServer serving(RawServer.Behaviour behaviour) {
        RawServer next = new RawServer(behaviour);
        server = next;
        return next;
    }

    private OpenAiModel model(Duration first, Duration idle, Dialect dialect, @Nullable String name) {
        return new OpenAiModel(
                new ModelServer(
                        server().baseUrl(), Optional.ofNullable(name), Optional.of(new Secret("the-key")), first, idle),
                dialect,
                connections);
    }

    private RawServer server() {
        return Objects.requireNonNull(server);
    }

    private static GenerationRequest request(List<PromptMessage> messages, @Nullable GenerationOptions options) {
        return Orders.of("e", messages)
                .setOptions(options)
                .setConfiguration("")
                .setKind("model")
                .build();
    }

    private static PromptMessage message(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }

    private static final GenerationRequest REQUEST = request(List.of(message(Role.USER, "Hi")), null);

    private Outcome ask(Duration first, Duration idle) {
        return model(first, idle, Dialects.USUAL, "m").generate(REQUEST, said, new Cancellation());
    }

    private Outcome ask(RawServer.Behaviour behaviour) {
        serving(behaviour);
        return ask(LONG, LONG);
    }

    private static Outcome.Failed failed(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        return (Outcome.Failed) outcome;
    }

    private void isWhole(Outcome outcome) {
        assertThat(outcome)
                .isEqualTo(
                        new Outcome.Finished("stop", Optional.of(TokenUsage.of(11, 7)), Optional.empty(), List.of()));
        assertThat(said.text).hasToString("AB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "reset", "cut", "no last chunk", "short of its length", "garbage", "endless"})
    void afterTheEndOfTheProtocolNothingMatters(String ending) throws Exception {
        Outcome outcome = ask((asked, connection) -> {
            switch (ending) {
                case "open" -> connection.stream().text(WHOLE).leaveOpen();
                case "reset" -> connection.stream().text(WHOLE).reset();
                case "cut" -> connection.stream().text(WHOLE);
                case "no last chunk" ->
                    connection
                            .head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
                            .chunk(WHOLE)
                            .reset();
                case "short of its length" ->
                    connection
                            .head("200 OK", "Content-Type: text/event-stream", "Content-Length: 100000")
                            .text(WHOLE)
                            .reset();
                case "garbage" ->
                    connection
                            .head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
                            .chunk(WHOLE)
                            .chunk("<html>data: x\n\n")
                            .reset();
                default -> {
                    connection.stream().text(WHOLE);
                    while (true) {
                        connection.text(": still here\n\n");
                    }
                }
            }
        });

        isWhole(outcome);
        if (ending.equals("open") || ending.equals("endless")) {
            assertThat(server().awaitLeft(PATIENCE_SECONDS)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "reset", "cut", "no last chunk"})
    void afterAFinishReasonTheAnswerIsWhole(String ending) {
        Outcome outcome = ask((asked, connection) -> {
            String stream = WORDS + data(finish("stop"));
            switch (ending) {
                case "open" -> connection.stream().text(stream).leaveOpen();
                case "reset" -> connection.stream().text(stream).reset();
                case "cut" -> connection.stream().text(stream);
                default ->
                    connection
                            .head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
                            .chunk(stream)
                            .reset();
            }
        });

        assertThat(outcome).isEqualTo(new Outcome.Finished("stop"));
        assertThat(said.text).hasToString("AB");
    }

    @Test
    void beforeItABrokenConnectionIsABrokenAnswer() {
        assertThat(failed(ask((asked, connection) ->
                                connection.stream().text(WORDS).reset()))
                        .code())
                .isEqualTo(ErrorCode.ENGINE_ERROR);
        assertThat(said.text).hasToString("AB");
    }

    @Test
    void aConnectionWhoseAnswerWasReadToItsEndServesTheNext() {
        serving((asked, connection) -> connection
                .head("200 OK", "Content-Type: text/event-stream", "Content-Length: " + WHOLE.length())
                .text(WHOLE));
        OpenAiModel model = model(LONG, LONG, Dialects.USUAL, "m");
        for (int i = 0; i < 20 && server().accepted.size() < 3; i++) {
            model.generate(REQUEST, said, new Cancellation());
        }

        // The end is read beside the next request, which may be faster once or twice.
        assertThat(server().posts()).hasSizeGreaterThan(server().accepted.size());
    }

    @Test
    void commentsPingsAndRolesNeitherBeginAnAnswerNorKeepItAlive() {
        String alive = ": keep-alive\n\nevent: ping\ndata: {}\n\n"
                + data(delta("'role':'assistant','content':''"), "{'choices':[]}", delta("'tool_calls':[]"));
        for (String before : List.of("", A)) {
            serving((asked, connection) -> {
                connection.stream().text(before);
                while (true) {
                    connection.text(alive);
                    Pause.of(Duration.ofMillis(20));
                }
            });
            Outcome.Failed failed = failed(before.isEmpty() ? ask(SHORT, LONG) : ask(LONG, SHORT));

            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_TIMEOUT);
            assertThat(failed.detail()).contains("400 ms");
            server().close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"role", "comment", "nothing"})
    void patienceForTheFirstTokenLastsUntilThereIsOne(String first) {
        Outcome outcome = askPatiently((asked, connection) -> {
            connection.stream();
            switch (first) {
                case "role" -> connection.text(data(delta("'role':'assistant','content':''")));
                case "comment" -> connection.text(": OPENROUTER PROCESSING\n\n");
                default -> {}
            }
            Pause.of(SHORT.multipliedBy(4));
            connection.text(WHOLE);
        });

        isWhole(outcome);
    }

    /** Long for the first token, short for the next. */
    private Outcome askPatiently(RawServer.Behaviour behaviour) {
        serving(behaviour);
        return ask(LONG, SHORT);
    }

    @Test
    void piecesOfReasoningAndOfCallsKeepAnAnswerAlive() {
        Duration idle = Duration.ofSeconds(2);
        int count = 20;
        serving((asked, connection) -> {
            connection.stream();
            for (int i = 0; i < count; i++) {
                connection.text(data(delta("'reasoning':'Hm. '")));
                Pause.of(idle.dividedBy(count));
            }
            connection.text(data(delta("'tool_calls':[{'index':0,'id':'c','function':{'name':'f','arguments':'{'}}]")));
            for (int i = 0; i < count; i++) {
                connection.text(data(delta("'tool_calls':[{'index':0,'function':{'arguments':' '}}]")));
                Pause.of(idle.dividedBy(count));
            }
            connection.text(
                    data(delta("'tool_calls':[{'index':0,'function':{'arguments':'}'}}]"), finish("tool_calls"), DONE));
        });

        Outcome outcome = ask(LONG, idle);

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Finished.class,
                        finished -> assertThat(finished.finishReason()).isEqualTo("tool_calls"));
        assertThat(said.calls).containsExactly(new ToolCall("c", "f", "{" + " ".repeat(count) + "}"));
    }

    @Test
    void aSinkThatIsSlowIsNoSilenceOfTheServer() throws Exception {
        serving((asked, connection) -> connection.stream().text(WHOLE));
        CountDownLatch later = new CountDownLatch(1);
        Model.Sink slow = new Model.Sink() {
            @Override
            public void text(String piece) {
                try {
                    assertThat(later.await(SHORT.multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS))
                            .isFalse();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                said.text(piece);
            }

            @Override
            public void reasoning(String piece) {}

            @Override
            public void toolArguments(String callId, String name, String piece) {}

            @Override
            public void toolCall(ToolCall call) {}
        };

        isWhole(model(LONG, SHORT, Dialects.USUAL, "m").generate(REQUEST, slow, new Cancellation()));
    }

    @Test
    void aStreamThatIsCompressedIsRead() {
        isWhole(ask((asked, connection) -> connection
                .head("200 OK", "Content-Type: text/event-stream", "Content-Encoding: gzip", "Connection: close")
                .bytes(gzip(WHOLE))));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void aCompressedStreamIsReadAsItComes() throws Exception {
        CountDownLatch heard = new CountDownLatch(1);
        serving((asked, connection) -> {
            connection.head("200 OK", "Content-Type: text/event-stream", "Content-Encoding: gzip", "Connection: close");
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            GZIPOutputStream gzip = new GZIPOutputStream(bytes, 512, true);
            gzip.write(A.getBytes(UTF_8));
            gzip.flush();
            connection.bytes(bytes.toByteArray());
            Pause.until(heard);
            bytes.reset();
            gzip.write(data(finish("stop"), DONE).getBytes(UTF_8));
            gzip.close();
            connection.bytes(bytes.toByteArray());
        });
        Model.Sink listening = new Model.Sink() {
            @Override
            public void text(String piece) {
                said.text(piece);
                heard.countDown();
            }

            @Override
            public void reasoning(String piece) {}

            @Override
            public void toolArguments(String callId, String name, String piece) {}

            @Override
            public void toolCall(ToolCall call) {}
        };

        assertThat(model(LONG, LONG, Dialects.USUAL, "m").generate(REQUEST, listening, new Cancellation()))
                .isEqualTo(new Outcome.Finished("stop"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "text/plain; charset=utf-8", "application/octet-stream", "text/html"})
    void anEventStreamMayBeCalledAnything(String type) {
        isWhole(ask((asked, connection) -> connection
                .head("200 OK", "Content-Type: " + type, "Connection: close")
                .text("\uFEFF\n" + WHOLE)));
    }

    @Test
    void whatIsNoEventStreamSaysWhatItIs() {
        record Other(String type, String body, String words) {}
        for (Other other : List.of(
                new Other(
                        "text/html", "<html><head><title>Welcome to nginx!</title></head></html>", "Welcome to nginx!"),
                new Other("application/json", "{\"object\":\"chat.completion\",\"choices\":[]}", "chat.completion"),
                new Other("text/event-stream", "<html><body>Login</body></html>", "Login"),
                new Other("text/plain", "It works", "It works"),
                new Other("text/plain", "", "nothing in it"))) {
            Outcome.Failed failed =
                    failed(ask((asked, connection) -> connection.whole("200 OK", other.type(), other.body())));

            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_PROTOCOL);
            assertThat(failed.detail()).contains(other.type()).contains(other.words());
            server().close();
        }
    }

    @Test
    void anErrorWithAStatusOfSuccessIsAnError() {
        for (String type : List.of("application/json", "text/event-stream")) {
            Outcome.Failed failed = failed(ask((asked, connection) -> connection.whole(
                    "200 OK", type, "{\"error\":{\"message\":\"WHY\",\"code\":429}}", "Retry-After: 7")));

            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_RATE_LIMITED);
            assertThat(failed.detail()).contains("WHY");
            assertThat(failed.retryAfter()).contains(Duration.ofSeconds(7));
            server().close();
        }
    }

    @Test
    void aRedirectSaysWhereTo() {
        Outcome.Failed failed = failed(ask((asked, connection) -> connection.whole(
                "307 Temporary Redirect",
                "text/html",
                "",
                "Location: https://me:secret@models.example.com/v1?key=secret")));

        assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(failed.detail())
                .contains("307")
                .contains("https://models.example.com/v1")
                .doesNotContain("secret");
    }

    @Test
    void refusalsKeepTheirReason() {
        Map<Integer, ErrorCode> codes = Map.of(
                400, ErrorCode.ENGINE_REJECTED,
                401, ErrorCode.ENGINE_REJECTED,
                403, ErrorCode.ENGINE_REJECTED,
                404, ErrorCode.ENGINE_REJECTED,
                413, ErrorCode.ENGINE_REJECTED,
                422, ErrorCode.ENGINE_REJECTED,
                408, ErrorCode.ENGINE_ERROR,
                429, ErrorCode.ENGINE_RATE_LIMITED,
                502, ErrorCode.ENGINE_ERROR,
                529, ErrorCode.ENGINE_ERROR);
        codes.forEach((status, code) -> {
            Outcome.Failed failed = failed(ask((asked, connection) ->
                    connection.whole(status + " No", "application/json", "{\"detail\":\"WHY the-key\"}")));

            assertThat(failed.code()).as("%d", status).isEqualTo(code);
            assertThat(failed.detail())
                    .contains(status.toString())
                    .contains("WHY")
                    .doesNotContain("the-key");
            server().close();
        });
    }

    @Test
    void aRefusalThatIsCutOffOrCompressedIsStillOne() throws IOException {
        byte[] compressed = gzip("{\"error\":\"WHY\"}");
        for (RawServer.Behaviour behaviour : List.<RawServer.Behaviour>of(
                (asked, connection) -> connection
                        .head("400 No", "Content-Length: 1000")
                        .text("WHY")
                        .reset(),
                (asked, connection) -> connection
                        .head("400 No", "Content-Length: 1000")
                        .text("WHY")
                        .leaveOpen(),
                (asked, connection) -> connection
                        .head("400 No", "Content-Encoding: gzip", "Content-Length: " + compressed.length)
                        .bytes(compressed))) {
            Outcome.Failed failed = failed(ask(behaviour));

            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
            assertThat(failed.detail()).contains("WHY");
            server().close();
        }
    }

    @Test
    void theTimeToWaitIsSecondsOrADate() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        DateTimeFormatter http =
                DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT).withZone(ZoneOffset.UTC);
        Map<List<String>, Duration> waits = Map.of(
                List.of("Retry-After: 30"),
                Duration.ofSeconds(30),
                List.of("Retry-After: 0.5"),
                Duration.ofMillis(500),
                List.of("Retry-After: 1m30s"),
                Duration.ofSeconds(90),
                List.of("Retry-After: 250ms"),
                Duration.ofMillis(250),
                List.of("Date: " + http.format(now), "Retry-After: Thursday, 01-Jan-26 00:00:20 GMT"),
                Duration.ofSeconds(20),
                List.of("Date: " + http.format(now), "Retry-After: Thu Jan  1 00:00:30 2026"),
                Duration.ofSeconds(30),
                List.of("Date: " + http.format(now), "Retry-After: 1767225640"),
                Duration.ofSeconds(40),
                List.of("retry-after-ms: 120", "Retry-After: 1"),
                Duration.ofMillis(120),
                List.of("Date: " + http.format(now), "Retry-After: " + http.format(now.plusSeconds(90))),
                Duration.ofSeconds(90),
                List.of("Date: " + http.format(now), "Retry-After: " + http.format(now.minusSeconds(90))),
                Duration.ZERO);
        waits.forEach((headers, wait) -> {
            assertThat(failed(ask((asked, connection) -> connection.whole(
                                    "429 No", "application/json", "{}", headers.toArray(String[]::new))))
                            .retryAfter())
                    .as(headers.toString())
                    .contains(wait);
            server().close();
        });
        for (String none : List.of("soon", "-3", "", "1e3", "NaN", "Mon, 99 Foo 2026 00:00:00 GMT")) {
            assertThat(failed(ask((asked, connection) ->
                                    connection.whole("429 No", "application/json", "{}", "Retry-After: " + none)))
                            .retryAfter())
                    .as(none)
                    .isEmpty();
            server().close();
        }
    }

    private static GenerationRequest limited(boolean newer) {
        return request(
                REQUEST.getMessages(),
                GenerationOptions.newBuilder()
                        .setMaxOutputTokens(5)
                        .setMaxCompletionTokens(newer)
                        .build());
    }

    private String limits(GenerationRequest asking, OpenAiModel model) {
        model.generate(asking, said, new Cancellation());
        JsonNode body = server().posts().getLast().body();
        return body.path("max_tokens").asText("-") + " "
                + body.path("max_completion_tokens").asText("-");
    }

    @Test
    void theLimitOfAnAnswerGoesUnderTheNameThatItsCallerGaveItUnlessTheServerTakesAnother() {
        serving((asked, connection) -> connection.stream().text(WHOLE));
        Dialect older =
                Dialects.of().setTokenLimit(TokenLimitParameter.MAX_TOKENS).build();
        Dialect newer = Dialects.of()
                .setTokenLimit(TokenLimitParameter.MAX_COMPLETION_TOKENS)
                .build();

        assertThat(limits(limited(false), model(LONG, LONG, Dialects.USUAL, "m")))
                .isEqualTo("5 -");
        assertThat(limits(limited(true), model(LONG, LONG, Dialects.USUAL, "m")))
                .isEqualTo("- 5");
        assertThat(limits(limited(true), model(LONG, LONG, older, "m"))).isEqualTo("5 -");
        assertThat(limits(limited(false), model(LONG, LONG, newer, "m"))).isEqualTo("- 5");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerThatTakesOneNameAloneIsFoundOutWhateverItsCallerSays(boolean takesNewer) {
        String refused = takesNewer ? "max_tokens" : "max_completion_tokens";
        serving((asked, connection) -> {
            if (asked.body().has(refused)) {
                connection.whole(
                        "400 No",
                        "application/json",
                        "{\"error\":{\"message\":\"Unsupported parameter: '" + refused + "'\"}}");
            } else {
                connection.stream().text(WHOLE);
            }
        });
        OpenAiModel model = model(LONG, LONG, Dialects.USUAL, "m");
        String taken = takesNewer ? "- 5" : "5 -";

        assertThat(limits(limited(!takesNewer), model)).isEqualTo(taken);
        assertThat(server().posts()).hasSize(2);
        assertThat(limits(limited(!takesNewer), model)).isEqualTo(taken);
        assertThat(limits(limited(takesNewer), model)).isEqualTo(taken);
        assertThat(server().posts()).hasSize(4);
    }

    @Test
    void aServerThatRefusesBothNamesIsAskedOnceMoreAndNoMore() {
        serving((asked, connection) -> connection.whole(
                "400 No",
                "application/json",
                "{\"error\":{\"message\":\"max_tokens and max_completion_tokens are not supported\"}}"));

        assertThat(failed(model(LONG, LONG, Dialects.USUAL, "m").generate(limited(false), said, new Cancellation()))
                        .code())
                .isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(server().posts()).hasSize(2);
    }

    @Test
    void whatMayNotBeAskedAgainIsNot() {
        serving((asked, connection) ->
                connection.whole("400 No", "application/json", "{\"error\":\"stream_options are not permitted\"}"));
        Model.Sink once = new Model.Sink() {
            @Override
            public void text(String piece) {}

            @Override
            public void reasoning(String piece) {}

            @Override
            public void toolArguments(String callId, String name, String piece) {}

            @Override
            public void toolCall(ToolCall call) {}

            @Override
            public boolean asksAgain() {
                return false;
            }
        };

        model(LONG, LONG, Dialects.USUAL, "m").generate(REQUEST, once, new Cancellation());

        assertThat(server().posts()).hasSize(1);
    }

    @Test
    void whatAServerRefusesIsFoundOutOnceAndKept() {
        serving((asked, connection) -> {
            if (asked.body().has("stream_options")) {
                connection.whole(
                        "422 No",
                        "application/json",
                        "{\"detail\":[{\"loc\":[\"body\",\"stream_options\"],\"msg\":\"Extra inputs are not permitted\"}]}");
            } else if (asked.body().has("max_tokens")) {
                connection.whole(
                        "400 No",
                        "application/json",
                        "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with this model."
                                + " Use 'max_completion_tokens' instead.\"}}");
            } else {
                connection.stream().text(WHOLE);
            }
        });
        OpenAiModel model = model(LONG, LONG, Dialects.USUAL, "m");
        GenerationRequest limited = request(
                REQUEST.getMessages(),
                GenerationOptions.newBuilder()
                        .setStop(List.of())
                        .setTools(List.of())
                        .setMaxOutputTokens(5)
                        .build());

        isWhole(model.generate(limited, said, new Cancellation()));
        assertThat(server().posts()).hasSize(3);
        assertThat(server().posts()
                        .getLast()
                        .body()
                        .path("max_completion_tokens")
                        .asInt())
                .isEqualTo(5);

        model.generate(limited, said, new Cancellation());
        assertThat(server().posts()).hasSize(4);
    }

    @Test
    void whatIsConfiguredIsNotFoundOut() {
        serving((asked, connection) -> connection.whole(
                "400 No", "application/json", "{\"error\":\"stream_options and max_tokens are not supported\"}"));
        Dialect fixed = Dialects.of()
                .setStreamOptions(StreamOptions.SENT)
                .setTokenLimit(TokenLimitParameter.MAX_TOKENS)
                .build();

        model(LONG, LONG, fixed, "m").generate(REQUEST, said, new Cancellation());

        assertThat(server().posts()).hasSize(1);
    }

    @Test
    void parametersThatTheConfigurationNamesAreLeftOutAndNamed() {
        serving((asked, connection) -> connection.stream().text(WHOLE));
        Dialect dialect = Dialects.of()
                .setLeaveOut(List.of("temperature", "seed"))
                .setInstructions(InstructionsRole.DEVELOPER)
                .build();
        GenerationRequest asking = request(
                List.of(message(Role.SYSTEM, "Be brief."), message(Role.USER, "Hi")),
                GenerationOptions.newBuilder()
                        .setStop(List.of())
                        .setTools(List.of())
                        .setTemperature(0.5)
                        .setTopP(0.5)
                        .build());

        Outcome outcome = model(LONG, LONG, dialect, "m").generate(asking, said, new Cancellation());

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Finished.class,
                        finished -> assertThat(finished.leftOut()).containsExactly("temperature"));
        assertThat(server().posts().getFirst().body().has("temperature")).isFalse();
        assertThat(server().posts().getFirst().body().has("top_p")).isTrue();
        assertThat(server().posts().getFirst().body().at("/messages/0/role").asText())
                .isEqualTo("developer");
    }

    @Test
    void reasoningInTheTextIsToldApartWhereTheEngineSaysSo() {
        serving((asked, connection) -> connection.stream()
                .text(data(delta("'content':'Hm.</think>'"), delta("'content':'A'"), finish("stop"), DONE)));

        model(LONG, LONG, Dialects.of().setThinkTags(ThinkTags.OPENED).build(), "m")
                .generate(REQUEST, said, new Cancellation());

        assertThat(said.reasoning).hasToString("Hm.");
        assertThat(said.text).hasToString("A");
    }

    @Test
    void aModelThatIsGoneIsLookedForOnceMore() {
        List<String> served = new CopyOnWriteArrayList<>(List.of("old"));
        serving((asked, connection) -> {
            if (asked.path().endsWith("/models")) {
                connection.whole("200 OK", "application/json", "{\"data\":[{\"id\":\"" + served.getFirst() + "\"}]}");
            } else if (asked.body().path("model").asText().equals(served.getFirst())) {
                connection.stream().text(WHOLE);
            } else {
                connection.whole(
                        "404 No", "application/json", "{\"error\":{\"message\":\"The model does not exist.\"}}");
            }
        });
        OpenAiModel model = model(LONG, LONG, Dialects.USUAL, null);
        assertThat(model.name()).isEqualTo("unknown");
        isWhole(model.generate(REQUEST, said, new Cancellation()));
        assertThat(model.name()).isEqualTo("old");
        served.set(0, "new");
        said.text.setLength(0);

        isWhole(model.generate(REQUEST, said, new Cancellation()));
        assertThat(model.name()).isEqualTo("new");

        served.set(0, "none at all, for it changes with each look");
        OpenAiModel named = model(LONG, LONG, Dialects.USUAL, "gone");
        int before = server().asked.size();
        assertThat(failed(named.generate(REQUEST, said, new Cancellation())).code())
                .isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(server().asked).hasSize(before + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"before the head", "before the first word", "in mid-answer", "after the reason"})
    void cancellingClosesTheConnectionAtAnyTime(String when) throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        serving((asked, connection) -> {
            switch (when) {
                case "before the first word" -> connection.stream();
                case "in mid-answer" -> connection.stream().text(A);
                case "after the reason" -> connection.stream().text(A + data(finish("stop")));
                default -> {}
            }
            there.countDown();
            connection.leaveOpen();
        });
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(
                () -> model(LONG, LONG, Dialects.USUAL, "m").generate(REQUEST, said, cancellation));
        assertThat(there.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

        cancellation.cancel();

        assertThat(server().awaitLeft(PATIENCE_SECONDS)).isTrue();
        outcome.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
