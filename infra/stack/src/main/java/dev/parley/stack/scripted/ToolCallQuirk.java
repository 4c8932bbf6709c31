package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.elsewhere;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.Script.Delta.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How chat completions tell tool calls in a stream. An answer whose script calls nothing gets two calls, of the first tools that
 * the request offers, until a tool has answered.
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum ToolCallQuirk implements Quirk {
    CALLS_ALL_INDEX_ZERO(
            "gives every call index 0, each whole with an id of its own",
            "Ollama, gateways in front of Gemini",
            whole((call, json) -> json.put("index", 0))),
    CALLS_ALL_INDEX_ZERO_IN_PIECES(
            "gives every call index 0, and its arguments in later deltas",
            "gateways in front of Gemini",
            pieces((call, json) -> json.put("index", 0), (call, json) -> json.put("index", 0))),
    CALLS_ALL_INDEX_ZERO_IN_ONE_DELTA(
            "gives every call index 0, all in one delta", "Ollama", together((call, json) -> json.put("index", 0))),
    CALLS_FROM_INDEX_ONE(
            "numbers calls from 1",
            "gateways in front of Anthropic's, whose text is block 0",
            pieces(
                    (call, json) -> json.put("index", call.index() + 1),
                    (call, json) -> json.put("index", call.index() + 1))),
    CALLS_WITH_INDEX_GAPS(
            "leaves numbers out between calls",
            "gateways in front of Anthropic's",
            pieces(
                    (call, json) -> json.put("index", call.index() * 3),
                    (call, json) -> json.put("index", call.index() * 3))),
    CALLS_INTERLEAVED(
            "tells the pieces of several calls in turn", "vLLM with parallel calls", ToolCallQuirk::interleaved),
    CALLS_WITH_INDEX_AS_TEXT(
            "has indexes as text, and tells the pieces of several calls in turn",
            "hand-made servers",
            calls -> interleaved(calls).stream()
                    .map(delta -> {
                        delta.forEach(
                                json -> json.put("index", json.path("index").asText()));
                        return delta;
                    })
                    .toList()),
    CALLS_TOLD_AGAIN(
            "tells all calls once more, whole, when their pieces are told", "one-api, gateways that sum up", calls -> {
                List<List<ObjectNode>> deltas = new ArrayList<>(interleaved(calls));
                deltas.add(calls.stream().map(ToolCallQuirk::all).toList());
                return deltas;
            }),
    CALL_IDS_AS_NUMBERS(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk.numbered(heard.calls()))),
            "has numbers for ids",
            "hand-made servers",
            retold((call, json) -> json.put("id", call.index() + 7))),
    CALL_ARGUMENTS_NULL_AS_TEXT(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::without)),
            "sends `null` as text for no arguments",
            "gateways in Go",
            retold((call, json) -> function(json).put("arguments", "null"))),
    CALLS_AS_ONE_OBJECT(
            "has a call and no list around it",
            "hand-made servers in PHP",
            calls -> calls.stream().map(call -> List.of(all(call))).toList(),
            true),
    CALLS_WHOLE("tells each call whole in one delta", "Gemini's endpoint, Mistral, Ollama", whole((call, json) -> {})),
    CALLS_IN_ONE_DELTA("tells all calls in one delta", "Gemini's endpoint, Mistral", together((call, json) -> {})),
    CALLS_WITHOUT_INDEX(
            "gives calls and their pieces no index",
            "Gemini's endpoint, Qwen's gateways",
            pieces((call, json) -> json.remove("index"), (call, json) -> json.remove("index"))),
    CALLS_WITHOUT_INDEX_WHOLE(
            "gives calls no index, each whole in one delta",
            "Gemini's endpoint",
            whole((call, json) -> json.remove("index"))),
    CALLS_WITHOUT_ID(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::unnamed)),
            "gives calls no id",
            "llama.cpp, older Ollama",
            retold((call, json) -> json.remove("id"))),
    CALLS_WITH_EMPTY_ID(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::unnamed)),
            "gives calls an empty id",
            "gateways in front of Gemini",
            retold((call, json) -> json.put("id", ""))),
    CALLS_WITH_ONE_ID(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk.ofOneId(heard.calls()))),
            "gives every call the same id",
            "hand-made servers (`call_0`)",
            retold((call, json) -> json.put("id", "call_0"))),
    CALL_ID_REPEATED(
            "repeats id and name with every piece",
            "Zhipu, Qwen's gateways",
            pieces((call, json) -> {}, (call, json) -> {
                json.put("id", call.id());
                function(json).put("name", call.name());
            })),
    CALL_ID_EMPTY_LATER(
            "has an empty id and name in later pieces",
            "SiliconFlow, one-api",
            pieces((call, json) -> {}, (call, json) -> {
                json.put("id", "");
                function(json).put("name", "");
            })),
    CALL_ID_NULL_LATER(
            "has null for id and name in later pieces", "Azure, LiteLLM", pieces((call, json) -> {}, (call, json) -> {
                json.putNull("id");
                function(json).putNull("name");
            })),
    CALL_IDS_OF_SIGNS(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk.signed(heard.calls()))),
            "makes ids of signs that not every provider takes",
            "Moonshot (`functions.get:0`)",
            retold((call, json) -> json.put("id", "functions." + call.name() + ":" + call.index()))),
    CALL_ARGUMENTS_AS_OBJECT(
            "sends arguments as an object instead of text",
            "llama.cpp",
            whole((call, json) -> function(json).set("arguments", Json.read(call.arguments())))),
    CALL_ARGUMENTS_ABSENT(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::without)),
            "leaves the arguments of a call without any out",
            "Mistral, gateways in front of Anthropic's",
            retold((call, json) -> function(json).remove("arguments"))),
    CALL_ARGUMENTS_EMPTY(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::without)),
            "sends empty text for no arguments",
            "OpenAI with a tool without parameters",
            retold((call, json) -> function(json).put("arguments", ""))),
    CALL_ARGUMENTS_NULL(
            Outcome.whole((api, heard) -> heard.calling(ToolCallQuirk::without)),
            "sends null for no arguments",
            "LM Studio",
            retold((call, json) -> function(json).putNull("arguments"))),
    CALL_ARGUMENTS_BY_CHARACTER(
            Outcome.whole(),
            "sends arguments a character at a time",
            "any tokenizer",
            response -> response.pieces(pieces -> paced(told(pieces, ToolCallQuirk::byCharacter)))),
    CALL_FUNCTION_LATER("sends id and type before there is a function", "LiteLLM", ToolCallQuirk::functionLater),
    CALL_WITHOUT_TYPE("has no type", "Mistral, llama.cpp", whole((call, json) -> json.remove("type"))),
    CALL_TYPE_EMPTY("has an empty type", "SiliconFlow", whole((call, json) -> json.put("type", ""))),
    CALL_WITH_SIGNATURE(
            "sends an opaque thought signature with a call, which has to come back",
            "Gemini's endpoint",
            whole((call, json) ->
                    json.putObject("extra_content").putObject("google").put("thought_signature", Messages.SIGNATURE))),

    CALLS_FINISH_STOP(
            Outcome.whole(),
            "finishes with `stop` though it calls",
            "Ollama, LiteLLM, OpenVINO",
            response -> response.pieces(pieces -> pieces.edit(Part.FINISH, json -> finish(json, "stop")))),
    CALLS_BEFORE_TEXT(
            Outcome.whole(),
            "calls first and speaks then",
            "Qwen, Gemini's endpoint",
            response -> response.pieces(ToolCallQuirk::callsFirst)),
    CALL_ARGUMENTS_BROKEN(
            either((api, heard) -> heard.calling(ToolCallQuirk.halfTheLast(heard.calls()))),
            "ends in the middle of a call's arguments",
            "any model at its limit of tokens",
            response -> response.pieces(pieces -> pieces.editLast(Part.CALLS, ToolCallQuirk::broken))),
    CALL_AS_FUNCTION_CALL(
            either((api, heard) -> heard.calling(ToolCallQuirk.theFirst(heard.calls()))),
            "calls by `function_call`, as before there were tool calls",
            "older servers",
            response -> response.pieces(ToolCallQuirk::legacy)),
    CALLS_AS_TEXT(
            elsewhere((api, heard) -> heard.saying(heard.text() + ToolCallQuirk.toldAsText(heard.calls()))
                    .calling(List.of())
                    .finishing("stop")),
            "says its calls as text",
            "models whose parser is off",
            response -> response.pieces(ToolCallQuirk::asText));

    private final Facts facts;
    private final UnaryOperator<Response> change;

    ToolCallQuirk(String does, String seenIn, Function<List<Call>, List<List<ObjectNode>>> deltas) {
        this(Outcome.whole(), does, seenIn, response -> response.pieces(pieces -> told(pieces, deltas)));
    }

    /** Without the list around each delta's only call. */
    ToolCallQuirk(
            String does, String seenIn, Function<List<Call>, List<List<ObjectNode>>> deltas, boolean withoutList) {
        this(
                Outcome.whole(),
                does,
                seenIn,
                response -> response.pieces(pieces -> told(pieces, deltas).edit(Part.CALLS, json -> {
                    ObjectNode delta = Json.in((ObjectNode) json.path("choices").path(0), "delta");
                    if (withoutList) {
                        delta.set("tool_calls", delta.path("tool_calls").path(0));
                    }
                })));
    }

    ToolCallQuirk(Outcome outcome, String does, String seenIn, UnaryOperator<Response> change) {
        this.facts = Facts.ofChat(outcome, does, seenIn);
        this.change = change;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public boolean calls() {
        return true;
    }

    @Override
    public Answer answer(ModelRequest request, Answer answer) {
        return answer.callingSomething(request);
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return change.apply(response);
    }

    private static Heard.Call unnamed(Heard.Call call) {
        return new Heard.Call("", call.name(), call.arguments());
    }

    private static Heard.Call without(Heard.Call call) {
        return new Heard.Call(call.id(), call.name(), "{}");
    }

    /** The first keeps the id that all have. */
    private static List<Heard.Call> ofOneId(List<Heard.Call> calls) {
        return IntStream.range(0, calls.size())
                .mapToObj(i -> new Heard.Call(
                        i == 0 ? "call_0" : "",
                        calls.get(i).name(),
                        calls.get(i).arguments()))
                .toList();
    }

    private static List<Heard.Call> signed(List<Heard.Call> calls) {
        return IntStream.range(0, calls.size())
                .mapToObj(i -> new Heard.Call(
                        "functions." + calls.get(i).name() + ":" + i,
                        calls.get(i).name(),
                        calls.get(i).arguments()))
                .toList();
    }

    private static List<Heard.Call> numbered(List<Heard.Call> calls) {
        return IntStream.range(0, calls.size())
                .mapToObj(i -> new Heard.Call(
                        Integer.toString(i + 7),
                        calls.get(i).name(),
                        calls.get(i).arguments()))
                .toList();
    }

    private static List<Heard.Call> halfTheLast(List<Heard.Call> calls) {
        List<Heard.Call> all = new ArrayList<>(calls);
        Heard.Call last = all.removeLast();
        all.add(new Heard.Call(
                last.id(),
                last.name(),
                last.arguments().substring(0, last.arguments().length() / 2)));
        return all;
    }

    private static List<Heard.Call> theFirst(List<Heard.Call> calls) {
        return calls.stream().limit(1).map(ToolCallQuirk::unnamed).toList();
    }

    private static String toldAsText(List<Heard.Call> calls) {
        return calls.stream().map(call -> asText(call.name(), call.arguments())).collect(Collectors.joining());
    }

    private static String asText(String name, String arguments) {
        return "<tool_call>\n{\"name\": " + JsonText.quote(name) + ", \"arguments\": " + arguments + "}\n</tool_call>";
    }

    /** Changes the element of {@code tool_calls} that tells of a call. */
    private interface Edit {
        void edit(Call call, ObjectNode json);

        default ObjectNode edited(Call call, ObjectNode json) {
            edit(call, json);
            return json;
        }
    }

    private static ObjectNode begin(Call call) {
        ObjectNode json = more(call, "");
        json.put("id", call.id()).put("type", "function");
        function(json).put("name", call.name());
        return json;
    }

    private static ObjectNode more(Call call, String arguments) {
        ObjectNode json = Json.object().put("index", call.index());
        json.putObject("function").put("arguments", arguments);
        return json;
    }

    private static ObjectNode all(Call call) {
        ObjectNode json = begin(call);
        function(json).put("arguments", call.arguments());
        return json;
    }

    private static ObjectNode function(ObjectNode json) {
        return Json.in(json, "function");
    }

    /** Each call whole in one delta. */
    private static UnaryOperator<Response> retold(Edit edit) {
        return response -> response.pieces(pieces -> told(pieces, whole(edit)));
    }

    private static Function<List<Call>, List<List<ObjectNode>>> whole(Edit edit) {
        return calls -> calls.stream()
                .map(call -> List.of(edit.edited(call, all(call))))
                .toList();
    }

    private static Function<List<Call>, List<List<ObjectNode>>> together(Edit edit) {
        return calls ->
                List.of(calls.stream().map(call -> edit.edited(call, all(call))).toList());
    }

    /** The name first, then the arguments in two. */
    private static Function<List<Call>, List<List<ObjectNode>>> pieces(Edit first, Edit later) {
        return calls -> {
            List<List<ObjectNode>> deltas = new ArrayList<>();
            for (Call call : calls) {
                deltas.add(List.of(first.edited(call, begin(call))));
                halves(call).forEach(half -> deltas.add(List.of(later.edited(call, more(call, half)))));
            }
            return deltas;
        };
    }

    private static List<String> halves(Call call) {
        int half = call.arguments().length() / 2;
        return List.of(call.arguments().substring(0, half), call.arguments().substring(half));
    }

    private static List<List<ObjectNode>> interleaved(List<Call> calls) {
        List<List<ObjectNode>> deltas = new ArrayList<>();
        calls.forEach(call -> deltas.add(List.of(begin(call))));
        for (int half = 0; half < 2; half++) {
            for (Call call : calls) {
                deltas.add(List.of(more(call, halves(call).get(half))));
            }
        }
        return deltas;
    }

    private static List<List<ObjectNode>> byCharacter(List<Call> calls) {
        List<List<ObjectNode>> deltas = new ArrayList<>();
        for (Call call : calls) {
            deltas.add(List.of(begin(call)));
            call.arguments().chars().forEach(c -> deltas.add(List.of(more(call, Character.toString((char) c)))));
        }
        return deltas;
    }

    private static List<List<ObjectNode>> functionLater(List<Call> calls) {
        List<List<ObjectNode>> deltas = new ArrayList<>();
        for (Call call : calls) {
            ObjectNode begin = begin(call);
            begin.remove("function");
            ObjectNode later = more(call, call.arguments());
            function(later).put("name", call.name());
            deltas.add(List.of(begin));
            deltas.add(List.of(later));
        }
        return deltas;
    }

    /** The calls' events in place of those that are there. */
    private static Pieces told(Pieces pieces, Function<List<Call>, List<List<ObjectNode>>> deltas) {
        List<Call> calls = calls(pieces);
        if (calls.isEmpty()) {
            return pieces;
        }
        Event template = pieces.sample(Part.CALLS);
        return instead(
                pieces,
                deltas.apply(calls).stream()
                        .map(delta -> said(template, "tool_calls", Json.array().addAll(delta)))
                        .toList());
    }

    /** Each event of the calls when a delta of its own would be due. */
    private static Pieces paced(Pieces pieces) {
        return new Pieces(pieces.all().stream()
                .flatMap(piece -> piece instanceof Event event && event.part() == Part.CALLS
                        ? Stream.of(Piece.DUE, piece)
                        : Stream.of(piece))
                .toList());
    }

    private static Event said(Event template, String member, JsonNode value) {
        return new Event(Part.CALLS, "", Json.edited(template.data(), json -> {
            ObjectNode delta = Json.in((ObjectNode) json.path("choices").path(0), "delta");
            delta.remove("tool_calls");
            delta.set(member, value);
        }));
    }

    private static Pieces instead(Pieces pieces, List<Event> events) {
        List<Event> left = new ArrayList<>(events);
        return pieces.replace(Part.CALLS, event -> {
            List<Event> now = List.copyOf(left);
            left.clear();
            return now;
        });
    }

    /** The calls that a stream tells in the usual way. */
    private static List<Call> calls(Pieces pieces) {
        List<Call> calls = new ArrayList<>();
        for (Piece piece : pieces.all()) {
            if (piece instanceof Event event && event.part() == Part.CALLS) {
                JsonNode call = Json.read(event.data()).at("/choices/0/delta/tool_calls/0");
                if (call.has("id")) {
                    calls.add(new Call(
                            call.path("index").asInt(),
                            call.path("id").asText(),
                            call.at("/function/name").asText(),
                            ""));
                } else {
                    Call begun = calls.removeLast();
                    calls.add(new Call(
                            begun.index(),
                            begun.id(),
                            begun.name(),
                            begun.arguments() + call.at("/function/arguments").asText()));
                }
            }
        }
        return calls;
    }

    private static void finish(ObjectNode json, String reason) {
        ((ObjectNode) json.path("choices").path(0)).put("finish_reason", reason);
    }

    private static Pieces callsFirst(Pieces pieces) {
        List<Piece> calls = pieces.all().stream()
                .filter(piece -> piece instanceof Event event && event.part() == Part.CALLS)
                .toList();
        return new Pieces(Stream.concat(calls.stream(), pieces.without(Part.CALLS).all().stream())
                .toList());
    }

    private static void broken(ObjectNode json) {
        if (json.at("/choices/0/delta/tool_calls/0/function") instanceof ObjectNode function) {
            String arguments = function.path("arguments").asText();
            function.put("arguments", arguments.substring(0, arguments.length() / 2));
        }
    }

    private static Pieces legacy(Pieces pieces) {
        List<Call> calls = calls(pieces);
        if (calls.isEmpty()) {
            return pieces;
        }
        Call call = calls.getFirst();
        Event template = pieces.sample(Part.CALLS);
        return instead(
                        pieces,
                        List.of(
                                said(
                                        template,
                                        "function_call",
                                        Json.object().put("name", call.name()).put("arguments", "")),
                                said(template, "function_call", Json.object().put("arguments", call.arguments()))))
                .edit(Part.FINISH, json -> finish(json, "function_call"));
    }

    private static Pieces asText(Pieces pieces) {
        List<Event> events = calls(pieces).stream()
                .map(call -> said(
                        pieces.sample(Part.CALLS), "content", TextNode.valueOf(asText(call.name(), call.arguments()))))
                .toList();
        return instead(pieces, events).edit(Part.FINISH, json -> finish(json, "stop"));
    }
}
