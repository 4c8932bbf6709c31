package dev.parley.stack.scripted;

import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.Script.Delta;
import dev.parley.stack.scripted.Script.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a careful client has heard of an answer in the end.
 *
 * @param finish why it ended, in OpenAI's words where those have one for it
 * @param counts of tokens; empty where the server says nothing of them that can be true
 */
public record Heard(String text, String reasoning, List<Call> calls, String finish, Optional<Counts> counts) {

    public Heard {
        calls = List.copyOf(calls);
    }

    /**
     * A call of a tool.
     *
     * @param id empty: the client's to make up
     * @param arguments as JSON, though a model may have left it unfinished
     */
    public record Call(String id, String name, String arguments) {}

    /** Tokens; null: not told. */
    public record Counts(
            int input,
            int output,
            @Nullable Integer cachedInput,
            @Nullable Integer cacheWrites,
            @Nullable Integer reasoning,
            @Nullable Integer audioInput,
            @Nullable Integer audioOutput) {

        static Counts of(int input, int output) {
            return new Counts(input, output, null, null, null, null, null);
        }
    }

    /** Of an answer that is told without any quirk. */
    static Heard of(ModelRequest request, Answer answer) {
        StringBuilder reasoning = new StringBuilder();
        List<Call> calls = new ArrayList<>();
        for (Delta delta : answer.deltas()) {
            switch (delta) {
                case Delta.Text _, Delta.Raw _ -> {}
                case Delta.Reasoning(String text) -> reasoning.append(text);
                case Delta.Call(int _, String id, String name, String arguments) ->
                    calls.add(new Call(id, name, arguments));
            }
        }
        String reason = answer.ending() instanceof Ending.Finished(String named) ? named : "stop";
        Dialect.Tokens tokens = Dialect.Tokens.of(request, answer);
        boolean counted = answer.usage() && (request.api() == Api.MESSAGES || request.includeUsage());
        return new Heard(
                answer.fullText(),
                reasoning.toString(),
                calls,
                reason,
                counted ? Optional.of(Counts.of(tokens.input(), tokens.output())) : Optional.empty());
    }

    Heard saying(String other) {
        return new Heard(other, reasoning, calls, finish, counts);
    }

    Heard reasoning(String other) {
        return new Heard(text, other, calls, finish, counts);
    }

    Heard calling(List<Call> others) {
        return new Heard(text, reasoning, others, finish, counts);
    }

    Heard calling(UnaryOperator<Call> change) {
        return calling(calls.stream().map(change).toList());
    }

    Heard finishing(String reason) {
        return new Heard(text, reasoning, calls, reason, counts);
    }

    Heard counting(Optional<Counts> others) {
        return new Heard(text, reasoning, calls, finish, others);
    }
}
