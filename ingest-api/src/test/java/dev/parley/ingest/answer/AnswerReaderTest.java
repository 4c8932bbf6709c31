package dev.parley.ingest.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.TurnEvents.Answer;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.json.Said;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client that does nothing but append ends up with, however the feed tells of its turn. */
class AnswerReaderTest {

    private final AnswerReader reader = new AnswerReader(TurnEvents.TURN);
    private final Client client = new Client("by hand");

    /** Appends what it is told, and forgets it at a restart. */
    private static final class Client {
        private final String context;
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder refusal = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final List<ToolCall> begun = new ArrayList<>();
        private final List<ToolCall> calls = new ArrayList<>();
        /** How much had been said when the first call began; negative before. */
        private int saidBeforeCalls = -1;

        private final List<String> others = new ArrayList<>();
        private int completed;
        private int attempt;

        Client(String context) {
            this.context = context;
        }

        void take(List<Step> steps) {
            for (Step step : steps) {
                assertThat(completed).as("%s: nothing follows the end", context).isZero();
                switch (step) {
                    case Step.Text(String piece) -> {
                        assertThat(piece).as(context).isNotEmpty();
                        assertThat(refusal)
                                .as("%s: a refusal comes last", context)
                                .isEmpty();
                        text.append(piece);
                    }
                    case Step.Refusal(String piece) -> {
                        assertThat(piece).as(context).isNotEmpty();
                        refusal.append(piece);
                    }
                    case Step.Reasoning(String piece) -> {
                        assertThat(piece).as(context).isNotEmpty();
                        assertThat(text).as("%s: thoughts come first", context).isEmpty();
                        reasoning.append(piece);
                    }
                    case Step.CallBegun(String id, String name, String piece) -> {
                        saidBeforeCalls = begun.isEmpty() ? text.length() + refusal.length() : saidBeforeCalls;
                        begun.add(new ToolCall(id, name, piece));
                    }
                    case Step.CallArguments(String id, String piece) -> {
                        assertThat(piece).as(context).isNotEmpty();
                        ToolCall last = begun.removeLast();
                        assertThat(id).as(context).isEqualTo(last.getId());
                        begun.add(new ToolCall(id, last.getName(), last.getArguments() + piece));
                    }
                    case Step.Called(ToolCall call) -> {
                        calls.add(call);
                        assertThat(begun.subList(0, calls.size()))
                                .as("%s: all of a call's arguments are told before it is whole", context)
                                .isEqualTo(calls);
                    }
                    case Step.Restarted(String reason) -> {
                        assertThat(text.length() + refusal.length() + reasoning.length() + begun.size())
                                .as("%s: nothing is void where nothing was told", context)
                                .isPositive();
                        text.setLength(0);
                        refusal.setLength(0);
                        reasoning.setLength(0);
                        begun.clear();
                        saidBeforeCalls = -1;
                    }
                    case Step.Attempted attempted -> attempt = attempted.attempt();
                    case Step.Completed done -> completed++;
                    default -> others.add(step.getClass().getSimpleName());
                }
            }
        }

        /** Holds what was told against the whole answer of the attempt that runs. */
        void expectBeginningOf(Answer answer) {
            assertThat(answer.text()).as(context).startsWith(text);
            assertThat(answer.refusal()).as(context).startsWith(refusal);
            assertThat(refusal.isEmpty() || text.length() == answer.text().length())
                    .as("%s: a refusal comes after all other words", context)
                    .isTrue();
            assertThat(answer.reasoning()).as(context).startsWith(reasoning);
            assertThat((text.isEmpty() && refusal.isEmpty())
                            || reasoning.length() == answer.reasoning().length())
                    .as("%s: words come after all thoughts", context)
                    .isTrue();
            assertThat(begun.size())
                    .as(context)
                    .isLessThanOrEqualTo(answer.calls().size());
            for (int i = 0; i < begun.size(); i++) {
                ToolCall call = answer.calls().get(i);
                assertThat(begun.get(i).getId()).as(context).isEqualTo(call.getId());
                assertThat(begun.get(i).getName()).as(context).isEqualTo(call.getName());
                assertThat(call.getArguments())
                        .as(context)
                        .startsWith(begun.get(i).getArguments());
            }
            assertThat(begun.isEmpty() || saidBeforeCalls == answer.beforeCalls())
                    .as("%s: calls come after the words before them", context)
                    .isTrue();
            assertThat(calls)
                    .as("%s: calls are for nobody to make yet", context)
                    .isEmpty();
        }

