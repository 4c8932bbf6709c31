package dev.parley.bench.micro;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.topologies.conversation.ConversationInMemory;
import dev.parley.topologies.conversation.Rules;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
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

    private static final Rules RULES = new Rules(8, 64_000, WorkKinds.defaults(), 100, Duration.ofSeconds(20), "main");

    /** Finished turns before the message. */
    @Param({"5", "500"})
    public int turns;

    private ConversationInMemory conversation;
    private Command submit;

    /** Plays the turns before, through the decisions that made them. */
    @Setup
    public void converse() {
        conversation = new ConversationInMemory(RULES);
        for (int i = 0; i < turns; i++) {
            String turn = "turn_" + i;
            conversation.take(submit(i), Records.TIME);
            conversation.take(report(turn, new AttemptClaimed(attempt())), Records.TIME);
            conversation.take(
                    report(
                            turn,
                            GenerationCompleted.newBuilder()
                                    .setAttempt(attempt())
                                    .setContent("An answer.")
                                    .setFinishReason("stop")
                                    .setUsage(new Usage(1, 2, UsageBasis.MEASURED, null))
                                    .setFirstTokenMillis(1.0)
                                    .setGenerationMillis(2.0)
                                    .build()),
                    Records.TIME);
        }
        if (conversation.isBusy() || conversation.turns() != turns) {
            throw new IllegalStateException("the turns before have not ended");
        }
        submit = submit(turns);
    }

    private static Attempt attempt() {
        return new Attempt("attempt", 1, "default", "a-model", "worker-1", "");
    }

    private static Command submit(int number) {
        return new Command(
                "command_" + number,
                Records.TENANT,
                Records.CONVERSATION,
                Records.TIME,
                SubmitMessage.newBuilder()
                        .setMessageId("question_" + number)
                        .setTurnId("turn_" + number)
                        .setAssistantMessageId("answer_" + number)
                        .setContent("A question.")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("fingerprint")
                        .build());
    }

    private static GenerationReport report(String turn, GenerationReport.Body body) {
        return new GenerationReport("report", turn + ".1", Records.TIME, body);
    }

    @Benchmark
    public Object decideSubmit() {
        return conversation.decide(submit, Records.TIME);
    }
}
