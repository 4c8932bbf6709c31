package dev.parley.ingest.door;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.ingest.door.Exchanges.Exchange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Questions are called {@code u1}, their answers {@code a1}. */
class ExchangesTest {

    private static final Timings TIMINGS = new Timings(null, null, null, null);

    private final List<ConversationEvent> events = new ArrayList<>();

    private void log(ConversationEvent.Body body) {
        events.add(new ConversationEvent("t", "c", events.size() + 1L, Instant.EPOCH, "cause", "turn", null, body));
    }

    private void accepted(String number, @Nullable BranchPoint after) {
        log(MessageAccepted.newBuilder()
                .setMessageId("u" + number)
                .setAssistantMessageId("a" + number)
                .setRole(Role.USER)
                .setContent("question " + number)
                .setOnBusy(OnBusy.ENQUEUE)
                .setFingerprint("f")
                .setAfter(after)
                .build());
    }

    private void completed(String answer) {
        log(MessageCompleted.newBuilder()
                .setMessageId(answer)
                .setGenerationId("g")
                .setAttempt(new Attempt("attempt", 1, "engine", "model", "worker", ""))
                .setContent("text")
                .setFinishReason("stop")
                .setUsage(new Usage(1, 1, UsageBasis.MEASURED, null))
                .setTimings(TIMINGS)
                .build());
    }

    private void cancelled(String number, @Nullable String generation, boolean forgotten) {
        log(TurnCancelled.newBuilder()
                .setMessageId("a" + number)
                .setUserMessageId("u" + number)
                .setGenerationId(generation)
                .setContent("")
                .setForgotten(forgotten)
                .setTimings(TIMINGS)
                .build());
    }

    private void answered(String number, @Nullable BranchPoint after) {
        accepted(number, null);
        log(new TurnStarted("u" + number, "a" + number, "g", null, after));
        completed("a" + number);
    }

    private static BranchPoint at(@Nullable String messageId) {
        return new BranchPoint(messageId);
    }

    private List<String> after(String answer) {
        return Exchanges.of(events).after(answer).stream()
                .map(Exchange::answerId)
                .toList();
    }

    private boolean isActive(String after, String answer) {
        Exchanges exchanges = Exchanges.of(events);
        return exchanges.after(after).stream()
                .filter(exchange -> exchange.answerId().equals(answer))
                .allMatch(exchanges::isActive);
    }

    @Test
    void exchangesFollowWhatTheLogSaysTheLatestFirst() {
        answered("1", at(null));
        answered("2", at("a1"));
        answered("3", at("a1"));

        assertThat(after(Exchanges.BEGINNING)).containsExactly("a1");
        assertThat(after("a1")).containsExactly("a3", "a2");
        assertThat(isActive("a1", "a3")).isTrue();
        assertThat(isActive("a1", "a2")).isFalse();

        log(new BranchSwitched("a2"));
        assertThat(isActive("a1", "a2")).isTrue();
        assertThat(isActive("a1", "a3")).isFalse();
    }

    @Test
    void inALogOfBeforeThereWereBranchesEachFollowsTheOneBefore() {
        answered("1", null);
        answered("2", null);
        log(new TurnStarted("u2", "again", "g", "a2", null));
        completed("again");
        answered("3", null);

        assertThat(after(Exchanges.BEGINNING)).containsExactly("a1");
        assertThat(after("a1")).containsExactly("again", "a2");
        assertThat(after("again")).containsExactly("a3");
    }

    @Test
    void whatWaitsFollowsWhatItAskedToOrElseTheLastThatWaits() {
        answered("1", at(null));
        accepted("2", null);
        log(new TurnStarted("u2", "a2", "g", null, at("a1")));
        accepted("3", null);
        accepted("4", null);
        accepted("5", at("a1"));
        assertThat(after("a2")).containsExactly("a3");
        assertThat(after("a3")).containsExactly("a4");
        assertThat(after("a1")).containsExactly("a5", "a2");

        cancelled("3", null, false);
        assertThat(after("a2")).isEmpty();
        assertThat(isActive("a1", "a5")).as("one that waits").isTrue();
    }

    @Test
    void whatWasTakenBackIsNotGoneOnFrom() {
        answered("1", null);
        accepted("2", null);
        log(new TurnStarted("u2", "a2", "g", null, null));
        cancelled("2", "g", true);
        answered("3", null);

        assertThat(after("a1")).containsExactly("a3", "a2");
    }
}
