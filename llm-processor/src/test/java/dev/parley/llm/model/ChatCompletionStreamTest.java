package dev.parley.llm.model;

import static dev.parley.llm.model.Streams.DONE;
import static dev.parley.llm.model.Streams.USAGE;
import static dev.parley.llm.model.Streams.chat;
import static dev.parley.llm.model.Streams.data;
import static dev.parley.llm.model.Streams.delta;
import static dev.parley.llm.model.Streams.finish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.llm.model.Streams.Heard;
import dev.parley.llm.stream.ChatCompletionReader;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Chat completion chunks as servers really send them. Each stream is read whole, byte by byte, and cut at every byte. */
class ChatCompletionStreamTest {

    private static final String A = delta("'content':'A'");
    private static final String B = delta("'content':'B'");
    private static final String AB = data(A, B, finish("stop"), USAGE, DONE);

    static Stream<Arguments> framings() {
        String pretty = "data: {\"choices\":\ndata: [{\"delta\":\ndata:  {\"content\": \"A\"}}]}\n\n";
        return Stream.of(
                Arguments.of("as it should be", AB),
                Arguments.of("byte order mark", "\uFEFF" + AB),
                Arguments.of("CRLF", AB.replace("\n", "\r\n")),
                Arguments.of("lone CR", AB.replace("\n", "\r")),
                Arguments.of("no blank", AB.replace("data: ", "data:")),
                Arguments.of("no [DONE]", data(A, B, finish("stop"), USAGE)),
                Arguments.of(
                        "comments", ": OPENROUTER PROCESSING\n\n:\n\n" + AB.replace("\n\n", "\n\n: still here\n\n")),
                Arguments.of("other fields", "retry: 1\nid: 1\nevent: message\nfoo: bar\n" + AB),
                Arguments.of("named events", AB.replace("data: ", "event: completion.chunk\ndata: ")),
                Arguments.of("pings", "event: ping\ndata: pong\n\n" + AB + "event: ping\ndata: {}\n\n"),
                Arguments.of("data over lines", pretty + data(B, finish("stop"), USAGE, DONE)),
                Arguments.of(
                        "no blank line at the end", data(A, B, finish("stop")) + "data: " + USAGE.replace('\'', '"')),
                Arguments.of("doubled end", data(A, B, finish("stop"), finish("stop"), USAGE, USAGE, DONE, DONE)),
                Arguments.of(
                        "after the end", AB + data("<html>", delta("'content':'C'")) + "event: error\ndata: x\n\n"),
                Arguments.of(
                        "Azure",
                        data(
                                "{'choices':[],'prompt_filter_results':[{'prompt_index':0}]}",
                                A,
                                B,
                                finish("stop"),
                                "{'choices':[{'index':0,'finish_reason':null,'content_filter_offsets':{}}],'usage':null}",
                                USAGE,
                                DONE)),
                Arguments.of(
                        "nulls",
                        data(
                                delta("'role':'assistant','content':null,'tool_calls':null,'function_call':null,"
                                        + "'reasoning':null,'refusal':null"),
                                "{'choices':null}",
                                "null",
                                "{}",
                                "{'choices':[null,{'index':0,'delta':null}]}",
                                A,
                                B,
                                "{'choices':[{'delta':{'role':null,'content':null},'finish_reason':'stop'}],'error':null}",
                                USAGE,
                                DONE)),
                Arguments.of(
                        "usage in every chunk",
                        data(
                                "{'choices':[{'delta':{'content':'A'}}],'usage':{'prompt_tokens':11,'completion_tokens':3}}",
                                "{'choices':[{'delta':{'content':'B'}}],'usage':{'prompt_tokens':11,'completion_tokens':7}}",
                                finish("stop"),
                                DONE)),
                Arguments.of(
                        "reason with the last words, and empty ones before",
                        data(
                                "{'choices':[{'delta':{'content':'A'},'finish_reason':''}]}",
                                "{'choices':[{'delta':{'content':'B'},'finish_reason':'stop'}]}",
                                USAGE)),
                Arguments.of(
                        "message in place of delta",
                        data(
                                "{'choices':[{'message':{'content':'A'}}]}",
                                "{'choices':[{'text':'B'}]}",
                                finish("stop"),
                                USAGE)),
                Arguments.of(
                        "choices[0].usage",
                        data(
                                A,
                                B,
                                "{'choices':[{'delta':{},'finish_reason':'stop','usage':{'prompt_tokens':11,"
                                        + "'completion_tokens':7}}]}",
                                DONE)),
                Arguments.of(
                        "x_groq.usage",
                        data(
                                A,
                                B,
                                "{'choices':[{'delta':{},'finish_reason':'stop'}],'x_groq':{'usage':{'prompt_tokens':11,"
                                        + "'completion_tokens':7}}}",
                                DONE)),
                Arguments.of(
                        "total in place of the output",
                        data(A, B, finish("stop"), "{'choices':[],'usage':{'prompt_tokens':11,'total_tokens':18}}")),
                Arguments.of(
                        "llama.cpp's timings",
                        data(
                                A,
                                B,
                                "{'choices':[{'delta':{},'finish_reason':'stop'}],'timings':{'prompt_n':11,"
                                        + "'predicted_n':7}}")),
                Arguments.of(
                        "an object in a list",
                        "data: [" + A.replace('\'', '"') + "," + B.replace('\'', '"') + "]\n\n"
                                + data(finish("stop"), USAGE)),
                Arguments.of(
                        "other choices",
                        data(
                                "{'choices':[{'index':0,'delta':{'content':'A'}},{'index':1,'delta':{'content':'X'}}]}",
                                "{'choices':[{'index':1,'delta':{'content':'X'}}]}",
                                B,
                                finish("stop"),
                                USAGE)),
                Arguments.of(
                        "parts",
                        data(
                                delta("'content':[{'type':'text','text':'A'}]"),
                                delta("'content':['B']"),
                                finish("stop"),
                                USAGE)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("framings")
    void anAnswerIsReadInWhateverFrame(String name, String stream) {
        Heard heard = chat(stream);

        assertThat(heard.text()).isEqualTo("AB");
        assertThat(heard.finishReason()).isEqualTo("stop");
        assertThat(heard.finished().usage()).contains(TokenUsage.of(11, 7));
    }

    @Test
    void textArrivesExactly() {
        String json = "{'choices':[{'delta':{'content':'\\u0000\\n \\ud83d\\ude00 é€ \\u2028 data: x\\n\\n[DONE]'}}]}";

        assertThat(chat(data(json, finish("stop"))).text())
                .isEqualTo("\u0000\n \uD83D\uDE00 é€ \u2028 data: x\n\n[DONE]");
    }

    @Test
    void aFinishReasonIsEnough() {
        for (String rest : List.of("", data(DONE), ": bye\n\n", "data: {\"cho")) {
            Heard heard = chat(data(A, finish("length")) + rest);

            assertThat(heard.finishReason()).isEqualTo("length");
            assertThat(heard.finished().usage()).isEmpty();
        }
    }

    @Test
    void whatComesAfterItMayBeUnreadableAndThenCountsForNothing() {
        for (String garbage : List.of("data: <html>\n\n", data("{'error':{'message':'x','code':500}}"))) {
            Heard heard = chat(data(A, finish("stop")) + garbage + data(B, USAGE, DONE));

            assertThat(heard.text()).isEqualTo("A");
            assertThat(heard.finishReason()).isEqualTo("stop");
            assertThat(heard.finished().usage()).isEmpty();
        }
    }

    @Test
    void soIsTheProtocolsEndAfterAnyWords() {
        assertThat(chat(data(A, DONE)).finishReason()).isEqualTo("other");
        assertThat(chat(data(DONE)).failed().code()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        assertThat(chat(data(A)).failed().code()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        assertThat(chat("").failed().code()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
    }

    @Test
    void anErrorThatStatesALimitAloneIsARefusalAndOneThatSaysMoreIsAnOverflow() {
        String limit = "{'error':{'message':'maximum context length is 4096 tokens','code':400}}";
        for (String before : List.of("", data(A))) {
            Outcome.Failed refused = chat(before + data(limit, DONE)).failed();
            assertThat(refused.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
            assertThat(refused.detail()).contains("maximum context length is 4096 tokens");
            for (String more : List.of(
                    limit.replace("'code'", "'type':'context_length_exceeded','code'"),
                    limit.replace("4096 tokens", "4096 tokens. However, you requested 5000 tokens"),
                    limit.replace("maximum", "the prompt exceeds the maximum"))) {
                assertThat(chat(before + data(more, DONE)).failed().code())
                        .isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "abort"})
    void aReasonThatMeansFailureSaysSo(String reason) {
        Outcome.Failed failed = chat(data(A, finish(reason), USAGE, DONE)).failed();

        assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_ABORTED);
        assertThat(failed.detail()).contains("'" + reason + "'");
    }

    @Test
    void usageIsNeverMadeUp() {
        for (String usage : List.of(
                "{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0}",
                "{'prompt_tokens':5,'completion_tokens':0}",
                "{'prompt_tokens':0,'completion_tokens':5}",
                "{'completion_tokens':5}",
                "{'prompt_tokens':null,'completion_tokens':null}",
                "{}",
                "null")) {
            assertThat(chat(data(A, finish("stop"), "{'choices':[],'usage':" + usage + "}", DONE))
                            .finished()
                            .usage())
                    .as(usage)
                    .isEmpty();
        }
        String nothing = "{'choices':[],'usage':{'prompt_tokens':5,'completion_tokens':0}}";
        assertThat(chat(data(finish("stop"), nothing, DONE)).finished().usage()).contains(TokenUsage.of(5, 0));
    }

    @Test
    void usageTellsItsDetailsUnderWhateverName() {
        String openAi = "{'prompt_tokens':100,'completion_tokens':20,'prompt_tokens_details':{'cached_tokens':64,"
                + "'audio_tokens':3},'completion_tokens_details':{'reasoning_tokens':12,'audio_tokens':4}}";
        assertThat(usage(openAi)).isEqualTo(new TokenUsage(100, 20, 64, null, 12, 3, 4));
        assertThat(usage("{'prompt_tokens':100,'completion_tokens':20,'prompt_cache_hit_tokens':64,"
                        + "'prompt_cache_miss_tokens':36}"))
                .isEqualTo(new TokenUsage(100, 20, 64, null, null, null, null));
        assertThat(usage("{'prompt_tokens':100,'completion_tokens':20,'cached_tokens':64}"))
                .isEqualTo(new TokenUsage(100, 20, 64, null, null, null, null));
        assertThat(usage("{'input_tokens':100,'output_tokens':20,'input_tokens_details':{'cached_tokens':64}}"))
                .isEqualTo(new TokenUsage(100, 20, 64, null, null, null, null));
    }

    private static TokenUsage usage(String usage) {
        return chat(data(A, finish("stop"), "{'choices':[],'usage':" + usage + "}"))
                .finished()
                .usage()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'reasoning_content':'PIECE','content':''",
                "'reasoning':'PIECE','content':null",
                "'thinking':'PIECE'",
                "'reasoning_content':'PIECE','reasoning':'PIECE'",
                "'reasoning':'PIECE','reasoning_details':[{'type':'reasoning.text','text':'PIECE'}]",
                "'reasoning_details':[{'type':'reasoning.text','text':'PIECE'}]",
                "'reasoning_details':[{'type':'reasoning.summary','summary':'PIECE'}]",
                "'content':[{'type':'thinking','thinking':[{'type':'text','text':'PIECE'}]}]",
                "'content':[{'type':'reasoning','text':'PIECE'}]"
            })
    void reasoningIsHeardOnceUnderWhateverName(String members) {
        Heard heard = chat(data(
                delta(members.replace("PIECE", "because ")),
                delta(members.replace("PIECE", "of this")),
                A,
                finish("stop"),
                DONE));

        assertThat(heard.reasoning()).isEqualTo("because of this");
        assertThat(heard.text()).isEqualTo("A");
    }

    @Test
    void reasoningInTheTextIsReasoningWhereTheEngineSaysSo() {
        String stream =
                data(delta("'content':'<th'"), delta("'content':'ink>Hm.</think>\\n\\n'"), A, finish("stop"), DONE);

        Heard heard = Streams.heard(() -> new ChatCompletionReader(Thinking.TAGGED, Streams.IDS), stream);

        assertThat(heard.reasoning()).isEqualTo("Hm.");
        assertThat(heard.text()).isEqualTo("A");
        assertThat(chat(stream).text()).isEqualTo("<think>Hm.</think>\n\nA");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'refusal':'PIECE'", "'content':[{'type':'refusal','refusal':'PIECE'}]"})
    void aRefusalIsShownAndNamed(String members) {
        Heard heard = chat(data(
                delta("'content':null,'refusal':''"),
                delta(members.replace("PIECE", "I cannot ")),
                delta(members.replace("PIECE", "do that.")),
                finish("stop"),
                USAGE,
                DONE));

        assertThat(heard.text()).isEqualTo("I cannot do that.");
        assertThat(heard.finishReason()).isEqualTo("refusal");
    }

    @Test
    void whatHasToBeSentBackIsKeptAsItIs() {
        Heard heard = chat(data(
                delta("'reasoning_details':[{'type':'reasoning.text','text':'a','index':0,'format':'f'}]"),
                delta("'reasoning_details':[{'type':'reasoning.text','text':'b','index':0,'signature':'s'}]"),
                delta("'reasoning_details':[{'type':'reasoning.encrypted','data':'x','index':1}]"),
                delta("'extra_content':{'google':{'thought_signature':'t'}}"),
                delta("'tool_calls':[{'index':0,'id':'c','function':{'name':'f','arguments':'{}'},"
                        + "'extra_content':{'google':{'thought_signature':'u'}}}]"),
                finish("tool_calls"),
                DONE));

        assertThat(heard.finished().extras())
                .contains(
                        "{'reasoning_details':[{'type':'reasoning.text','text':'ab','index':0,'format':'f','signature':'s'},"
                                        .replace('\'', '"')
                                + ("{'type':'reasoning.encrypted','data':'x','index':1}],"
                                                + "'extra_content':{'google':{'thought_signature':'t'}},"
                                                + "'tool_calls':{'0':{'extra_content':{'google':{'thought_signature':'u'}}}}}")
                                        .replace('\'', '"'));
        assertThat(heard.text()).isEmpty();
    }

    private static final ToolCall GET = new ToolCall("call_1", "get", "{\"a\":1}");
    private static final ToolCall PUT = new ToolCall("call_2", "put", "{\"b\":2}");
    private static final String GET_ARGUMENTS = "'{\\'a\\':1}'";
    private static final String PUT_ARGUMENTS = "'{\\'b\\':2}'";

    private static String call(String index, String id, String function) {
        return "{" + index + id + "'function':{" + function + "}}";
    }

    private static String calls(String... calls) {
        return delta("'tool_calls':[" + String.join(",", calls) + "]");
    }

    static Stream<Arguments> callsOfManyDialects() {
        String get = "'name':'get','arguments':" + GET_ARGUMENTS;
        String put = "'name':'put','arguments':" + PUT_ARGUMENTS;
        String one = "'id':'call_1','type':'function',";
        String two = "'id':'call_2','type':'function',";
        String zero = "'index':0,";
        return Stream.of(
                Arguments.of("whole", List.of(calls(call(zero, one, get))), List.of(GET)),
                Arguments.of(
                        "in pieces",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':''")),
                                calls(call(zero, "", "'arguments':'{\\'a\\':'")),
                                calls(call(zero, "", "'arguments':'1}'"))),
                        List.of(GET)),
                Arguments.of(
                        "index 0 for all, in two deltas",
                        List.of(calls(call(zero, one, get)), calls(call(zero, two, put))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "index 0 for all, in one delta",
                        List.of(calls(call(zero, one, get), call(zero, two, put))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "index 0 for all, in pieces",
                        List.of(
                                calls(call(zero, one, "'name':'get'")),
                                calls(call(zero, one, "'arguments':" + GET_ARGUMENTS)),
                                calls(call(zero, two, "'name':'put'")),
                                calls(call(zero, two, "'arguments':" + PUT_ARGUMENTS))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "first index 1",
                        List.of(calls(call("'index':1,", one, get)), calls(call("'index':2,", two, put))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "interleaved",
                        List.of(
                                calls(call(zero, one, "'name':'get'"), call("'index':1,", two, "'name':'put'")),
                                calls(
                                        call(zero, "", "'arguments':'{\\'a\\':'"),
                                        call("'index':1,", "", "'arguments':'{\\'b\\':'")),
                                calls(call("'index':1,", "", "'arguments':'2}'")),
                                calls(call(zero, "", "'arguments':'1}'"))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "interleaved by id, index 0",
                        List.of(
                                calls(call(zero, one, "'name':'get'"), call(zero, two, "'name':'put'")),
                                calls(call(zero, one, "'arguments':" + GET_ARGUMENTS)),
                                calls(call(zero, two, "'arguments':" + PUT_ARGUMENTS))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "no index",
                        List.of(
                                calls(call("", one, "'name':'get','arguments':'{\\'a\\':'")),
                                calls(call("", "", "'arguments':'1}'"))),
                        List.of(GET)),
                Arguments.of(
                        "no index, parallel",
                        List.of(calls(call("", one, get)), calls(call("", two, put))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "no index, parallel in pieces by place",
                        List.of(
                                calls(call("", one, "'name':'get'"), call("", two, "'name':'put'")),
                                calls(
                                        call("", "", "'arguments':" + GET_ARGUMENTS),
                                        call("", "", "'arguments':" + PUT_ARGUMENTS))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "index null",
                        List.of(calls(call("'index':null,", one, get)), calls(call("'index':null,", two, put))),
                        List.of(GET, PUT)),
                Arguments.of(
                        "empty id and name later",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':''")),
                                calls(call(zero, "'id':'',", "'name':'','arguments':'{\\'a\\':'")),
                                calls(call(zero, "'id':null,", "'name':null,'arguments':'1}'"))),
                        List.of(GET)),
                Arguments.of(
                        "id and name repeated",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':''")),
                                calls(call(zero, one, "'name':'get','arguments':'{\\'a\\':'")),
                                calls(call(zero, one, "'name':'get','arguments':'1}'")),
                                calls(call(zero, one, "'name':'get','arguments':''"))),
                        List.of(GET)),
                Arguments.of(
                        "another id with each piece",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':'{\\'a\\':'")),
                                calls(call(zero, "'id':'call_9',", "'arguments':'1}'"))),
                        List.of(GET)),
                Arguments.of(
                        "the id later",
                        List.of(
                                calls(call(zero, "", "'name':'get'")),
                                calls(call(zero, one, "'arguments':" + GET_ARGUMENTS))),
                        List.of(GET)),
                Arguments.of(
                        "whole once more at the end",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':'{\\'a\\':'")),
                                calls(call(zero, "", "'arguments':'1}'")),
                                calls(call(zero, one, get))),
                        List.of(GET)),
                Arguments.of(
                        "one id for two calls",
                        List.of(calls(call(zero, one, get), call("'index':1,", one, put))),
                        List.of(GET, new ToolCall("made-up-1", "put", "{\"b\":2}"))),
                Arguments.of(
                        "one id and index for two calls",
                        List.of(calls(call(zero, one, get)), calls(call(zero, one, put))),
                        List.of(GET, new ToolCall("made-up-1", "put", "{\"b\":2}"))),
                Arguments.of(
                        "neither ids nor indices",
                        List.of(calls(call("", "", get)), calls(call("", "", put))),
                        List.of(
                                new ToolCall("made-up-0", "get", "{\"a\":1}"),
                                new ToolCall("made-up-1", "put", "{\"b\":2}"))),
                Arguments.of(
                        "the same twice, without ids",
                        List.of(calls(call(zero, "", get), call(zero, "", get))),
                        List.of(
                                new ToolCall("made-up-0", "get", "{\"a\":1}"),
                                new ToolCall("made-up-1", "get", "{\"a\":1}"))),
                Arguments.of(
                        "arguments as an object",
                        List.of(calls(call(zero, one, "'name':'get','arguments':{'a':1}"))),
                        List.of(GET)),
                Arguments.of(
                        "arguments null",
                        List.of(calls(call(zero, one, "'name':'get','arguments':null"))),
                        List.of(new ToolCall("call_1", "get", "{}"))),
                Arguments.of(
                        "no arguments",
                        List.of(calls(call(zero, one, "'name':'get'"))),
                        List.of(new ToolCall("call_1", "get", "{}"))),
                Arguments.of(
                        "function absent later",
                        List.of(
                                calls(call(zero, one, get)),
                                calls("{'index':0}"),
                                calls("{'index':0,'id':'call_1','function':null}")),
                        List.of(GET)),
                Arguments.of(
                        "members without function",
                        List.of(calls("{'id':'call_1','name':'get','arguments':" + GET_ARGUMENTS + "}")),
                        List.of(GET)),
                Arguments.of("one object", List.of(delta("'tool_calls':" + call(zero, one, get))), List.of(GET)),
                Arguments.of(
                        "a place that stays empty",
                        List.of(calls("{'index':0}"), calls(call("'index':1,", one, get))),
                        List.of(GET)),
                Arguments.of(
                        "function_call",
                        List.of(
                                delta("'function_call':{'name':'get','arguments':'{\\'a\\':'}"),
                                delta("'function_call':{'arguments':'1}'}")),
                        List.of(new ToolCall("made-up-0", "get", "{\"a\":1}"))),
                Arguments.of(
                        "cut in an escape",
                        List.of(
                                calls(call(zero, one, "'name':'get','arguments':'{\\'a\\':\\'\\\\'")),
                                calls(call(zero, "", "'arguments':'u00e9\\\\ud83d'")),
                                calls(call(zero, "", "'arguments':'\\\\ude00\\'}'"))),
                        List.of(new ToolCall("call_1", "get", "{\"a\":\"\\u00e9\\ud83d\\ude00\"}"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("callsOfManyDialects")
    void callsAreToldApartByWhateverThereIs(String name, List<String> deltas, List<ToolCall> expected) {
        for (String reason : List.of("tool_calls", "stop", "function_call")) {
            Heard heard = chat(data(deltas.toArray(String[]::new)) + data(finish(reason), USAGE, DONE));

            assertThat(heard.calls()).isEqualTo(expected);
            assertThat(heard.finishReason()).isEqualTo("tool_calls");
        }
    }

    @Test
    void callsThatMakeNoWholeFailTheAnswer() {
        String nameless = data(calls("{'index':0,'id':'x','function':{'arguments':'{}'}}"), finish("tool_calls"), DONE);
        String joined = data(
                calls(call("'index':0,", "'id':'x',", "'name':'get','arguments':'{}'")),
                calls(call("'index':0,", "", "'arguments':'{}x'")),
                finish("tool_calls"),
                DONE);
        for (String stream : List.of(nameless, joined, data(calls("7"), finish("tool_calls"), DONE))) {
            Heard heard = chat(stream);

            assertThat(heard.failed().code()).isEqualTo(ErrorCode.ENGINE_PROTOCOL);
            assertThat(heard.calls()).isEmpty();
        }
    }

    @Test
    void anAnswerWithoutCallsDoesNotEndForThem() {
        assertThat(chat(data(A, finish("tool_calls"), DONE)).finishReason()).isEqualTo("stop");
    }

    @Test
    void callsOfAnAnswerThatBreaksOffAreNotTold() {
        assertThat(chat(data(calls(call("'index':0,", "'id':'x',", "'name':'get','arguments':'{}'"))))
                        .calls())
                .isEmpty();
    }

    static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of("{'error':{'message':'WHY','code':429}}", ErrorCode.ENGINE_RATE_LIMITED),
                Arguments.of("{'error':{'message':'WHY','type':'rate_limit_error'}}", ErrorCode.ENGINE_RATE_LIMITED),
                Arguments.of("{'error':{'message':'WHY','code':400}}", ErrorCode.ENGINE_REJECTED),
                Arguments.of("{'error':{'message':'WHY','code':'401'}}", ErrorCode.ENGINE_REJECTED),
                Arguments.of("{'error':{'message':'WHY','code':403}}", ErrorCode.ENGINE_REJECTED),
                Arguments.of("{'error':{'message':'WHY','code':422}}", ErrorCode.ENGINE_REJECTED),
                Arguments.of("{'error':{'message':'WHY','code':502}}", ErrorCode.ENGINE_ERROR),
                Arguments.of("{'error':'WHY'}", ErrorCode.ENGINE_ERROR),
                Arguments.of("{'object':'error','message':'WHY','code':400}", ErrorCode.ENGINE_REJECTED),
                Arguments.of("[{'error':{'code':429,'message':'WHY'}}]", ErrorCode.ENGINE_RATE_LIMITED),
                Arguments.of(
                        "{'choices':[{'delta':{'content':''},'finish_reason':'error'}],"
                                + "'error':{'code':502,'message':'WHY'}}",
                        ErrorCode.ENGINE_ERROR),
                Arguments.of(
                        "{'choices':[{'delta':{},'finish_reason':'error','error':{'code':429,'message':'WHY'}}]}",
                        ErrorCode.ENGINE_RATE_LIMITED),
                Arguments.of(
                        "{'error':{'message':'This model\\'s maximum context length is 8192 tokens. However, you requested"
                                + " 9001 tokens. WHY','code':400}}",
                        ErrorCode.CONTEXT_LENGTH_EXCEEDED),
                Arguments.of(
                        "{'error':{'message':'WHY','code':'context_length_exceeded'}}",
                        ErrorCode.CONTEXT_LENGTH_EXCEEDED),
                Arguments.of(
                        "{'error':{'message':'WHY','code':'content_filter','status':400}}",
                        ErrorCode.CONTENT_FILTERED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("errors")
    void anErrorInTheStreamIsOneWithItsWords(String json, ErrorCode code) {
        for (String before : List.of("", data(A))) {
            Heard heard = chat(before + data(json) + data(B, finish("stop"), DONE));

            assertThat(heard.failed().code()).isEqualTo(code);
            assertThat(heard.failed().detail()).contains("WHY");
            assertThat(heard.text()).isEqualTo(before.isEmpty() ? "" : "A");
        }
    }

    @Test
    void anEventThatIsCalledAnErrorIsOne() {
        assertThat(chat(data(A) + "event: error\ndata: WHY\n\n").failed().detail())
                .contains("WHY");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"choices\": [<html>",
                "<html>",
                "7",
                "\"text\"",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[1]}}]}"
            })
    void afterWhatCannotBeReadNothingIsHeard(String garbage) {
        Heard heard = chat(data(A) + "data: " + garbage + "\n\n" + data(B, finish("stop"), USAGE, DONE));

        assertThat(heard.text()).isEqualTo("A");
        assertThat(heard.failed().code()).isEqualTo(ErrorCode.ENGINE_PROTOCOL);
    }
}
