package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.launcher.ApiClient.Event;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Routes and engines of a configuration, from a question to its answer. */
class RoutesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PACE = Duration.ofMillis(30);

    private static ParleyUnderTest parley;
    private static ScriptedModelServer first;
    private static ScriptedModelServer second;

    @BeforeAll
    static void start() {
        first = ScriptedModelServer.start();
        second = ScriptedModelServer.start();
        parley = ParleyUnderTest.start();
    }

    @AfterAll
    static void stop() {
        parley.close();
        first.close();
        second.close();
    }

    /** Puts routes in force, and waits until a turn goes by them; their version. */
    private static String apply(String routes) {
        String yaml = routes + """

                engines:
                  first: {kind: openai, model: scripted, endpoints: ['%s'], retries: 0, price: {input: 1, output: 10}}
                  second: {kind: openai, model: scripted, endpoints: ['%s']}
                """.formatted(first.baseUrl(), second.baseUrl());
        String version = parley.configure(yaml);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(routed(turn("Which?", Map.of()), "configuration"))
                        .isEqualTo(version));
        return version;
    }

    /** Asks in a conversation of its own and reads until the turn ends. */
    private static List<Event> turn(String question, Map<String, ?> more) {
        ApiClient api = parley.api();
        Map<String, Object> message = new HashMap<>(more);
        message.put("content", question);
        return api.events(api.ask(api.conversation(), message).path("events").asText(), null, RoutesIT::isEnd);
    }

    private static boolean isEnd(Event event) {
        return List.of("message.completed", "turn.failed", "turn.cancelled").contains(event.type());
    }

    private static JsonNode only(List<Event> events, String type) {
        return events.stream()
                .filter(event -> event.type().equals(type))
                .map(Event::data)
                .reduce((a, b) -> {
                    throw new AssertionError("two of " + type);
                })
                .orElseThrow(() -> new AssertionError("no " + type + " in " + events));
    }

    private static String routed(List<Event> events, String field) {
        return only(events, "turn.routed").path(field).asText();
    }

    @Test
    void aTurnTakesTheRouteThatItsCallerItsPrefixOrItsWordsName() {
        apply("""
                default-route: chat
                classifier: {kind: examples}
                routes:
                  chat: {engine: first}
                  weather:
                    engine: second
                    system-prompt: 'You forecast for {{metadata.town}}.'
                    examples: [will it rain tomorrow, how warm is it going to be, is there a storm coming this weekend]
                  shout: {engine: second, prefixes: ['/shout ']}
                """);

        List<Event> byWords = turn("is it going to rain this evening?", Map.of("metadata", Map.of("town", "Bern")));
        assertThat(routed(byWords, "intent")).isEqualTo("weather");
        assertThat(routed(byWords, "reason")).isEqualTo("examples");
        assertThat(second.exchanges()
                        .getLast()
                        .request()
                        .body()
                        .at("/messages/0/content")
                        .asText())
                .startsWith("You forecast for Bern.");

        List<Event> byPrefix = turn("/shout hello", Map.of());
        assertThat(routed(byPrefix, "intent")).isEqualTo("shout");
        assertThat(routed(byPrefix, "reason")).isEqualTo("prefix");
        assertThat(only(byPrefix, "message.completed").path("engine").asText()).isEqualTo("second");

        List<Event> byCaller = turn("is it going to rain?", Map.of("intent", "chat"));
        assertThat(routed(byCaller, "intent")).isEqualTo("chat");
        assertThat(routed(byCaller, "reason")).isEqualTo("explicit");
        JsonNode completed = only(byCaller, "message.completed");
        assertThat(completed.path("engine").asText()).isEqualTo("first");
        assertThat(completed.at("/usage/costMicros").asLong())
                .isEqualTo(completed.at("/usage/inputTokens").asLong()
                        + 10 * completed.at("/usage/outputTokens").asLong());

        assertThat(routed(turn("What is the square root of 81?", Map.of()), "intent"))
                .isEqualTo("chat");
    }

    @Test
    void aModelCanBeAskedForTheIntent() {
        apply("""
                default-route: chat
                classifier: {kind: model, engine: second, timeout: 5s}
                routes:
                  chat: {engine: first, description: Anything else.}
                  poem: {engine: first, description: Wants verses.}
                """);
        second.enqueue(Script.text("poem"));

        List<Event> events = turn("Roses are red, go on.", Map.of());

        assertThat(routed(events, "intent")).isEqualTo("poem");
        assertThat(routed(events, "reason")).isEqualTo("model");
        assertThat(only(events, "message.completed").path("engine").asText()).isEqualTo("first");
        second.enqueue(Script.refuse(400));
        assertThat(routed(turn("And this?", Map.of()), "reason")).isEqualTo("classifier_failed");
    }

    @Test
    void aTurnUnderWayKeepsTheConfigurationThatItBeganUnder() {
        String before = apply("routes: {chat: {engine: first}}");
        first.enqueue(Script.numbered(60, PACE));
        ApiClient api = parley.api();
        JsonNode running = api.ask(api.conversation(), Map.of("content", "Count."));
        List<Event> events = new ArrayList<>(api.events(
                running.path("events").asText(), null, event -> event.type().equals("message.delta")));

        String after = apply("routes: {chat: {engine: second}}");

        events.addAll(
                api.events(running.path("events").asText(), events.getLast().id(), RoutesIT::isEnd));
        JsonNode completed = only(events, "message.completed");
        assertThat(completed.path("configuration").asText()).isEqualTo(before).isNotEqualTo(after);
        assertThat(completed.path("engine").asText()).isEqualTo("first");
        assertThat(only(turn("And now?", Map.of()), "message.completed")
                        .path("engine")
                        .asText())
                .isEqualTo("second");
    }

    @Test
    void anEngineThatRefusesIsReplacedSilentlyAndOneThatDiesInMidAnswerByAVisibleReset() {
        apply("routes: {chat: {engine: first, fallbacks: [second]}}");
        List<String> whole =
                IntStream.range(0, 20).mapToObj(i -> "whole" + i + " ").toList();

        first.enqueue(Script.refuse(503));
        second.enqueue(Script.tokens(whole));
        List<Event> silent = turn("Go.", Map.of());
        assertThat(silent).noneMatch(event -> event.type().equals("message.reset"));
        assertThat(only(silent, "message.completed").path("content").asText()).isEqualTo(String.join("", whole));
        assertThat(only(silent, "message.completed").path("engine").asText()).isEqualTo("second");

        first.enqueue(Script.numbered(40, PACE).dyingAfter(10));
        second.enqueue(Script.tokens(whole));
        ApiClient api = parley.api();
        JsonNode accepted = api.ask(api.conversation(), Map.of("content", "Go on."));
        ShownMessage shown = new ShownMessage(accepted.path("turnId").asText());
        List<Event> visible = api.events(accepted.path("events").asText(), null, RoutesIT::isEnd);
        visible.forEach(shown::take);

        assertThat(shown.outcome()).isEqualTo("completed");
        assertThat(shown.resets()).isEqualTo(1);
        assertThat(shown.text()).isEqualTo(String.join("", whole));
        assertThat(only(visible, "message.completed").path("engine").asText()).isEqualTo("second");
        assertThat(only(visible, "message.reset").path("reason").asText()).startsWith("engine_");
    }
}
