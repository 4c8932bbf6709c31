package dev.parley.llm.model;

import static dev.parley.llm.model.Streams.DONE;
import static dev.parley.llm.model.Streams.data;
import static dev.parley.llm.model.Streams.finish;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.stream.AnswerReader;
import dev.parley.llm.stream.ChatCompletionReader;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import dev.parley.llm.stream.MessagesReader;
import dev.parley.llm.stream.SseDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** When which piece of a tool call's arguments is passed on. */
class ToolArgumentsTest {

    /** What is passed on, in order: {@code id name:piece} of a piece, {@code id name=arguments} of a call. */
    private static final class Told implements Model.Sink {
        private final List<String> steps = new ArrayList<>();

        @Override
        public void text(String piece) {
            steps.add(piece);
        }

        @Override
        public void reasoning(String piece) {
            steps.add("(" + piece + ")");
        }

        @Override
        public void toolArguments(String callId, String name, String piece) {
            steps.add(callId + " " + name + ":" + piece);
        }

        @Override
        public void toolCall(ToolCall call) {
            steps.add(call.getId() + " " + call.getName() + "=" + call.getArguments());
        }
    }

    private static List<String> told(AnswerReader reader, String stream) {
        Told told = new Told();
        StreamedAnswer answer = new StreamedAnswer(reader, told, List.of());
        byte[] bytes = stream.getBytes(UTF_8);
        new SseDecoder().feed(bytes, 0, bytes.length, answer::take);
        assertThat(answer.outcome()).isInstanceOf(Model.Outcome.Finished.class);
        return told.steps;
    }

    private static List<String> chat(String... deltas) {
        List<String> events =
                new ArrayList<>(Stream.of(deltas).map(Streams::delta).toList());
        events.add(finish("tool_calls"));
        events.add(DONE);
        return told(new ChatCompletionReader(Thinking.APART, Streams.IDS), data(events.toArray(String[]::new)));
    }

    private static String call(String members) {
        return "'tool_calls':[{" + members + "}]";
    }

    private static String begin(int index, String name, String arguments) {
        return call("'index':" + index + ",'id':'c" + index + "','function':{'name':'" + name + "','arguments':'"
                + arguments + "'}");
    }

    private static String more(int index, String arguments) {
        return call("'index':" + index + ",'function':{'arguments':'" + arguments + "'}");
    }

    private static Arguments row(String what, List<String> told, String... deltas) {
        return Arguments.of(what, told, deltas);
    }

