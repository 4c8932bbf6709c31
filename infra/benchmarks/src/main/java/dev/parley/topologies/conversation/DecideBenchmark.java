package dev.parley.topologies.conversation;

import dev.parley.benchmarks.Records;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A message to a conversation that has a history, which is in memory here: the decision alone, without its stores. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // By the set-up.
public class DecideBenchmark {

    private static final Rules RULES = new Rules(8, 64_000, 3, "main");

    /** Finished turns before the message. */
    @Param({"5", "500"})
    public int turns;

    private final Remembered history = new Remembered();
    private Conversation conversation;
    private Input submit;

    /** Messages in memory. */
    private static final class Remembered implements History {
        private final Map<String, Exchange> byAnswer = new HashMap<>();
        private final Map<String, Exchange> byQuestion = new HashMap<>();
        private @Nullable Exchange latest;

        @Override
        public boolean has(String messageId) {
            return byAnswer.containsKey(messageId) || byQuestion.containsKey(messageId);
        }

        @Override
        public @Nullable Exchange exchange(String assistantMessageId) {
            return byAnswer.get(assistantMessageId);
        }

        @Override
        public @Nullable Exchange latest() {
            return latest;
        }

        void add(Exchange exchange) {
            byAnswer.put(exchange.assistantMessageId(), exchange);
            byQuestion.put(exchange.userMessageId(), exchange);
            latest = exchange;
        }
    }

    /** Plays the turns before, through the decisions that made them. */
    @Setup
    public void converse() {
        conversation = Conversation.NONE;
        for (int i = 0; i < turns; i++) {
            String turn = "turn_" + i;
            on(submit(i));
            on(report(turn, new AttemptClaimed(attempt())));
            on(report(
                    turn,
                    new GenerationCompleted(
                            attempt(),
                            "An answer.",
                            null,
                            "stop",
                            new Usage(1, 2, UsageBasis.MEASURED, null),
                            1.0,
                            2.0,
                            List.of())));
            history.add(new History.Exchange(i, "question_" + i, "answer_" + i, "A question.", null));
        }
        if (conversation.busy() || conversation.nextPosition() != turns) {
            throw new IllegalStateException("the turns before have not ended");
        }
        submit = submit(turns);
    }

    private void on(Input input) {
        conversation = Decider.decide(conversation, input, RULES, history, Records.TIME)
                .state();
    }

    private static Attempt attempt() {
        return new Attempt("attempt", 1, "default", "a-model", "worker-1", "");
    }

    private static Input submit(int number) {
        return new Input.Asked(new Command(
                "command_" + number,
                Records.TENANT,
                Records.CONVERSATION,
                Records.TIME,
                new SubmitMessage(
                        "question_" + number,
                        "turn_" + number,
                        "answer_" + number,
                        "A question.",
                        OnBusy.ENQUEUE,
                        null,
                        null,
                        Map.of(),
                        "fingerprint",
                        null)));
    }

    private static Input report(String turn, GenerationReport.Body body) {
        return new Input.Reported(new GenerationReport("report", turn + ".1", Records.TIME, body));
    }

    @Benchmark
    public Object decideSubmit() {
        return Decider.decide(conversation, submit, RULES, history, Records.TIME);
    }
}