        void expectExactly(Answer answer) {
            assertThat(text).as(context).hasToString(answer.text());
            assertThat(refusal).as(context).hasToString(answer.refusal());
            assertThat(reasoning).as(context).hasToString(answer.reasoning());
            assertThat(calls).as(context).isEqualTo(answer.calls());
            assertThat(begun).as(context).isEqualTo(answer.calls());
            assertThat(calls.isEmpty() || saidBeforeCalls == answer.beforeCalls())
                    .as(context)
                    .isTrue();
            assertThat(completed).as(context).isEqualTo(1);
        }
    }

    private void tell(FeedEvent... events) {
        for (FeedEvent event : events) {
            client.take(reader.read(event));
        }
    }

    /**
     * A turn of several attempts, told as a feed may tell it: live or joined in the middle, with a snapshot in place of what
     * was missed, with and without word that an attempt is void. {@code -Dparley.seed=N} runs one seed again.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whatIsToldIsABeginningOfTheAnswerAndAtTheEndAllOfIt(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 1000; round++) {
            Random random = new Random(seed * 1_000_003 + round);
            AnswerReader reading = new AnswerReader(TurnEvents.TURN);
            Client told = new Client("seed " + seed + " round " + round);
            boolean listens = random.nextInt(3) > 0; // or joins later
            told.take(reading.read(TurnEvents.accepted()));
            told.take(reading.read(TurnEvents.begun()));
            int attempts = 1 + random.nextInt(3);
            Answer answer = Answer.NOTHING;
            for (int attempt = 1; attempt <= attempts; attempt++) {
                answer = ofAttempt(attempt, TurnEvents.randomAnswer(random));
                boolean last = attempt == attempts;
                listens = attempt(reading, told, random, attempt, answer, listens, last);
            }
            told.take(reading.read(TurnEvents.completed(answer, attempts)));

            told.expectExactly(answer);
            assertThat(told.attempt).as(told.context).isPositive();
        }
    }

    /** Words, and calls, that no other attempt begins with: whoever has been told the same already is not told what was thought before. */
    private static Answer ofAttempt(int attempt, Answer answer) {
        Integer before = answer.textBeforeCalls();
        int inText = answer.text().isEmpty() ? 0 : 1;
        return new Answer(
                answer.reasoning(),
                answer.text().isEmpty() ? "" : attempt + answer.text(),
                answer.refusal().isEmpty() ? "" : attempt + answer.refusal(),
                answer.calls().stream()
                        .map(call -> new ToolCall(attempt + call.getId(), call.getName(), call.getArguments()))
                        .toList(),
                before == null
                        ? null
                        : (Integer) (before + inText + (before < answer.text().length() ? 0 : 1)));
    }

    /** Tells one attempt, whole where it is the last; returns whether the reader listens at its end. */
    private static boolean attempt(
            AnswerReader reading,
            Client told,
            Random random,
            int attempt,
            Answer answer,
            boolean listensAtFirst,
            boolean last) {
        boolean listens = listensAtFirst;
        if (listens && attempt > 1 && random.nextInt(3) > 0) {
            told.take(reading.read(TurnEvents.reset(attempt)));
        }
        if (listens) {
            told.take(reading.read(TurnEvents.started(attempt)));
            told.expectBeginningOf(answer);
        }
        List<FeedEvent> deltas = TurnEvents.deltas(answer, attempt, random);
        int said = last ? deltas.size() : random.nextInt(deltas.size() + 1);
        Answer soFar = Answer.NOTHING;
        for (FeedEvent delta : deltas.subList(0, said)) {
            soFar = soFar.with(delta);
            if (random.nextInt(6) == 0) {
                told.take(reading.read(ofAnotherTurn(delta)));
            }
            if (listens && random.nextInt(10) == 0) {
                listens = false;
            } else if (listens) {
                told.take(reading.read(delta));
            } else if (random.nextInt(4) == 0) {
                listens = true;
                if (told.attempt != attempt) {
                    told.take(reading.read(TurnEvents.started(attempt)));
                }
                told.take(reading.read(TurnEvents.snapshot(attempt, 0, soFar)));
                assertThat(told.text.toString() + told.refusal)
                        .as(told.context)
                        .isEqualTo(soFar.said().whole().substring(0, soFar.beforeCalls()));
                assertThat(told.begun).as(told.context).isEqualTo(soFar.calls());
            }
            if (listens) {
                told.expectBeginningOf(answer);
            }
        }
        return listens;
    }

