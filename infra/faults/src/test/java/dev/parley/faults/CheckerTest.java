package dev.parley.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.TextDelta;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.ModelCall;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Seen;
import dev.parley.faults.History.Submission;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker catches what is planted in an otherwise right history, and nothing in the right one. */
class CheckerTest {

    @Test
    void findsNothingInAWholeHistory() {
        assertThat(Checker.check(new WholeHistory().history())).isEmpty();
    }

    static Stream<Arguments> planted() {
        return Stream.of(
                fault(
                        "a doubled chunk in the log",
                        "chunks",
                        whole -> whole.chunk("a2", new TextDelta(2, "second2 ", false))),
                fault(
                        "a doubled chunk at the client",
                        "client",
                        whole -> whole.seen.add(
                                indexOf(whole, "second1 ") + 1, whole.seen.get(indexOf(whole, "second1 ")))),
                fault("a lost chunk at the client", "client", whole -> whole.seen.remove(indexOf(whole, "second1 "))),
                fault("a zombie's chunk at the client", "client", whole -> {
                    whole.delta(2, 2, "first2 ");
                    Collections.swap(whole.seen, indexOf(whole, "second2 "), whole.seen.size() - 1);
                    whole.seen.removeLast();
                }),
                fault(
                        "two chunks in the wrong order at the client",
                        "client",
                        whole -> Collections.swap(whole.seen, indexOf(whole, "second0 "), indexOf(whole, "second1 "))),
                fault(
                        "another attempt without a reset",
                        "client",
                        whole -> whole.seen.removeIf(seen -> isType(seen, "message.reset"))),
                fault(
                        "a lost event at the client",
                        "client",
                        whole -> whole.seen.removeIf(seen -> isType(seen, "turn.routed"))),
                fault("an end that the client missed", "client", whole -> whole.seen.removeLast()),
                fault("a chunk after the end", "client", whole -> whole.delta(2, 3, "more")),
                fault("another's event at the client", "client", whole -> {
                    if (whole.seen.get(2) instanceof Seen.Frame frame && frame.fields() instanceof ObjectNode fields) {
                        fields.put("conversationId", "another");
                    }
                }),
                fault("a lost event in the log", "sequence", whole -> whole.events.remove(3)),
                fault("a reordered pair in the log", "order", whole -> {
                    Event routed = whole.events.get(3);
                    Event retrieved = whole.events.get(4);
                    whole.events.set(3, WholeHistory.event(4, WholeHistory.TURN, body(retrieved)));
                    whole.events.set(4, WholeHistory.event(5, WholeHistory.TURN, body(routed)));
                }),
                fault(
                        "a second ending",
                        "ends-once",
                        whole -> whole.event(WholeHistory.TURN, WholeHistory.completed())),
                fault(
                        "a conversation that nobody deleted",
                        "deleted",
                        whole -> whole.event(null, new ConversationDeleted())),
                fault("no ending", "ends-once", whole -> whole.events.removeLast()),
                fault(
                        "a spliced text",
                        "text",
                        whole -> whole.events.set(
                                5,
                                WholeHistory.event(
                                        6, WholeHistory.TURN, WholeHistory.completed("first0 first1 second2 ", 2)))),
                fault(
                        "the text of an attempt that was given up",
                        "text",
                        whole -> whole.events.set(
                                5,
                                WholeHistory.event(
                                        6, WholeHistory.TURN, WholeHistory.completed("first0 first1 first2 ", 1)))),
                fault("a text that the model never said", "text", whole -> whole.calls.removeLast()),
                fault(
                        "an acknowledged message that is lost",
                        "accepted-once",
                        whole -> whole.submissions.add(submission("lost", new Outcome.Acknowledged()))),
                fault(
                        "a message that nobody sent",
                        "accepted-once",
                        whole -> whole.submissions.set(0, submission("another", new Outcome.Unknown("timeout")))),
                fault(
                        "tokens that the model did not report",
                        "usage",
                        whole -> whole.calls.set(1, new ModelCall("q", 1, WholeHistory.TEXT, 7, true, false))),
                fault(
                        "a call that goes on",
                        "model",
                        whole -> whole.calls.set(0, new ModelCall("q", 0, "first0 first1 first2 ", 3, true, true))),
                fault("a doubled row", "tables", whole -> whole.eventRows.add(whole.eventRows.getLast())),
                fault("a missing row", "tables", whole -> whole.generationRows.clear()),
                fault(
                        "a row too many",
                        "tables",
                        whole -> whole.messageRows.add(WholeHistory.message(
                                "x", 9, "user", "QUEUED", "", Optional.empty(), Optional.empty()))),
                fault(
                        "usage in a row that the log has not",
                        "tables",
                        whole -> whole.messageRows.set(
                                1,
                                WholeHistory.message(
                                        "a",
                                        3,
                                        "assistant",
                                        "COMPLETED",
                                        WholeHistory.TEXT,
                                        Optional.of(10),
                                        Optional.of(6)))),
                fault(
                        "a dead letter too many",
                        "dead-letters",
                        whole -> whole.deadLetters.add(whole.deadLetters.getFirst())),
                fault("a missing dead letter", "dead-letters", whole -> whole.deadLetters.clear()),
                fault("a dead letter of what was no poison", "dead-letters", whole -> whole.poison.clear()));
    }

    @ParameterizedTest
    @MethodSource("planted")
    void catches(Consumer<WholeHistory> fault, String rule) {
        WholeHistory whole = new WholeHistory();
        fault.accept(whole);

        List<Violation> violations = Checker.check(whole.history());

        assertThat(violations).extracting(Violation::rule).contains(rule);
    }

    @Test
    void takesAnUnknownRequestForWhatTheLogSays() {
        WholeHistory whole = new WholeHistory();
        Submission sent = whole.submissions.getFirst();
        whole.submissions.set(
                0,
                new Submission(
                        sent.conversation(),
                        sent.messageId(),
                        sent.turnId(),
                        sent.content(),
                        sent.ask(),
                        sent.endings(),
                        sent.codes(),
                        new Outcome.Unknown("timeout")));
        whole.submissions.add(submission("never-arrived", new Outcome.Unknown("timeout")));

        assertThat(Checker.check(whole.history())).isEmpty();
    }

    private static Submission submission(String id, Outcome outcome) {
        return new Submission(
                WholeHistory.CONVERSATION,
                id,
                "turn-" + id,
                "hello",
                "q",
                Set.of(History.Ending.COMPLETED),
                Set.of(),
                outcome);
    }

    private static ConversationEvent.Body body(Event event) {
        return event.event().getBody();
    }

    private static boolean isType(Seen seen, String type) {
        return seen instanceof Seen.Frame frame && frame.type().equals(type);
    }

    private static int indexOf(WholeHistory whole, String text) {
        for (int i = 0; i < whole.seen.size(); i++) {
            if (whole.seen.get(i) instanceof Seen.Frame frame
                    && frame.fields().path("text").asText().equals(text)) {
                return i;
            }
        }
        throw new IllegalArgumentException(text);
    }

    private static Arguments fault(String name, String rule, Consumer<WholeHistory> plant) {
        return Arguments.of(Named.of(name, plant), rule);
    }
}
