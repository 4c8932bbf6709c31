package dev.parley.llm.stream;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.stream.AnswerReader.UnreadableEventException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of tool calls together, by whatever a server tells them apart: an id, an index, a name that begins anew, or
 * their place. Where two calls cannot be told apart for certain they are two: a call that is split in two fails to parse,
 * while two that are joined may do harm.
 *
 * <p>A piece belongs to a call that is there already where its id is that call's; else, without an id of its own, where its
 * index is that call's, or, without an index, to the last call; and always only as long as it does not begin a call anew
 * after that one was whole.
 *
 * <p>Of a call's arguments, what is certain to be part of them in the end is told as it comes, one call after another: the
 * first from when its name and its id are known, every other from when the one before it is whole. All else waits for the
 * end. A call that is whole from the beginning waits as well, unless another follows. One answer, one thread.
 */
final class ToolCalls {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String NULL = "null";

    private final IntFunction<String> ids;
    private final List<Call> calls = new ArrayList<>();
    /** The ids of calls that have been told of. */
    private final Set<String> taken = new HashSet<>();

    private static final class Call {
        final int position;
        final @Nullable Integer index;
        String id;
        String name = "";
        final StringBuilder arguments = new StringBuilder();
        /** Whether nothing can be added to the arguments, which are one value, or ended. */
        boolean whole;
        /** The id that it is told under; null until then. */
        @Nullable
        String toldAs;

        int toldChars;

        Call(int position, @Nullable Integer index, String id) {
            this.position = position;
            this.index = index;
            this.id = id;
        }

        /** Nothing more comes; where nothing came, the arguments are an empty object. */
        void end() {
            String said = arguments.toString().strip();
            if (said.isEmpty() || said.equals(NULL)) {
                arguments.setLength(0);
                arguments.append("{}");
            }
            whole = true;
        }

        /** Whether no other id can come: see {@link #mayStillGet}. */
        boolean hasItsId() {
            return !id.isEmpty() || (whole && !name.isEmpty());
        }

        /**
         * How much of the arguments is certain to begin what they are in the end. They may yet turn out to be nothing, which
         * some models write as {@code null}; and half a character waits for its other half.
         */
        int certainChars() {
            if (toldChars == 0 && NULL.startsWith(arguments.toString().strip())) {
                return 0;
            }
            int end = arguments.length();
            return Character.isHighSurrogate(arguments.charAt(end - 1)) ? end - 1 : end;
        }
    }

    /**
     * None yet.
     *
     * @param ids for the call at each position, where the server gives it none or gives it twice
     */
    ToolCalls(IntFunction<String> ids) {
        this.ids = ids;
    }

    /** {@code tool_calls} of one event. */
    void take(JsonNode pieces, List<ModelEvent> events) {
        List<JsonNode> all = pieces.isArray() ? pieces.valueStream().toList() : List.of(pieces);
        Set<Call> touched = new HashSet<>();
        for (int place = 0; place < all.size(); place++) {
            JsonNode piece = all.get(place);
            if (piece.isNull()) {
                continue;
            }
            if (!piece.isObject()) {
                throw new UnreadableEventException("a tool call in the model server's stream is not an object");
            }
            touched.add(take(piece, all.size() > 1 ? place : -1, touched, events));
        }
        tell(events);
    }

    /** {@code function_call}, as it was before there were several at a time. */
    void takeFunction(JsonNode function, List<ModelEvent> events) {
        take(MAPPER.createObjectNode().set("function", function), events);
    }

    private Call take(JsonNode piece, int place, Set<Call> touched, List<ModelEvent> events) {
        JsonNode function = piece.path("function").isObject() ? piece.path("function") : piece.path("custom");
        JsonNode said = function.isMissingNode() ? piece : function;
        String name = text(said.path("name")).strip();
        JsonNode given = said.has("arguments") ? said.path("arguments") : said.path("input");
        boolean object = given.isContainerNode();
        String arguments = object ? given.toString() : text(given);
        String id = text(piece.path("id")).strip();
        Integer index = index(piece.path("index"));
        Call call = known(id, index, name, arguments, place, touched).orElse(null);
        if (call == null) {
            call = new Call(calls.size(), index, id);
            calls.add(call);
        } else if (call.id.isEmpty()) {
            call.id = id;
        }
        if (call.name.isEmpty() && !name.isEmpty()) {
            call.name = name;
            events.add(new ModelEvent.CallGrown());
        }
        if (!arguments.isEmpty() && !isRepeat(call, arguments)) {
            if (!call.whole) {
                call.arguments.append(arguments);
                call.whole = object || isOneValue(call.arguments);
            } else if (!arguments.isBlank()) {
                throw new UnreadableEventException(
                        "the model server sent more arguments for a tool call that was whole");
            }
            events.add(new ModelEvent.CallGrown());
        }
        for (String member : List.of("extra_content", "provider_specific_fields", "thought_signature")) {
            if (piece.hasNonNull(member)) {
                events.add(new ModelEvent.Extra(
                        List.of("tool_calls", Integer.toString(call.position), member), piece.path(member)));
            }
        }
        return call;
    }

