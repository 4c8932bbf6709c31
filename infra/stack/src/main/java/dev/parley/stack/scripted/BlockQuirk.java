package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Outcome.uncounted;
import static dev.parley.stack.scripted.Outcome.whole;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Heard.Call;
import dev.parley.stack.scripted.Heard.Counts;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * How Anthropic's messages, and gateways that speak like them, stream blocks and tokens. Where a quirk is about thinking or
 * calls, an answer whose script has none gets some.
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum BlockQuirk implements Quirk {
    BLOCKS_INTERLEAVED(
            Needs.CALLS,
            "has several blocks open at once",
            "gateways that stream parallel calls",
            BlockQuirk::interleaved),
    BLOCK_INDEX_FROM_ONE(
            Needs.NOTHING, "numbers blocks from 1", "gateways that drop a block", p -> p.editAll(BlockQuirk::shift)),
    BLOCK_STOP_MISSING(
            Needs.NOTHING,
            "does not end its blocks",
            "LiteLLM, hand-made gateways",
            p -> p.replace(Part.BLOCK, event -> isStop(event) ? List.of() : List.of(event))),
    BLOCK_START_MISSING(
            Needs.NOTHING,
            "does not begin its blocks of text",
            "hand-made gateways",
            p -> p.replace(Part.BLOCK, event -> isStart(event) ? List.of() : List.of(event))),
    TEXT_IN_BLOCK_START(
            Needs.NOTHING,
            "has the first text in the block's beginning",
            "hand-made gateways",
            BlockQuirk::textAtStart),
    EMPTY_TEXT_BLOCK(
            Needs.NOTHING,
            "begins with a block of empty text",
            "Bedrock",
            p -> blockFirst(p, Json.object().put("type", "text").put("text", ""))),
    INPUT_BY_CHARACTER(
            Needs.CALLS,
            "sends a tool's input a character at a time",
            "any tokenizer",
            p -> p.replace(Part.CALLS, BlockQuirk::byCharacter)),
    BLOCK_INDEX_ABSENT(
            Needs.NOTHING, "gives blocks no index", "hand-made gateways", p -> p.editAll(json -> json.remove("index"))),
    DELTA_TYPE_ABSENT(
            Needs.NOTHING,
            "gives deltas no type",
            "hand-made gateways",
            p -> p.edit(Part.SAYS, json -> Json.in(json, "delta").remove("type"))),
    MESSAGE_START_MISSING(
            Needs.NOTHING,
            whole(uncounted()),
            "does not begin its message",
            "hand-made gateways",
            p -> p.without(Part.BEGIN)),
    STOP_REASON_NULL_FIRST(
            Needs.NOTHING,
            "has a `message_delta` without a reason before the one with it",
            "gateways that count as they go",
            p -> p.before(
                    Part.FINISH,
                    new Event(
                            Part.OTHER,
                            "message_delta",
                            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null},\"usage\":{\"output_tokens\":1}}"))),
    INPUT_AS_OBJECT(
            Needs.CALLS,
            "sends a tool's input as an object",
            "hand-made gateways",
            p -> p.edit(Part.CALLS, json -> {
                String input = json.at("/delta/partial_json").asText("");
                if (!input.isEmpty()) {
                    Json.in(json, "delta").set("partial_json", Json.read(input));
                }
            })),
    INPUT_ABSENT(
            Needs.CALLS,
            whole((api, heard) -> heard.calling(call -> new Call(call.id(), call.name(), "{}"))),
            "sends no input for a tool without parameters",
            "Anthropic",
            p -> p.replace(Part.CALLS, event -> isInput(event) ? List.of() : List.of(event))),
    INPUT_EMPTY(
            Needs.CALLS,
            whole((api, heard) -> heard.calling(call -> new Call(call.id(), call.name(), "{}"))),
            "sends empty text as a tool's input",
            "Anthropic",
            p -> p.edit(Part.CALLS, json -> {
                if (json.path("delta").has("partial_json")) {
                    Json.in(json, "delta").put("partial_json", "");
                }
            })),
    INPUT_IN_BLOCK_START(
            Needs.CALLS,
            "has a tool's whole input in the block's beginning",
            "Bedrock gateways, Kimi",
            BlockQuirk::inputAtStart),
    THINKING_SIGNED(Needs.THINKING, "signs its thinking, which has to come back as it is", "Anthropic", p -> p),
    THINKING_UNSIGNED(
            Needs.THINKING,
            "does not sign its thinking",
            "DeepSeek, Kimi, MiniMax",
            p -> p.replace(Part.BLOCK, event -> event.data().contains("signature_delta") ? List.of() : List.of(event))),
    THINKING_REDACTED(
            Needs.NOTHING,
            "begins with thinking that nobody may read, which has to come back",
            "Anthropic",
            p -> blockFirst(p, Json.object().put("type", "redacted_thinking").put("data", Messages.SIGNATURE))),
    UNKNOWN_EVENTS(
            Needs.NOTHING,
            "sends events of a new type",
            "Anthropic, which says so",
            p -> p.between(new Event(Part.OTHER, "message_mood", "{\"type\":\"message_mood\",\"mood\":\"good\"}"))),
    UNKNOWN_DELTAS(
            Needs.NOTHING,
            "sends deltas of a new type",
            "Anthropic, which says so",
            p -> p.replace(
                    Part.SAYS, event -> List.of(with(event, "{\"type\":\"mood_delta\",\"mood\":\"good\"}"), event))),
    UNKNOWN_BLOCK(
            Needs.NOTHING,
            "begins with a block of a new type",
            "Anthropic with tools of its own",
            p -> blockFirst(
                    p,
                    Json.object()
                            .put("type", "server_tool_use")
                            .put("id", "srvtoolu_1")
                            .put("name", "web_search"))),
    CITATIONS(
            Needs.NOTHING,
            "cites between its words",
            "Anthropic",
            p -> p.replace(
                    Part.SAYS,
                    event -> List.of(
                            event,
                            with(
                                    event,
                                    "{\"type\":\"citations_delta\",\"citation\":{\"type\":\"page_location\",\"cited_text\":\"x\"}}")))),
    CACHE_TOKENS(
            Needs.NOTHING,
            whole((api, heard) -> heard.counting(heard.counts()
                    .map(counts -> new Counts(counts.input() + 1_200, counts.output(), 1_000, 200, null, null, null)))),
            "counts cached input apart from input",
            "Anthropic",
            p -> p.edit(
                    Part.BEGIN,
                    json -> Json.in(Json.in(json, "message"), "usage")
                            .put("cache_read_input_tokens", 1_000)
                            .put("cache_creation_input_tokens", 200))),
    TOKENS_AT_START_ONLY(
            Needs.NOTHING,
            whole(uncounted()),
            "counts nothing at the end",
            "hand-made gateways",
            p -> p.edit(Part.FINISH, json -> json.remove("usage"))),
    TOKENS_AT_END_ONLY(
            Needs.NOTHING,
            "counts input and output at the end alone",
            "DeepSeek, gateways in front of OpenAI's",
            BlockQuirk::tokensAtEnd),
    TOKENS_ZERO_AT_START(
            Needs.NOTHING,
            "counts 0 at the beginning and rightly at the end",
            "LiteLLM, Kimi",
            p -> tokensAtEnd(p)
                    .edit(
                            Part.BEGIN,
                            json -> Json.in(json, "message")
                                    .putObject("usage")
                                    .put("input_tokens", 0)
                                    .put("output_tokens", 0))),
    TOKENS_NEVER(
            Needs.NOTHING,
            whole(uncounted()),
            "counts nothing",
            "hand-made gateways",
            p -> p.edit(Part.BEGIN, json -> Json.in(json, "message").remove("usage"))
                    .edit(Part.FINISH, json -> json.remove("usage"))),
    TOKENS_NULL(
            Needs.NOTHING,
            whole(uncounted()),
            "counts null",
            "hand-made gateways",
            p -> p.edit(Part.BEGIN, json -> Json.in(json, "message").putNull("usage"))
                    .edit(Part.FINISH, json -> json.putNull("usage")));

    private enum Needs {
        NOTHING,
        THINKING,
        CALLS
    }

    private final Facts facts;
    private final Needs needs;
    private final UnaryOperator<Pieces> change;

    BlockQuirk(Needs needs, String does, String seenIn, UnaryOperator<Pieces> change) {
        this(needs, whole(), does, seenIn, change);
    }

    BlockQuirk(Needs needs, Outcome outcome, String does, String seenIn, UnaryOperator<Pieces> change) {
        this.facts = Facts.ofMessages(outcome, does, seenIn);
        this.needs = needs;
        this.change = change;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public boolean calls() {
        return needs == Needs.CALLS;
    }

    @Override
    public Answer answer(ModelRequest request, Answer answer) {
        return switch (needs) {
            case NOTHING -> answer;
            case THINKING -> answer.thinkingSomething();
            case CALLS -> answer.callingSomething(request);
        };
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return response.pieces(change);
    }

    private static boolean isStart(Event event) {
        return event.name().equals("content_block_start");
    }

    private static boolean isStop(Event event) {
        return event.name().equals("content_block_stop");
    }

    private static boolean isInput(Event event) {
        return event.data().contains("input_json_delta");
    }

    private static void shift(ObjectNode json) {
        if (json.has("index")) {
            json.put("index", json.path("index").asInt() + 1);
        }
    }

    /** Another delta in the block of {@code event}. */
    private static Event with(Event event, String delta) {
        return new Event(
                Part.OTHER, event.name(), Json.edited(event.data(), json -> json.set("delta", Json.read(delta))));
    }

    private static List<Event> byCharacter(Event event) {
        if (!isInput(event)) {
            return List.of(event);
        }
        List<Event> bits = new ArrayList<>();
        Json.read(event.data()).at("/delta/partial_json").asText().chars().forEach(c -> {
            ObjectNode delta =
                    Json.object().put("type", "input_json_delta").put("partial_json", Character.toString((char) c));
            bits.add(
                    new Event(event.part(), event.name(), Json.edited(event.data(), json -> json.set("delta", delta))));
        });
        return bits;
    }

    /** Begins with a whole block, and counts the others after it. */
    private static Pieces blockFirst(Pieces pieces, ObjectNode block) {
        ObjectNode start = Json.object().put("type", "content_block_start").put("index", 0);
        start.set("content_block", block);
        ObjectNode stop = Json.object().put("type", "content_block_stop").put("index", 0);
        return pieces.editAll(BlockQuirk::shift)
                .after(
                        Part.BEGIN,
                        new Event(Part.BLOCK, "content_block_start", Json.write(start)),
                        new Event(Part.BLOCK, "content_block_stop", Json.write(stop)));
    }

    /** All blocks of calls begin, then all go on, then all end. */
    private static Pieces interleaved(Pieces pieces) {
        List<Event> calls = pieces.all().stream()
                .filter(piece -> piece instanceof Event event && event.part() == Part.CALLS)
                .map(Event.class::cast)
                .toList();
        List<Event> order =
                new ArrayList<>(calls.stream().filter(BlockQuirk::isStart).toList());
        calls.stream().filter(BlockQuirk::isInput).forEach(order::add);
        calls.stream().filter(BlockQuirk::isStop).forEach(order::add);
        return pieces.replace(Part.CALLS, event -> {
            List<Event> now = List.copyOf(order);
            order.clear();
            return now;
        });
    }

    /** The first text of each block moves into the event that begins the block. */
    private static Pieces textAtStart(Pieces pieces) {
        List<Piece> changed = new ArrayList<>();
        int start = -1;
        for (Piece piece : pieces.all()) {
            String text = text(piece, "/delta/text");
            if (start >= 0 && !text.isEmpty()) {
                changed.set(
                        start, edited(changed.get(start), json -> block(json).put("text", text)));
                start = -1;
            } else {
                start = piece instanceof Event event && isStart(event) ? changed.size() : start;
                changed.add(piece);
            }
        }
        return new Pieces(changed);
    }

    private static Pieces inputAtStart(Pieces pieces) {
        List<Piece> changed = new ArrayList<>();
        int start = -1;
        for (Piece piece : pieces.all()) {
            String input = text(piece, "/delta/partial_json");
            if (!input.isEmpty()) {
                changed.set(
                        start, edited(changed.get(start), json -> block(json).set("input", Json.read(input))));
            } else if (!(piece instanceof Event event && isInput(event))) {
                start = piece instanceof Event event && isStart(event) ? changed.size() : start;
                changed.add(piece);
            }
        }
        return new Pieces(changed);
    }

    private static ObjectNode block(ObjectNode json) {
        return Json.in(json, "content_block");
    }

    private static String text(Piece piece, String pointer) {
        return piece instanceof Event event && event.data().startsWith("{")
                ? Json.read(event.data()).at(pointer).asText("")
                : "";
    }

    private static Piece edited(Piece piece, Consumer<ObjectNode> edit) {
        return piece instanceof Event event
                ? new Event(event.part(), event.name(), Json.edited(event.data(), edit))
                : piece;
    }

    private static Pieces tokensAtEnd(Pieces pieces) {
        ObjectNode begin = Json.read(pieces.sample(Part.BEGIN).data());
        int input = begin.at("/message/usage/input_tokens").asInt(1);
        return pieces.edit(Part.BEGIN, json -> Json.in(json, "message").remove("usage"))
                .edit(Part.FINISH, json -> Json.in(json, "usage").put("input_tokens", input));
    }
}