    static Stream<Arguments> streams() {
        return Stream.of(
                row(
                        "as OpenAI tells them",
                        List.of("c0 f:", "c0 f:[1,", "c0 f:2]", "c0 f=[1,2]"),
                        begin(0, "f", ""),
                        more(0, "[1,"),
                        more(0, "2]")),
                row(
                        "one call after another",
                        List.of("c0 f:", "c0 f:[1]", "c1 g:", "c1 g:[", "c1 g:2]", "c0 f=[1]", "c1 g=[2]"),
                        begin(0, "f", ""),
                        more(0, "[1]"),
                        begin(1, "g", ""),
                        more(1, "["),
                        more(1, "2]")),
                row(
                        "in turn: the second waits until the first is whole",
                        List.of("c0 f:", "c0 f:[", "c0 f:1]", "c1 g:[2", "c1 g:]", "c0 f=[1]", "c1 g=[2]"),
                        begin(0, "f", ""),
                        begin(1, "g", ""),
                        more(0, "["),
                        more(1, "[2"),
                        more(0, "1]"),
                        more(1, "]")),
                row("whole at once: there is nothing to be gained", List.of("c0 f=[1]"), begin(0, "f", "[1]")),
                row(
                        "whole at once, and another after it",
                        List.of("c0 f:[1]", "c1 g:[", "c1 g:2]", "c0 f=[1]", "c1 g=[2]"),
                        begin(0, "f", "[1]"),
                        begin(1, "g", "["),
                        more(1, "2]")),
                row(
                        "without an id until it is whole",
                        List.of("made-up-0 f=[1]"),
                        call("'index':0,'function':{'name':'f','arguments':'['}"),
                        more(0, "1]")),
                row(
                        "with an id that comes late",
                        List.of("c0 f:[1", "c0 f:]", "c0 f=[1]"),
                        call("'index':0,'function':{'name':'f','arguments':'['}"),
                        call("'index':0,'id':'c0','function':{'arguments':'1'}"),
                        more(0, "]")),
                row(
                        "with a name that comes late",
                        List.of("c0 f:[1", "c0 f:]", "c0 f=[1]"),
                        call("'index':0,'id':'c0','function':{'arguments':'[1'}"),
                        call("'index':0,'function':{'name':'f','arguments':''}"),
                        more(0, "]")),
                row(
                        "with ids that are the same",
                        List.of(
                                "x f:",
                                "x f:[1]",
                                "made-up-1 g:",
                                "made-up-1 g:[",
                                "made-up-1 g:2]",
                                "x f=[1]",
                                "made-up-1 g=[2]"),
                        call("'index':0,'id':'x','function':{'name':'f','arguments':''}"),
                        more(0, "[1]"),
                        call("'index':1,'id':'x','function':{'name':'g','arguments':''}"),
                        more(1, "["),
                        more(1, "2]")),
                row(
                        "nothing, said as null",
                        List.of("c0 f:", "c0 f={}"),
                        begin(0, "f", ""),
                        more(0, "nu"),
                        more(0, "ll ")),
                row("nothing but blanks", List.of("c0 f:", "c0 f={}"), begin(0, "f", " "), more(0, "\\n")),
                row(
                        "not null after all",
                        List.of("c0 f:", "c0 f: nullify", "c0 f= nullify"),
                        begin(0, "f", ""),
                        more(0, " null"),
                        more(0, "ify")),
                row(
                        "blanks at both ends: those after the end are none of it",
                        List.of("c0 f: [", "c0 f:1] ", "c0 f= [1] "),
                        begin(0, "f", " ["),
                        more(0, "1] "),
                        more(0, "  ")),
                row(
                        "no JSON: what follows waits for the end",
                        List.of("c0 f:{oh", "c0 f={oh", "c1 g=[2]"),
                        begin(0, "f", "{oh"),
                        begin(1, "g", "[2"),
                        more(1, "]")),
                row(
                        "half a character",
                        List.of("c0 f:['a", "c0 f:\uD83D\uDE00", "c0 f:']", "c0 f=['a\uD83D\uDE00']").stream()
                                .map(step -> step.replace('\'', '"'))
                                .toList(),
                        begin(0, "f", "[\\'a\\ud83d"),
                        more(0, "\\ude00"),
                        more(0, "\\']")),
                row(
                        "told once more",
                        List.of("c0 f:", "c0 f:[1]", "c0 f=[1]"),
                        begin(0, "f", ""),
                        more(0, "[1]"),
                        begin(0, "f", "[1]")),
                row(
                        "a place for a call that never comes: what follows waits for the end",
                        List.of("c1 g=[2]"),
                        call("'index':0,'id':'c0','function':{'arguments':''}"),
                        begin(1, "g", "["),
                        more(1, "2]")),
                row(
                        "words and thoughts between",
                        List.of("c0 f:[", "words", "(hm)", "c0 f:1]", "more", "c0 f=[1]"),
                        begin(0, "f", "["),
                        "'content':'words'",
                        "'reasoning':'hm'",
                        more(0, "1]"),
                        "'content':'more'"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("streams")
    void whatIsCertainIsTold(String what, List<String> told, String[] deltas) {
        assertThat(chat(deltas)).isEqualTo(told);
    }

    @Test
    void aBlocksInputIsToldAsItComes() {
        String stream = data(
                "{'type':'content_block_start','index':1,'content_block':{'type':'tool_use','id':'t1','name':'f','input':{}}}",
                "{'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta','partial_json':''}}",
                "{'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta','partial_json':'[1'}}",
                "{'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta','partial_json':']'}}",
                "{'type':'content_block_stop','index':1}",
                "{'type':'content_block_start','index':2,'content_block':{'type':'tool_use','id':'t2','name':'g','input':{}}}",
                "{'type':'content_block_stop','index':2}",
                "{'type':'content_block_start','index':3,'content_block':{'type':'tool_use','id':'t3','name':'h','input':{'q':1}}}",
                "{'type':'content_block_stop','index':3}",
                "{'type':'message_delta','delta':{'stop_reason':'tool_use'}}",
                "{'type':'message_stop'}");

        assertThat(told(new MessagesReader(Streams.IDS), stream))
                .containsExactly(
                        "t1 f:",
                        "t1 f:[1",
                        "t1 f:]",
                        "t2 g:",
                        "t2 g:{}",
                        "t3 h:",
                        "t3 h:{\"q\":1}",
                        "t1 f=[1]",
                        "t2 g={}",
                        "t3 h={\"q\":1}");
    }
}
