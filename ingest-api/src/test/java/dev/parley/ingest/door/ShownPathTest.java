package dev.parley.ingest.door;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.ingest.door.ShownPath.Place;
import dev.parley.ingest.door.ShownPath.Shown;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Messages are written as {@code id role: text}; question {@code u1} has the answer {@code a1}, and so on. */
class ShownPathTest {

    private static final Timings TIMINGS = new Timings(null, null, null, null);

    private final List<ConversationEvent> events = new ArrayList<>();

    private void log(String turn, ConversationEvent.Body body) {
        events.add(new ConversationEvent("t", "c", events.size() + 1L, Instant.EPOCH, "cause", turn, null, body));
    }

    private void asked(String number, @Nullable String after) {
        asked(number, after, Role.USER, null, Map.of());
    }

    private void asked(
            String number,
            @Nullable String after,
            Role role,
            @Nullable CallerPrompt prompt,
            Map<String, String> metadata) {
        log(
                number,
                MessageAccepted.newBuilder()
                        .setMessageId("u" + number)
                        .setAssistantMessageId("a" + number)
                        .setRole(role)
                        .setContent("question " + number)
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setMetadata(metadata)
                        .setFingerprint("f")
                        .setPrompt(prompt)
                        .build());
        log(number, new TurnStarted("u" + number, "a" + number, number + ".1", null, new BranchPoint(after)));
    }

    private void completed(String number, ToolCall... calls) {
        completed(number, "answer " + number, calls);
    }

    private void completed(String number, String content, ToolCall... calls) {
        log(
                number,
                MessageCompleted.newBuilder()
                        .setMessageId("a" + number)
                        .setGenerationId(number + ".1")
                        .setAttempt(new Attempt("attempt", 1, "engine", "model", "worker", ""))
                        .setContent(content)
                        .setFinishReason("stop")
                        .setUsage(new Usage(1, 1, UsageBasis.MEASURED, null))
                        .setTimings(TIMINGS)
                        .setToolCalls(List.of(calls))
                        .build());
    }

    private void failed(String number, String content) {
        log(
                number,
                TurnFailed.newBuilder()
                        .setMessageId("a" + number)
                        .setGenerationId(number + ".1")
                        .setCode("engine_error")
                        .setDetail("none")
                        .setContent(content)
                        .setTimings(TIMINGS)
                        .build());
    }

    private void answered(String number, @Nullable String after) {
        asked(number, after);
        completed(number);
    }

    private static Shown shown(String text) {
        String[] parts = text.split(" ", 3);
        Role role = parts[1].equals("user:") ? Role.USER : Role.ASSISTANT;
        return new Shown(new PromptMessage(role, parts.length < 3 ? "" : parts[2], List.of(), null, null), parts[0]);
    }

    private ShownPath path(String... shown) {
        return ShownPath.of(
                Exchanges.of(events),
                Arrays.stream(shown).map(ShownPathTest::shown).toList());
    }

    private static Place at(@Nullable String after, String... context) {
        return new Place(
                Optional.of(new BranchPoint(after)),
                Arrays.stream(context).map(text -> shown(text).message()).toList());
    }

    @Test
    void whatIsShownIsFollowedToItsEnd() {
        answered("1", null);
        answered("2", "a1");

        assertThat(path().place()).isEqualTo(at(null));
        assertThat(path("u1 user: question 1", "a1 assistant: answer 1").place())
                .isEqualTo(at("a1"));
        assertThat(path(
                                "u1 user: question 1",
                                "a1 assistant: answer 1",
                                "u2 user: question 2",
                                "a2 assistant: answer 2")
                        .place())
                .isEqualTo(at("a2"));
    }

    @Test
    void whatIsShownOtherwiseIsSentAlong() {
        answered("1", null);
        answered("2", "a1");

        assertThat(path("u1 user: another question", "a1 assistant: answer 1").place())
                .isEqualTo(at(null, "u1 user: another question", "a1 assistant: answer 1"));
        assertThat(path("u1 user: question 1", "a1 assistant: edited answer", "u2 user: question 2")
                        .place())
                .isEqualTo(at(null, "u1 user: question 1", "a1 assistant: edited answer", "u2 user: question 2"));
        assertThat(path("u1 user: question 1", "a1 assistant: answer 1", "u2 user: question 2")
                        .place())
                .as("a whole answer that is not shown")
                .isEqualTo(at("a1", "u2 user: question 2"));
        assertThat(path("u2 user: question 2", "a2 assistant: answer 2").place())
                .as("messages that were taken out")
                .isEqualTo(at(null, "u2 user: question 2", "a2 assistant: answer 2"));
    }

    @Test
    void ofTwoAnswersTheOneThatIsShownCounts() {
        answered("1", null);
        log("again", new TurnStarted("u1", "again", "again.1", "a1", new BranchPoint((String) null)));
        log(
                "again",
                MessageCompleted.newBuilder((MessageCompleted) events.get(2).getBody())
                        .setMessageId("again")
                        .setContent("answer, again")
                        .build());

        assertThat(path("u1 user: question 1", "a1 assistant: answer 1").place())
                .isEqualTo(at("a1"));
        assertThat(path("u1 user: question 1", "again assistant: answer, again").place())
                .isEqualTo(at("again"));
        assertThat(path().asked(List.of(shown("u user: question 1").message())))
                .extracting(Exchanges.Exchange::answerId)
                .containsExactly("again", "a1");
        assertThat(path().asked(List.of(shown("u user: question 2").message()))).isEmpty();
    }