    private static FeedEvent ofAnotherTurn(FeedEvent event) {
        return switch (event) {
            case FeedEvent.MessageDelta delta ->
                new FeedEvent.MessageDelta(
                        delta.conversation(), "turn_other", "msg_other", 1, 0, delta.kind(), delta.text());
            case FeedEvent.ToolArguments piece ->
                new FeedEvent.ToolArguments(
                        piece.conversation(),
                        "turn_other",
                        "msg_other",
                        1,
                        0,
                        piece.callId(),
                        piece.name(),
                        piece.arguments());
            case FeedEvent.MessageToolCall call ->
                new FeedEvent.MessageToolCall(call.conversation(), "turn_other", "msg_other", 1, 0, call.call());
            default -> event;
        };
    }

    @Test
    void eventsOfOtherTurnsTellNothing() {
        List<FeedEvent> others = List.of(
                new FeedEvent.MessageStarted(TurnEvents.KEY, "other", "a", 2, "e", "m"),
                new FeedEvent.MessageDelta(
                        TurnEvents.KEY, "other", "a", 2, 0, FeedEvent.MessageDelta.Kind.TEXT, "no word of mine"),
                new FeedEvent.MessageReset(TurnEvents.KEY, "other", "a", 3, "worker_lost"),
                new FeedEvent.MessageSnapshot(
                        TurnEvents.KEY, "other", "a", 3, 0, Said.plainly("nor this"), "", Optional.empty()),
                TurnEvents.logged("other", new TurnStarted("q", "a", "other.1", null, null)),
                TurnEvents.logged(null, new ConversationRenamed("title")));
        tell(TurnEvents.started(1), TurnEvents.text(1, 0, "mine"));

        for (FeedEvent other : others) {
            assertThat(reader.read(other)).as(other.toString()).isEmpty();
        }

        tell(TurnEvents.text(1, 1, " too"), TurnEvents.completed(Answer.saying("mine too"), 1));
        client.expectExactly(Answer.saying("mine too"));
    }

    @Test
    void aReaderOfWhatIsLongOverIsToldAllOfItByTheEnd() {
        Answer answer = new Answer("Hm.", "Because.", List.of(new ToolCall("call_1", "look", "{}")));

        List<Step> steps = reader.read(TurnEvents.completed(answer, 2));

        assertThat(steps.stream().map(step -> step.getClass().getSimpleName()))
                .isEqualTo(List.of("Attempted", "Reasoning", "Text", "CallBegun", "Called", "Completed"));
        client.take(steps);
        client.expectExactly(answer);
        assertThat(client.attempt).isEqualTo(2);
    }

    @Test
    void anAttemptThatSaidNothingIsNotTakenBack() {
        tell(TurnEvents.started(1), TurnEvents.reset(2), TurnEvents.started(2), TurnEvents.text(2, 0, "x"));

        assertThat(reader.read(TurnEvents.reset(3))).containsExactly(new Step.Restarted("worker_lost"));
    }

    @Test
    void wordsThatWereNoRefusalAfterAllAreToldAnew() {
        tell(TurnEvents.started(1), TurnEvents.refusal(1, 0, "I cannot"));

        tell(TurnEvents.completed(Answer.saying("I cannot but laugh"), 2));

        client.expectExactly(Answer.saying("I cannot but laugh"));
    }

