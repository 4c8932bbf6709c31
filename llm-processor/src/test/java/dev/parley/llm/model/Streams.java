package dev.parley.llm.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.stream.AnswerReader;
import dev.parley.llm.stream.ChatCompletionReader;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import dev.parley.llm.stream.Cuts;
import dev.parley.llm.stream.MessagesReader;
import dev.parley.llm.stream.SseDecoder;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** What becomes of a stream's bytes, however they are cut. */
final class Streams {

    static final IntFunction<String> IDS = position -> "made-up-" + position;

    private Streams() {}

    /**
     * All that is passed on of an answer, and how it ended.
     *
     * @param begun what was told of calls before they were whole
     */
    record Heard(String text, String reasoning, List<ToolCall> begun, List<ToolCall> calls, Model.Outcome outcome) {

        String finishReason() {
            return finished().finishReason();
        }

        Model.Outcome.Finished finished() {
            assertThat(outcome).isInstanceOf(Model.Outcome.Finished.class);
            return (Model.Outcome.Finished) outcome;
        }

        Model.Outcome.Failed failed() {
            assertThat(outcome).isInstanceOf(Model.Outcome.Failed.class);
            return (Model.Outcome.Failed) outcome;
        }
    }

    static Heard chat(String stream) {
        return heard(() -> new ChatCompletionReader(Thinking.APART, IDS), stream);
    }

    static Heard messages(String stream) {
        return heard(() -> new MessagesReader(IDS), stream);
    }

    /** The same, whole, byte by byte and cut at every byte. */
    static Heard heard(Supplier<AnswerReader> reader, String stream) {
        byte[] bytes = stream.getBytes(UTF_8);
        Heard whole = heard(reader.get(), List.of(bytes));
        Cuts.of(bytes).forEach(pieces -> assertThat(heard(reader.get(), pieces)).isEqualTo(whole));
        return whole;
    }

    static Heard heard(AnswerReader reader, List<byte[]> pieces) {
        Said said = new Said();
        StreamedAnswer answer = new StreamedAnswer(reader, said, List.of());
        SseDecoder decoder = new SseDecoder();
        for (byte[] piece : pieces) {
            decoder.feed(piece, 0, piece.length, answer::take);
        }
        if (!answer.hasEnded()) {
            answer.streamEnded(decoder.unfinished());
        }
        Model.Outcome outcome = answer.outcome();
        if (outcome instanceof Model.Outcome.Finished) {
            said.isWhole();
        }
        return new Heard(
                said.text.toString(),
                said.reasoning.toString(),
                List.copyOf(said.begun),
                List.copyOf(said.calls),
                outcome);
    }

    /** Events of JSON with single quotes, as chat completions have them. */
    static String data(String... json) {
        StringBuilder stream = new StringBuilder();
        for (String each : json) {
            stream.append("data: ").append(each.replace('\'', '"')).append("\n\n");
        }
        return stream.toString();
    }

    static String delta(String members) {
        return "{'id':'c','object':'chat.completion.chunk','choices':[{'index':0,'delta':{" + members
                + "},'finish_reason':null}]}";
    }

    static String finish(String reason) {
        return "{'choices':[{'index':0,'delta':{},'finish_reason':'" + reason + "'}]}";
    }

    static final String USAGE = "{'choices':[],'usage':{'prompt_tokens':11,'completion_tokens':7,'total_tokens':18}}";

    static final String DONE = "[DONE]";
}
