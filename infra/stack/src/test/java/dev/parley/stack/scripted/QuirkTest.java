package dev.parley.stack.scripted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.stack.scripted.CarefulClient.Answer;
import dev.parley.stack.scripted.CarefulClient.End;
import dev.parley.stack.scripted.Quirk.Result;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every quirk is played, and is what the catalogue says of it. */
class QuirkTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** For what must come. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** For what must not come: how long a connection is watched that stays open. */
    private static final Duration WATCHED = Duration.ofMillis(400);

    /** With characters of one to four bytes; the last token is cut where a quirk cuts. */
    private static final List<String> TOKENS = List.of("Gr\u00fc\u00dfe ", "an \uD83D\uDE00 ", "alle/", "\u65e5\u672c");

    private static final String TEXT = String.join("", TOKENS);

    private static ScriptedModelServer server;

    @BeforeAll
    static void start() {
        server = ScriptedModelServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String request(String tokens) {
        return "{\"model\":\"m\",\"stream\":true,\"max_tokens\":9,\"stream_options\":{\"include_usage\":true},"
                + "\"messages\":[{\"role\":\"user\",\"content\":" + tokens + "}]}";
    }

    private static Answer play(Api api, Script.Answer script, Duration patience) {
        server.answerWith(script);
        return CarefulClient.ask(server.port(), api, request("\"hello\""), patience);
    }

    static Stream<Arguments> played() {
        return Quirk.catalogue().stream()
                .filter(quirk -> !(quirk instanceof RequestQuirk))
                .flatMap(quirk ->
                        quirk.apis().stream().filter(api -> api != Api.MODELS).map(api -> Arguments.of(quirk, api)));
    }

    private static boolean staysOpen(Quirk quirk) {
        return quirk.result() == Result.SILENT
                || quirk.wire().endsWith("-open")
                || quirk.wire().endsWith("-keep-alive");
    }

    @ParameterizedTest
    @MethodSource("played")
    void isWhatTheCatalogueSays(Quirk quirk, Api api) {
        Script.Answer script = Script.tokens(TOKENS).with(quirk);

        Answer answer = play(api, script, staysOpen(quirk) ? WATCHED : PATIENCE);

        assertThat(answer.end() == End.OPEN).as("%s", answer).isEqualTo(staysOpen(quirk));
        switch (quirk.result()) {
            case WHOLE -> {
                assertThat(answer.text()).isEqualTo(TEXT);
                assertThat(answer.finished()).isTrue();
                assertThat(answer.failed()).isFalse();
            }
            case EITHER -> assertThat(answer.text()).isIn(TEXT, "");
            case ELSEWHERE -> assertThat(answer.finished()).isTrue();
            case FAILED, REFUSED -> assertThat(answer.failed()).isTrue();
            case BROKEN, SILENT -> assertThat(answer.finished()).isFalse();
        }
        ModelExchange exchange = server.exchanges().getLast();
        assertThat(exchange.result()).isEqualTo(quirk.result());
        assertThat(TEXT).startsWith(exchange.sentText());
        isNotOnlyNamed(quirk, api, answer);
    }

    /** Those that cannot be told from what is read, once it is put together. */
    private static final Set<Quirk> UNSEEN = Set.of(
            FramingQuirk.BY_BYTE,
            FramingQuirk.TOGETHER,
            FramingQuirk.AT_ONCE,
            FramingQuirk.SPLIT_WRITES,
            FramingQuirk.GZIPPED_UNTOLD,
            FramingQuirk.CONTINUE_FIRST,
            FramingQuirk.HINTS_FIRST,
            FramingQuirk.NO_REASON_PHRASE,
            FramingQuirk.HEAD_LINE_FEEDS,
            EndingQuirk.CLOSED_WHEN_IDLE);

    private static void isNotOnlyNamed(Quirk quirk, Api api, Answer odd) {
        Answer plain = play(api, Script.tokens(TOKENS), PATIENCE);

        assertThat(plain.end()).isEqualTo(End.BODY);
        assertThat((timeless(odd) + odd.end()).equals(timeless(plain) + plain.end()))
                .isEqualTo(UNSEEN.contains(quirk));
    }

    /** Head and body without what differs from one answer to the next. */
    private static String timeless(Answer answer) {
        return (answer.status() + answer.head() + answer.body())
                .replaceAll("scripted[-_][0-9a-f]+", "scripted-id")
                .replaceAll("\"created\":\\d{10},", "");
    }

    @Test
    void hasNamesThatAreNamesOnce() {
        List<String> names = Quirk.catalogue().stream().map(Quirk::wire).toList();

        assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.matches("[a-z0-9]+(-[a-z0-9]+)*"));
        assertThat(names)
                .allSatisfy(name -> assertThat(Quirk.called(name).wire()).isEqualTo(name));
        assertThatThrownBy(() -> Quirk.called("polite")).hasMessage("there is no quirk polite");
        assertThatThrownBy(() -> Quirk.called("done-then-opne")).hasMessageContaining("did you mean done-then-open");
        assertThatThrownBy(() -> Quirk.called("NO_DONE")).hasMessageContaining("did you mean no-done");
    }

    @Test
    void thePageIsTheCatalogue() throws IOException {
        Path page = Path.of("QUIRKS.md");
        if (Boolean.getBoolean("parley.quirks.write")) {
            Files.writeString(page, QuirksPage.markdown());
        }
        assertThat(Files.readString(page))
                .as("to write it: mvn … -Dtest=QuirkTest -Dparley.quirks.write=true")
                .isEqualTo(QuirksPage.markdown());
    }

    // Together

    @ParameterizedTest
    @CsvSource({"CHAT_COMPLETIONS", "MESSAGES"})
    void severalGoTogether(Api api) {
        Answer answer = play(
                api,
                Script.tokens(TOKENS)
                        .with("carriage-return-line-feeds", "unspaced-data", "split-writes", "gzipped")
                        .with("comments", "no-done", "end-unterminated"),
                PATIENCE);

        assertThat(answer.text()).isEqualTo(TEXT);
        assertThat(answer.finished()).isTrue();
        assertThat(answer.body()).contains("\r\ndata:{").doesNotContain("DONE");
    }

    @Test
    void quirksOfAnotherApiDoNothing() {
        Answer chat =
                play(Api.CHAT_COMPLETIONS, Script.tokens(TOKENS).with("overloaded-first", "models-empty"), PATIENCE);
        Answer messages = play(Api.MESSAGES, Script.tokens(TOKENS).with("error-limit-first"), PATIENCE);

        assertThat(chat.text()).isEqualTo(TEXT);
        assertThat(messages.text()).isEqualTo(TEXT);
        assertThat(server.exchanges().getLast().result()).isEqualTo(Result.WHOLE);
    }

    @Test
    void isChosenByTheModelsNameOrByTheMessage() {
        server.answerWith(Script.text("not asked"));
        assertThat(ask("scripted-3x0ms+done-twice+event-names").text()).isEqualTo("w0 w1 w2");
        assertThat(server.exchanges().getLast().script())
                .isEqualTo(Script.numbered(3, Duration.ZERO).with("done-twice", "event-names"));
        assertThat(ask("scripted+polite").status()).isEqualTo(400);

        Answer answer = CarefulClient.ask(
                server.port(),
                Api.CHAT_COMPLETIONS,
                request("\"script {\\\"tokens\\\":[\\\"a\\\"],\\\"quirks\\\":[\\\"no-finish\\\"]}\""),
                PATIENCE);
        assertThat(answer.text()).isEqualTo("a");
        assertThat(answer.finished()).isFalse();
    }

    private static Answer ask(String model) {
        return CarefulClient.ask(
                server.port(),
                Api.CHAT_COMPLETIONS,
                request("\"hello\"").replace("\"m\"", "\"" + model + "\""),
                PATIENCE);
    }

    @Test
    void isRudeUnderASeed() {
        Rudeness first = new Rudeness(7);
        Rudeness second = new Rudeness(7);
        List<List<Quirk>> drawn = new ArrayList<>();
        Set<Quirk> met = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            List<Quirk> quirks = first.next(Api.CHAT_COMPLETIONS, true);
            drawn.add(quirks);
            met.addAll(quirks);
            assertThat(second.next(Api.CHAT_COMPLETIONS, true)).isEqualTo(quirks);
        }
        assertThat(drawn).contains(List.of());
        assertThat(met)
                .containsExactlyInAnyOrderElementsOf(Quirk.catalogue().stream()
                        .filter(quirk -> quirk.apis().contains(Api.CHAT_COMPLETIONS))
                        .filter(quirk -> quirk.result() != Result.ELSEWHERE)
                        .toList());
        assertThat(new Rudeness(8).next(Api.MESSAGES, false)).noneMatch(Quirk::calls);
    }

    // The models' list

    @Test
    void listsModelsOddly() throws Exception {
        try (ScriptedModelServer listing = ScriptedModelServer.start()) {
            for (Quirk quirk : Quirk.catalogue()) {
                if (quirk.apis().contains(Api.MODELS)) {
                    HttpResponse<String> list = models(listing.playing(quirk));
                    assertThat(list.statusCode() == 200).isEqualTo(quirk.result() != Result.REFUSED);
                    if (quirk.result() == Result.WHOLE) {
                        assertThat(JSON.readTree(list.body()).at("/data/0/id").asText())
                                .isEqualTo("scripted");
                    }
                }
            }
        }
    }

    @Test
    void servesAnotherModelAfterAReload() throws Exception {
        try (ScriptedModelServer reloaded = ScriptedModelServer.start()) {
            reloaded.serving("m").answerWith(Script.text("old"));
            assertThat(models(reloaded).body()).contains("\"id\":\"m\"");
            assertThat(CarefulClient.ask(reloaded.port(), Api.CHAT_COMPLETIONS, request("\"x\""), PATIENCE)
                            .text())
                    .isEqualTo("old");

            reloaded.serving("n");

            Answer gone = CarefulClient.ask(reloaded.port(), Api.CHAT_COMPLETIONS, request("\"x\""), PATIENCE);
            assertThat(gone.status()).isEqualTo(404);
            assertThat(gone.body()).contains("`m` does not exist");
            assertThat(models(reloaded).body()).contains("\"id\":\"n\"");
        }
    }

    private static HttpResponse<String> models(ScriptedModelServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create(server.baseUrl() + "/models"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    // Tool calls

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            calls-all-index-zero              | [0 c1 get {"a":1}] [0 c2 put {"b":2}]
            calls-all-index-zero-in-pieces    | [0 c1 get ] [0 - - {"a] [0 - - ":1}] [0 c2 put ] [0 - - {"b] [0 - - ":2}]
            calls-all-index-zero-in-one-delta | [0 c1 get {"a":1}, 0 c2 put {"b":2}]
            calls-from-index-one              | [1 c1 get ] [1 - - {"a] [1 - - ":1}] [2 c2 put ] [2 - - {"b] [2 - - ":2}]
            calls-interleaved                 | [0 c1 get ] [1 c2 put ] [0 - - {"a] [1 - - {"b] [0 - - ":1}] [1 - - ":2}]
            calls-whole                       | [0 c1 get {"a":1}] [1 c2 put {"b":2}]
            calls-in-one-delta                | [0 c1 get {"a":1}, 1 c2 put {"b":2}]
            calls-without-index               | [- c1 get ] [- - - {"a] [- - - ":1}] [- c2 put ] [- - - {"b] [- - - ":2}]
            calls-without-id                  | [0 - get {"a":1}] [1 - put {"b":2}]
            calls-with-one-id                 | [0 call_0 get {"a":1}] [1 call_0 put {"b":2}]
            call-id-repeated                  | [0 c1 get ] [0 c1 get {"a] [0 c1 get ":1}] [1 c2 put ] [1 c2 put {"b] [1 c2 put ":2}]
            call-arguments-absent             | [0 c1 get -] [1 c2 put -]
            call-arguments-null               | [0 c1 get null] [1 c2 put null]
            call-function-later               | [0 c1 - -] [0 - get {"a":1}] [1 c2 - -] [1 - put {"b":2}]
            """)
    void tellsToolCalls(String quirk, String expected) throws IOException {
        Answer answer = play(
                Api.CHAT_COMPLETIONS,
                Script.text("x")
                        .calling("c1", "get", "{\"a\":1}")
                        .calling("c2", "put", "{\"b\":2}")
                        .with(quirk),
                PATIENCE);

        StringBuilder told = new StringBuilder();
        for (String event : CarefulClient.events(answer.body())) {
            JsonNode calls =
                    event.startsWith("{") ? JSON.readTree(event).at("/choices/0/delta/tool_calls") : JSON.nullNode();
            if (calls.isArray()) {
                List<String> each = new ArrayList<>();
                calls.forEach(call -> each.add(or(call.path("index")) + " " + or(call.path("id")) + " "
                        + or(call.at("/function/name")) + " " + or(call.at("/function/arguments"))));
                told.append(told.isEmpty() ? "" : " ").append(each);
            }
        }
        assertThat(told.toString()).isEqualTo(expected);
    }

    private static String or(JsonNode node) {
        return node.isMissingNode() ? "-" : node.isNull() ? "null" : node.asText();
    }

    @Test
    void callsTheToolsThatAreOfferedUntilOneHasAnswered() throws IOException {
        server.answerWith(Script.text("x").with("calls-whole"));
        String offering = request("\"hello\"")
                .replace(
                        "\"max_tokens\"",
                        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\"}}],\"max_tokens\"");

        Answer calling = CarefulClient.ask(server.port(), Api.CHAT_COMPLETIONS, offering, PATIENCE);
        Answer after = CarefulClient.ask(
                server.port(),
                Api.CHAT_COMPLETIONS,
                offering.replace("}]}", "},{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"r\"}]}"),
                PATIENCE);

        assertThat(calling.body()).contains("\"name\":\"look\"", "tool_calls\"}");
        assertThat(after.body()).doesNotContain("tool_calls");
    }

    // Picky servers

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            refuses-stream-options | {"stream_options":{},"messages":[]}
            refuses-max-tokens     | {"max_tokens":1,"messages":[]}
            refuses-temperature    | {"temperature":0.2,"messages":[]}
            refuses-developer      | {"messages":[{"role":"developer","content":"x"}]}
            refuses-system         | {"messages":[{"role":"system","content":"x"}]}
            refuses-names          | {"messages":[{"role":"user","name":"a b","content":"x"}]}
            wants-alternation      | {"messages":[{"role":"user","content":"x"},{"role":"user","content":"y"}]}
            wants-user-first       | {"messages":[{"role":"assistant","content":"x"},{"role":"user","content":"y"}]}
            wants-user-last        | {"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}
            wants-text             | {"messages":[{"role":"user","content":""}]}
            wants-text             | {"messages":[{"role":"user","content":[]}]}
            wants-signs            | {"messages":[{"role":"user","content":" \\n"}]}
            wants-content          | {"messages":[{"role":"assistant","content":null}]}
            wants-system-first     | {"messages":[{"role":"user","content":"x"},{"role":"system","content":"y"}]}
            wants-no-trailing-blanks | {"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y "}]}
            wants-results          | {"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function"}]},{"role":"user","content":"x"}]}
            wants-calls            | {"messages":[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"a","content":"y"}]}
            wants-unique-calls     | {"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function"},{"id":"a","type":"function"}]}]}
            wants-plain-call-ids   | {"messages":[{"role":"assistant","tool_calls":[{"id":"f.a:0","type":"function"}]}]}
            wants-short-call-ids   | {"messages":[{"role":"assistant","tool_calls":[{"id":"call_1","type":"function"}]}]}
            """)
    void refusesWhatIsNotToItsTaste(String quirk, String request) {
        server.answerWith(Script.text("x").with(quirk));

        assertThat(CarefulClient.ask(server.port(), Api.CHAT_COMPLETIONS, request, PATIENCE)
                        .status())
                .isBetween(400, 422);
        assertThat(server.exchanges().getLast().result()).isEqualTo(Result.FAILED);
    }

    @Test
    void takesAGoodHistoryHoweverPickyItIs() {
        Script.Answer picky = Script.text("x");
        for (RequestQuirk quirk : RequestQuirk.values()) {
            if (quirk.wire().startsWith("wants-") || quirk == RequestQuirk.STRICT_HISTORY) {
                picky = picky.with(quirk);
            }
        }
        server.answerWith(picky);
        String chat = """
                {"max_tokens":9,"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},
                 {"role":"assistant","content":"","tool_calls":[{"id":"abcdefgh1","type":"function"},{"id":"abcdefgh2","type":"function"}]},
                 {"role":"tool","tool_call_id":"abcdefgh1","content":"r"},{"role":"tool","tool_call_id":"abcdefgh2","content":"r"},
                 {"role":"assistant","content":"a"},{"role":"user","content":"u"}]}""";
        String messages = """
                {"max_tokens":9,"system":"s","messages":[{"role":"user","content":"u"},
                 {"role":"assistant","content":[{"type":"tool_use","id":"abcdefgh1","name":"f","input":{}}]},
                 {"role":"user","content":[{"type":"tool_result","tool_use_id":"abcdefgh1","content":"r"}]},
                 {"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":"u"}]}""";

        assertThat(CarefulClient.ask(server.port(), Api.CHAT_COMPLETIONS, chat, PATIENCE)
                        .status())
                .isEqualTo(200);
        assertThat(CarefulClient.ask(server.port(), Api.MESSAGES, messages, PATIENCE)
                        .status())
                .isEqualTo(200);
        assertThat(CarefulClient.ask(
                                server.port(),
                                Api.MESSAGES,
                                messages.replace("\"tool_use_id\":\"abcdefgh1\"", "\"tool_use_id\":\"other\""),
                                PATIENCE)
                        .status())
                .isEqualTo(400);
    }

    // Anthropic's messages

    @Test
    void streamsBlocksAsAnthropicDoes() throws IOException {
        Answer answer = play(
                Api.MESSAGES,
                Script.text("Hello there").reasoning("Well then").calling("toolu_1", "get", "{\"a\":1}"),
                PATIENCE);

        List<String> told = new ArrayList<>();
        for (String event : CarefulClient.events(answer.body())) {
            JsonNode json = JSON.readTree(event);
            told.add((json.path("type").asText().replace("content_block_", "") + " "
                            + json.path("index").asText() + " "
                            + json.at("/content_block/type").asText()
                            + json.at("/delta/type").asText() + " "
                            + json.at("/delta/text").asText()
                            + json.at("/delta/thinking").asText()
                            + json.at("/delta/partial_json").asText()
                            + json.at("/delta/stop_reason").asText())
                    .strip());
        }
        assertThat(told)
                .containsExactly(
                        "message_start",
                        "start 0 thinking",
                        "delta 0 thinking_delta Well",
                        "delta 0 thinking_delta then",
                        "delta 0 signature_delta",
                        "stop 0",
                        "start 1 text",
                        "delta 1 text_delta Hello",
                        "delta 1 text_delta there",
                        "stop 1",
                        "start 2 tool_use",
                        "delta 2 input_json_delta",
                        "delta 2 input_json_delta {\"a\":1}",
                        "stop 2",
                        "message_delta   tool_use",
                        "message_stop");
    }

    @Test
    void answersMessagesInOnePiece() throws IOException {
        server.answerWith(Script.text("Hello").reasoning("Well").calling("toolu_1", "get", "{\"a\":1}"));

        Answer answer = CarefulClient.ask(
                server.port(), Api.MESSAGES, request("\"x\"").replace("\"stream\":true", "\"stream\":false"), PATIENCE);

        JsonNode json = JSON.readTree(answer.body());
        assertThat(json.path("content"))
                .extracting(block -> block.path("type").asText())
                .containsExactly("thinking", "text", "tool_use");
        assertThat(json.at("/content/2/input/a").asInt()).isEqualTo(1);
        assertThat(json.path("stop_reason").asText()).isEqualTo("tool_use");
        assertThat(json.at("/usage/output_tokens").asInt()).isEqualTo(3);
    }
}
