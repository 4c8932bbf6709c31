package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Outcome.uncounted;
import static dev.parley.stack.scripted.Outcome.whole;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Heard.Counts;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where and how chat completions count tokens. Most of these count unasked. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum UsageQuirk implements Quirk {
    USAGE_IN_FINISH(
            "counts tokens in the finish",
            "Ollama, DeepSeek, Gemini's endpoint",
            (pieces, usage) -> pieces.without(Part.USAGE).edit(Part.FINISH, json -> json.set("usage", usage))),
    USAGE_IN_CHOICE(
            "counts tokens within the choice",
            "Moonshot",
            (pieces, usage) -> pieces.without(Part.USAGE)
                    .edit(Part.FINISH, json -> choice(json).set("usage", usage))),
    USAGE_IN_X_GROQ(
            "counts tokens within `x_groq`",
            "Groq",
            (pieces, usage) -> pieces.without(Part.USAGE)
                    .edit(Part.FINISH, json -> json.putObject("x_groq").set("usage", usage))),
    USAGE_EVERYWHERE(
            "counts tokens in every chunk, as they are so far",
            "vLLM (`continuous_usage_stats`), xAI, Gemini's endpoint",
            (pieces, usage) -> {
                int[] said = {0};
                return pieces.without(Part.USAGE)
                        .edit(
                                Part.SAYS,
                                json -> json.set(
                                        "usage",
                                        usage(usage.path("prompt_tokens").asInt(), ++said[0])))
                        .edit(Part.FINISH, json -> json.set("usage", usage));
            }),
    USAGE_NULL_UNTIL_END(
            "has null for its tokens in every chunk before the last",
            "OpenAI",
            (pieces, usage) -> counted(pieces, usage).edit(Part.SAYS, json -> json.putNull("usage"))),
    USAGE_NEVER(
            whole(uncounted()),
            "counts no tokens, though asked to",
            "older servers",
            (pieces, usage) -> pieces.without(Part.USAGE)),
    USAGE_EMPTY(
            whole(uncounted()),
            "counts tokens in an empty object",
            "gateways",
            (pieces, usage) -> counted(pieces, Json.object())),
    USAGE_ZERO(
            whole(uncounted()),
            "counts 0 tokens",
            "LiteLLM, LM Studio's early versions",
            (pieces, usage) -> counted(pieces, usage(0, 0))),
    USAGE_NULLS(
            whole(uncounted()),
            "has null for each count",
            "gateways",
            (pieces, usage) -> counted(
                    pieces,
                    Json.object()
                            .putNull("prompt_tokens")
                            .putNull("completion_tokens")
                            .putNull("total_tokens"))),
    USAGE_DETAILED(
            whole(detailed(1, 1, 0)), "tells cached, reasoning and audio tokens", "OpenAI, vLLM", (pieces, usage) -> {
                ObjectNode detailed = usage.deepCopy();
                detailed.putObject("prompt_tokens_details")
                        .put("cached_tokens", 1)
                        .put("audio_tokens", 0);
                detailed.putObject("completion_tokens_details")
                        .put("reasoning_tokens", 1)
                        .put("audio_tokens", 0);
                return counted(pieces, detailed);
            }),
    USAGE_DETAILS_NULL("has null for the details of its tokens", "vLLM", (pieces, usage) -> {
        ObjectNode detailed = usage.deepCopy();
        detailed.putNull("prompt_tokens_details").putNull("completion_tokens_details");
        return counted(pieces, detailed);
    }),
    USAGE_CACHE_HITS(
            whole(detailed(1, null, null)),
            "tells cached tokens as hits and misses",
            "DeepSeek",
            (pieces, usage) -> counted(
                    pieces,
                    usage.deepCopy()
                            .put("prompt_cache_hit_tokens", 1)
                            .put(
                                    "prompt_cache_miss_tokens",
                                    usage.path("prompt_tokens").asInt() - 1))),
    USAGE_FRACTIONS(
            "counts in fractions",
            "gateways in JavaScript and Lua",
            (pieces, usage) -> counted(
                    pieces,
                    Json.object()
                            .put("prompt_tokens", usage.path("prompt_tokens").asDouble())
                            .put(
                                    "completion_tokens",
                                    usage.path("completion_tokens").asDouble()))),
    USAGE_AS_TEXT(
            "has its counts as text",
            "gateways in PHP and Lua",
            (pieces, usage) -> counted(
                    pieces,
                    Json.object()
                            .put("prompt_tokens", usage.path("prompt_tokens").asText())
                            .put(
                                    "completion_tokens",
                                    usage.path("completion_tokens").asText()))),
    USAGE_BELOW_ZERO(
            whole(uncounted()),
            "counts less than nothing",
            "servers that cancel",
            (pieces, usage) -> counted(pieces, usage(-1, -1))),
    USAGE_IN_LIST(
            whole(uncounted()),
            "has a list for its counts",
            "hand-made servers",
            (pieces, usage) -> counted(pieces, Json.object()).edit(Part.USAGE, json -> json.putArray("usage"))),
    USAGE_IN_DELTA(
            "counts tokens within the last delta",
            "hand-made servers",
            (pieces, usage) -> pieces.without(Part.USAGE)
                    .edit(Part.FINISH, json -> Json.in(choice(json), "delta").set("usage", usage))),
    USAGE_WITHOUT_TOTAL("tells no total", "Perplexity, gateways", (pieces, usage) -> {
        ObjectNode less = usage.deepCopy();
        less.remove("total_tokens");
        return counted(pieces, less);
    }),
    USAGE_INPUT_OUTPUT(
            "calls its counts `input_tokens` and `output_tokens`",
            "gateways in front of Anthropic's",
            (pieces, usage) -> counted(
                    pieces,
                    Json.object()
                            .put("input_tokens", usage.path("prompt_tokens").asInt())
                            .put(
                                    "output_tokens",
                                    usage.path("completion_tokens").asInt()))),
    USAGE_AFTER_DONE(whole(uncounted()), "counts tokens after the end", "hand-made gateways", (pieces, usage) -> {
        Event event = event(pieces, usage);
        return pieces.without(Part.USAGE).after(Part.DONE, event);
    }),
    USAGE_WITH_CHOICE("has an empty choice with its tokens", "OpenRouter, Mistral", (pieces, usage) -> {
        Event event = event(pieces, usage);
        return pieces.without(Part.USAGE)
                .after(Part.FINISH, new Event(Part.USAGE, "", Json.edited(event.data(), json -> {
                    ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
                    choice.putObject("delta").put("content", "");
                    choice.putNull("finish_reason");
                })));
    }),
    USAGE_BEFORE_FINISH("counts tokens before the finish", "Cohere's endpoint", (pieces, usage) -> {
        Event event = event(pieces, usage);
        return pieces.without(Part.USAGE).before(Part.FINISH, event);
    }),
    USAGE_TWICE(
            "counts tokens in the finish and again after it",
            "LiteLLM, OpenRouter",
            (pieces, usage) -> counted(pieces, usage).edit(Part.FINISH, json -> json.set("usage", usage)));

    private interface Change {
        Pieces of(Pieces pieces, ObjectNode usage);
    }

    private final Facts facts;
    private final Change change;

    UsageQuirk(String does, String seenIn, Change change) {
        this(whole(), does, seenIn, change);
    }

    UsageQuirk(Outcome outcome, String does, String seenIn, Change change) {
        this.facts = Facts.ofChat(outcome, does, seenIn);
        this.change = change;
    }

    private static Outcome.Change detailed(
            @Nullable Integer cached, @Nullable Integer reasoning, @Nullable Integer audio) {
        return (api, heard) -> heard.counting(heard.counts()
                .map(counts -> new Counts(counts.input(), counts.output(), cached, null, reasoning, audio, audio)));
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        Dialect.Tokens tokens = Dialect.Tokens.of(request, answer);
        return response.pieces(
                pieces -> pieces.has(Part.FINISH) ? change.of(pieces, usage(tokens.input(), tokens.output())) : pieces);
    }

    private static ObjectNode usage(int input, int output) {
        return Json.object()
                .put("prompt_tokens", input)
                .put("completion_tokens", output)
                .put("total_tokens", input + output);
    }

    private static ObjectNode choice(ObjectNode json) {
        return json.path("choices").path(0) instanceof ObjectNode choice ? choice : Json.object();
    }

    private static Event event(Pieces pieces, ObjectNode usage) {
        return new Event(Part.USAGE, "", Json.edited(pieces.sample(Part.FINISH).data(), json -> {
            json.putArray("choices");
            json.set("usage", usage);
        }));
    }

    /** With this in the usual place, asked or not. */
    private static Pieces counted(Pieces pieces, ObjectNode usage) {
        Event event = event(pieces, usage);
        return pieces.without(Part.USAGE).replace(Part.FINISH, finish -> List.of(finish, event));
    }
}