    @Test
    void whatFollowsARefusalIsPartOfIt() {
        tell(
                TurnEvents.started(1),
                TurnEvents.text(1, 0, "Well. "),
                TurnEvents.refusal(1, 1, "I "),
                TurnEvents.text(1, 2, "cannot."));

        tell(TurnEvents.completed(Answer.refusing("Well. ", "I cannot."), 1));

        client.expectExactly(Answer.refusing("Well. ", "I cannot."));
    }

    @Test
    void anEndThatSaysSomethingElseIsTheAnswer() {
        tell(TurnEvents.started(1), TurnEvents.text(1, 0, "of an attempt that was lost"));

        client.take(reader.read(TurnEvents.completed(Answer.saying("of the one that answers"), 2)));

        client.expectExactly(Answer.saying("of the one that answers"));
    }

    @Test
    void argumentsAreToldAsTheyComeAndTheCallAtTheEnd() {
        ToolCall look = new ToolCall("call_1", "look", "{\"q\":1}");
        ToolCall bare = new ToolCall("call_2", "bare", "{}");
        Answer answer = new Answer("", "Well.", "", List.of(look, bare), 2);
        tell(TurnEvents.started(1), TurnEvents.text(1, 0, "We"));

        assertThat(reader.read(TurnEvents.arguments(1, 1, "call_1", "look", "")))
                .containsExactly(new Step.CallBegun("call_1", "look", ""));
        assertThat(reader.read(TurnEvents.text(1, 2, "ll."))).isEmpty();
        assertThat(reader.read(TurnEvents.arguments(1, 3, "call_1", null, "{\"q")))
                .containsExactly(new Step.CallArguments("call_1", "{\"q"));
        assertThat(reader.read(TurnEvents.called(1, 4, look))).isEmpty();
        assertThat(reader.read(TurnEvents.called(1, 5, bare))).isEmpty();
        List<Step> end = reader.read(TurnEvents.completed(answer, 1));
        assertThat(end.subList(0, 5))
                .containsExactly(
                        new Step.CallArguments("call_1", "\":1}"),
                        new Step.CallBegun("call_2", "bare", "{}"),
                        new Step.Text("ll."),
                        new Step.Called(look),
                        new Step.Called(bare));
    }

    @Test
    void callsThatHadBegunAreVoidInAnotherAttempt() {
        tell(TurnEvents.started(1), TurnEvents.arguments(1, 0, "call_1", "look", "{\"q\":"));

        assertThat(reader.read(TurnEvents.reset(2))).containsExactly(new Step.Restarted("worker_lost"));
        assertThat(reader.read(TurnEvents.arguments(2, 0, "call_1", "look", "{")))
                .containsExactly(new Step.CallBegun("call_1", "look", "{"));
    }

    @Test
    void aCallThatComesToSomethingElseIsToldAnew() {
        tell(TurnEvents.started(1), TurnEvents.arguments(1, 0, "call_1", "look", "{\"q\":1"));

        Answer answer = new Answer("", "", List.of(new ToolCall("call_1", "look", "{\"q\":2}")));
        tell(TurnEvents.completed(answer, 2));

        client.expectExactly(answer);
    }

    @Test
    void thoughtsThatComeAfterWordsAreLeftToTheEnd() {
        tell(TurnEvents.started(1), TurnEvents.reasoning(1, 0, "one "), TurnEvents.text(1, 1, "Word."));
        tell(TurnEvents.reasoning(1, 2, "two"), TurnEvents.snapshot(1, 2, new Answer("one two", "Word.", List.of())));

        tell(TurnEvents.completed(new Answer("one two", "Word.", List.of()), 1));

        assertThat(client.reasoning).hasToString("one ");
        assertThat(client.text).hasToString("Word.");
        assertThat(client.completed).isEqualTo(1);
    }

    @Test
    void theTurnsOtherEventsAreToldAsTheyAre() {
        tell(TurnEvents.accepted(), TurnEvents.begun(), TurnEvents.retrieved(new Source("s", "t", null, 1.0)));
        tell(TurnEvents.rejected("busy"), TurnEvents.failed("engine_error", ""), TurnEvents.cancelled(""));
        tell(TurnEvents.gap());

        assertThat(client.others)
                .containsExactly("Accepted", "Begun", "Retrieved", "Rejected", "Failed", "Cancelled", "Lost");
    }
}
