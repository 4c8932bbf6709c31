package dev.parley.ingest.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.serde.TrustedRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PastExchangesTest {

    private static final Timings TIMINGS = new Timings(null, null, null, null);

    private final List<ConversationEvent> log = new ArrayList<>();

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private void log(@Nullable String turn, ConversationEvent.Body body) {
        log.add(new ConversationEvent("t", "c", log.size() + 1L, TurnEvents.NOW, "cause", turn, null, body));
    }

    private void asked(String name, @Nullable CallerPrompt prompt) {
        log(
                name,
                MessageAccepted.newBuilder()
                        .setMessageId("user-" + name)
                        .setAssistantMessageId("answer-" + name)
                        .setRole(prompt == null ? Role.USER : prompt.getRole())
                        .setContent("question " + name)
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .setPrompt(prompt)
                        .build());
    }

    private void started(String name, String question) {
        log(name, new TurnStarted(question, "answer-" + name, name + ".1", null));
    }

    private void answered(String name, ToolCall... calls) {
        log(
                name,
                MessageCompleted.newBuilder()
                        .setMessageId("answer-" + name)
                        .setGenerationId(name + ".1")
                        .setAttempt(new Attempt("a", 1, "e", "m", "w", ""))
                        .setContent("answer " + name)
                        .setReasoning("thoughts")
                        .setFinishReason("stop")
                        .setUsage(TurnEvents.USAGE)
                        .setTimings(TIMINGS)
                        .setToolCalls(List.of(calls))
                        .build());
    }

    private void exchange(String name) {
        asked(name, null);
        started(name, "user-" + name);
        answered(name);
    }

    private static PromptMessage user(String content) {
        return new PromptMessage(Role.USER, content, List.of(), null, null);
    }

    private static PromptMessage assistant(String content, ToolCall... calls) {
        return new PromptMessage(Role.ASSISTANT, content, List.of(calls), null, null);
    }

    @Test
    void finishedExchangesComeInTheOrderOfTheirTurns() {
        log(null, new ConversationCreated(null, "w", Map.of()));
        asked("one", null);
        started("one", "user-one");
        asked("two", null);
        answered("one");
        started("two", "user-two");
        answered("two");

        assertThat(PastExchanges.messages(log))
                .containsExactly(
                        user("question one"), assistant("answer one"), user("question two"), assistant("answer two"));
    }

    @Test
    void turnsWithoutAnAnswerAreNoPartOfThePast() {
        asked("failed", null);
        started("failed", "user-failed");
        log(
                "failed",
                TurnFailed.newBuilder()
                        .setMessageId("answer-failed")
                        .setGenerationId("failed.1")
                        .setCode("engine_error")
                        .setDetail("x")
                        .setContent("Half")
                        .setTimings(TIMINGS)
                        .build());
        asked("stopped", null);
        log(
                "stopped",
                TurnCancelled.newBuilder()
                        .setMessageId("answer-stopped")
                        .setUserMessageId("user-stopped")
                        .setContent("")
                        .setTimings(TIMINGS)
                        .build());
        exchange("one");
        asked("running", null);
        started("running", "user-running");

        assertThat(PastExchanges.messages(log)).containsExactly(user("question one"), assistant("answer one"));
    }

    @Test
    void aRegeneratedAnswerTakesThePlaceOfTheEarlierOne() {
        exchange("one");
        started("again", "user-one");
        assertThat(PastExchanges.messages(log)).isEmpty();

        answered("again");
        assertThat(PastExchanges.messages(log)).containsExactly(user("question one"), assistant("answer again"));
    }

    @Test
    void whatWasSentAlongAndAskedOfToolsComesWithIt() {
        ToolCall call = new ToolCall("c1", "f", "{}");
        asked(
                "one",
                new CallerPrompt(
                        Role.USER,
                        null,
                        List.of(new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null)),
                        GenerationOptions.newBuilder()
                                .setInstructions("of that turn alone")
                                .build()));
        started("one", "user-one");
        answered("one", call);
        asked(
                "two",
                new CallerPrompt(
                        Role.TOOL,
                        "c1",
                        List.of(),
                        GenerationOptions.newBuilder().build()));
        started("two", "user-two");
        answered("two");

        assertThat(PastExchanges.messages(log))
                .containsExactly(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        user("question one"),
                        assistant("answer one", call),
                        new PromptMessage(Role.TOOL, "question two", List.of(), "c1", null),
                        assistant("answer two"));
    }

    @Test
    void aPastThatBeginsInTheMiddleLeavesOutWhatItDoesNotKnow() {
        answered("unknown");
        started("also-unknown", "user-of-before");
        answered("also-unknown");
        exchange("one");

        assertThat(PastExchanges.messages(log)).containsExactly(user("question one"), assistant("answer one"));
    }

    @Test
    void anEmptyPastIsEmpty() {
        assertThat(PastExchanges.messages(List.of())).isEmpty();
    }
}