    @Test
    void anAnswerWithoutWordsNeedNotBeShown() {
        asked("1", null);
        completed("1", "", new ToolCall("call_1", "look", "{}"));
        answered("2", "a1");

        String[] shown = {"u1 user: question 1", "u2 user: question 2", "a2 assistant: answer 2"};
        assertThat(path(shown).place()).isEqualTo(at("a2"));
        assertThat(path("u1 user: question 1", "a1 assistant:", "u2 user: question 2", "a2 assistant: answer 2")
                        .place())
                .isEqualTo(at("a2"));
        assertThat(path("u1 user: question 1", "x assistant: words").place())
                .isEqualTo(at(null, "u1 user: question 1", "x assistant: words"));
    }

    @Test
    void aNameIsOfAllThatIsShownAtItsPlace() {
        answered("1", null);

        assertThat(path("u1 user: question 1", "a1 assistant: answer 1").name("x", List.of()))
                .isEqualTo(path("u user: question 1", "a assistant: answer 1").name("x", List.of()))
                .isNotEqualTo(path().name("x", List.of()))
                .isNotEqualTo(path("u1 user: question 1", "a1 assistant: answer 1", "u user: y")
                        .name("x", List.of()));
        assertThat(path("u user: y").name("x", List.of()))
                .isNotEqualTo(path("u user: z").name("x", List.of()))
                .isNotEqualTo(path("u assistant: y").name("x", List.of()));
    }

    @Test
    void aClientMayLag() {
        answered("1", null);
        asked("2", "a1");

        assertThat(path("u1 user: question 1", "a1 assistant: answ").place()).isEqualTo(at("a1"));
        assertThat(path("u1 user: question 1", "a1 assistant:").place()).isEqualTo(at("a1"));
        assertThat(path("u1 user: question 1", "local assistant: answ").place())
                .as("a beginning under a name that is not the answer's")
                .isEqualTo(at(null, "u1 user: question 1", "local assistant: answ"));
        assertThat(path("u1 user: question 1", "local assistant: answer 1").place())
                .isEqualTo(at("a1"));
        assertThat(path("u1 user: question 1", "a1 assistant: answer 1", "u2 user: question 2")
                        .place())
                .as("one that is being answered")
                .isEqualTo(at("a2"));
        assertThat(path("u1 user: question 1", "a1 assistant: answer 1", "u2 user: question 2", "a2 assistant: so far")
                        .place())
                .isEqualTo(at("a2"));
    }

    @Test
    void aQuestionThatHasNoAnswerIsSentAlongFromItsPlace() {
        answered("1", null);
        asked("2", "a1");
        failed("2", "half");

        assertThat(path("u1 user: question 1", "a1 assistant: answer 1", "u2 user: question 2")
                        .place())
                .isEqualTo(at("a2", "u2 user: question 2"));
        assertThat(path("u1 user: question 1", "a1 assistant: answer 1", "u2 user: question 2", "a2 assistant: ha")
                        .place())
                .isEqualTo(at("a2", "u2 user: question 2", "a2 assistant: ha"));
    }

    @Test
    void anAnswerThatWentOnWithItsToolsIsOneMessageToItsClient() {
        ToolCall first = new ToolCall("call_1", "look", "{}");
        ToolCall second = new ToolCall("call_2", "look", "{}");
        answered("1", null);
        asked("2", "a1");
        completed("2", first, second);
        PromptMessage result = new PromptMessage(Role.TOOL, "one", List.of(), "call_1", null);
        asked(
                "3",
                "a2",
                Role.TOOL,
                new CallerPrompt(
                        Role.TOOL,
                        "call_2",
                        List.of(result),
                        GenerationOptions.newBuilder().build()),
                Map.of(ShownPath.CONTINUED, "a2"));
        completed("3");
        List<Shown> shown = List.of(
                shown("u1 user: question 1"),
                shown("a1 assistant: answer 1"),
                shown("u2 user: question 2"),
                new Shown(new PromptMessage(Role.ASSISTANT, "answer 2", List.of(first, second), null, null), "a2"),
                new Shown(result, "a2"),
                new Shown(new PromptMessage(Role.TOOL, "two", List.of(), "call_2", null), "a2"),
                new Shown(new PromptMessage(Role.ASSISTANT, "answer", List.of(), null, null), "a2"));

        for (int end = 0; end <= shown.size(); end++) {
            Place place =
                    ShownPath.of(Exchanges.of(events), shown.subList(0, end)).place();
            int known = end < 2 ? 0 : end < 4 ? 2 : end < 7 ? 4 : 7;
            assertThat(place.after().orElseThrow().getMessageId())
                    .as("after %d messages", end)
                    .isEqualTo(known == 0 ? null : known == 2 ? "a1" : known == 4 ? "a2" : "a3");
            assertThat(place.context()).hasSize(end - known);
        }
    }
}