    private static @Nullable Integer index(JsonNode said) {
        if (said.isNumber() && said.canConvertToInt()) {
            return said.asInt();
        }
        return said.isTextual() && said.asText().matches("\\d{1,6}") ? (Integer) Integer.parseInt(said.asText()) : null;
    }

    private Optional<Call> known(
            String id, @Nullable Integer index, String name, String arguments, int place, Set<Call> touched) {
        Optional<Call> sameId = id.isEmpty()
                ? Optional.empty()
                : last(call -> call.id.equals(id) && (index == null || call.index == null || index.equals(call.index)));
        if (sameId.isPresent()) {
            return sameId.filter(call -> !beginsAnew(call, name, arguments, touched));
        }
        Optional<Call> near;
        if (index != null) {
            near = last(call -> index.equals(call.index));
        } else if (place >= 0 && name.isEmpty() && id.isEmpty()) {
            near = last(call -> call.position == place);
        } else {
            near = last(call -> true);
        }
        return near.filter(call -> id.isEmpty() || mayStillGet(call, name))
                .filter(call -> !beginsAnew(call, name, arguments, touched));
    }

    /** Whether a call takes an id that is not its own: its first, or one of a server that makes up another for each piece. */
    private static boolean mayStillGet(Call call, String name) {
        return name.isEmpty() ? !call.whole : call.id.isEmpty() && call.name.isEmpty();
    }

    /** Whether a piece that might go on with {@code call} is the beginning of another. */
    private static boolean beginsAnew(Call call, String name, String arguments, Set<Call> touched) {
        if (name.isEmpty() || call.name.isEmpty()) {
            return false;
        }
        if (!name.equals(call.name)) {
            return true;
        }
        // The same name again: told once more with each piece, unless the call was whole and this is more than a
        // repeat.
        boolean more = !arguments.isEmpty() && !arguments.contentEquals(call.arguments);
        return (call.whole && more) || (touched.contains(call) && (call.whole || isOneValue(arguments)));
    }

    /** Whether arguments that are whole are told once more, as by servers that sum up at the end. */
    private static boolean isRepeat(Call call, String arguments) {
        return call.whole && arguments.contentEquals(call.arguments);
    }

    private Optional<Call> last(Predicate<Call> fits) {
        for (int i = calls.size() - 1; i >= 0; i--) {
            if (fits.test(calls.get(i))) {
                return Optional.of(calls.get(i));
            }
        }
        return Optional.empty();
    }

    /** Whether the call with that index has any arguments yet. */
    boolean hasArguments(int index) {
        return last(call -> call.index != null && call.index == index)
                .filter(call -> !call.arguments.isEmpty())
                .isPresent();
    }

    /** The call with that index has all its arguments, whatever they are. */
    void ended(int index, List<ModelEvent> events) {
        last(call -> call.index != null && call.index == index).ifPresent(Call::end);
        tell(events);
    }

    /**
     * All calls, now that nothing more comes.
     *
     * @throws UnreadableEventException where one has no name
     */
    List<ModelEvent> whole() {
        List<ModelEvent> events = new ArrayList<>();
        for (Call call : calls) {
            if (call.name.isEmpty()) {
                if (call.arguments.isEmpty()) {
                    // A place that the server held for a call that never came.
                    continue;
                }
                throw new UnreadableEventException("the model server sent a tool call without a name");
            }
            call.end();
            events.add(new ModelEvent.CallWhole(new ToolCall(toldAs(call), call.name, call.arguments.toString())));
        }
        return events;
    }

    /** Tells what has become certain. */
    private void tell(List<ModelEvent> events) {
        for (Call call : calls) {
            // Of a place that is held for a call it is not known whether the call comes.
            if (call.name.isEmpty() || !call.hasItsId()) {
                return;
            }
            boolean begins = call.toldAs == null;
            if (begins && call.whole && call == calls.getLast()) {
                return;
            }
            int certain = call.certainChars();
            if (begins || certain > call.toldChars) {
                events.add(new ModelEvent.CallArguments(
                        toldAs(call), call.name, call.arguments.substring(call.toldChars, certain)));
                call.toldChars = certain;
            }
            if (!call.whole || certain < call.arguments.length()) {
                return;
            }
        }
    }

    /** The id of a call; asked for in the order of the calls. */
    private String toldAs(Call call) {
        String told = call.toldAs;
        if (told == null) {
            told = call.id;
            if (told.isEmpty() || !taken.add(told)) {
                told = ids.apply(call.position);
                taken.add(told);
            }
            call.toldAs = told;
        }
        return told;
    }

    private static String text(JsonNode said) {
        return said.isValueNode() && !said.isNull() ? said.asText() : "";
    }

    /** Whether {@code json} is one value and nothing after it. */
    private static boolean isOneValue(CharSequence json) {
        int end = json.length() - 1;
        while (end >= 0 && Character.isWhitespace(json.charAt(end))) {
            end--;
        }
        if (end < 0 || (json.charAt(end) != '}' && json.charAt(end) != ']')) {
            // Arguments are an object: whatever ends otherwise is on its way.
            return false;
        }
        try (JsonParser parser = MAPPER.createParser(json.toString())) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return false;
            }
            parser.skipChildren();
            return parser.currentToken() != null && parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }
}
