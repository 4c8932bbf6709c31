package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.elsewhere;
import static dev.parley.stack.scripted.Outcome.silent;
import static dev.parley.stack.scripted.Outcome.whole;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Script.Answer;
import dev.parley.stack.scripted.Script.Delta;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Where chat completions put what a model says. Where a quirk is about reasoning, an answer whose script has none gets some.
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum ContentQuirk implements Quirk {
    REASONING_FIELD(
            Needs.REASONING,
            whole(),
            "calls its reasoning `reasoning`",
            "vLLM, Ollama, OpenRouter, Groq",
            said((choice, said) -> rename(said, "reasoning_content", "reasoning"))),
    REASONING_TWICE(
            Needs.REASONING, whole(), "tells its reasoning under both names", "vLLM, LiteLLM", said((choice, said) -> {
                if (said.has("reasoning_content")) {
                    said.set("reasoning", said.get("reasoning_content"));
                }
            })),
    REASONING_DETAILS(
            Needs.REASONING,
            whole(),
            "tells its reasoning as `reasoning` and in parts, with extras",
            "OpenRouter",
            said((choice, said) -> {
                rename(said, "reasoning_content", "reasoning");
                if (said.has("reasoning")) {
                    said.putArray("reasoning_details")
                            .addObject()
                            .put("type", "reasoning.text")
                            .put("text", said.path("reasoning").asText())
                            .put("format", "unknown")
                            .put("index", 0);
                }
            })),
    REASONING_NULL(
            Needs.NOTHING, whole(), "has null for reasoning with every text", "DeepSeek", said((choice, said) -> {
                if (said.has("content")) {
                    said.putNull("reasoning_content");
                }
            })),
    REASONING_WITH_EMPTY_TEXT(
            Needs.REASONING, whole(), "has empty text with its reasoning", "vLLM, SGLang", said((choice, said) -> {
                if (said.has("reasoning_content")) {
                    said.put("content", "");
                }
            })),
    THINKING_PARTS(
            Needs.REASONING, whole(), "tells its reasoning as parts of the content", "Mistral", said((choice, said) -> {
                if (said.has("reasoning_content")) {
                    ObjectNode part = said.putArray("content").addObject().put("type", "thinking");
                    part.putArray("thinking")
                            .addObject()
                            .put("type", "text")
                            .put("text", said.path("reasoning_content").asText());
                    said.remove("reasoning_content");
                }
            })),
    THINK_TAGS(
            Needs.REASONING,
            elsewhere(asText("<think>", "</think>\n\n")),
            "says its reasoning as text between `<think>` and `</think>`",
            "Ollama, llama.cpp, Perplexity",
            to(p -> tagged(p, List.of("<think>"), List.of("</think>\n\n")))),
    THINK_TAGS_CUT(
            Needs.REASONING,
            elsewhere(asText("<think>\n", "</think>\n\n")),
            "cuts `<think>` and `</think>` over several deltas",
            "any tokenizer",
            to(p -> tagged(p, List.of("<th", "ink", ">\n"), List.of("</", "think>", "\n\n")))),
    THINK_TAG_UNOPENED(
            Needs.REASONING,
            elsewhere(asText("", "</think>\n\n")),
            "says `</think>` and never `<think>`, which is in the prompt's template",
            "vLLM with DeepSeek R1 and Qwen",
            to(p -> tagged(p, List.of(), List.of("</think>\n\n")))),
    CONTENT_PARTS(
            Needs.NOTHING, whole(), "sends its text as a list of parts", "Mistral, Databricks", said((choice, said) -> {
                if (said.path("content").isTextual()) {
                    String text = said.path("content").asText();
                    said.putArray("content").addObject().put("type", "text").put("text", text);
                }
            })),
    REFUSAL(
            Needs.NOTHING,
            elsewhere(Outcome.finishing("refusal")),
            "says all of its text as a refusal",
            "OpenAI, Azure",
            said((choice, said) -> {
                rename(said, "content", "refusal");
                if (said.has("refusal")) {
                    said.putNull("content");
                }
            })),
    EMPTY_ANSWER(
            Needs.NO_TEXT, elsewhere((api, heard) -> heard), "says nothing and finishes well", "any model", to(p -> p)),
    BLANK_ANSWER(
            Needs.BLANKS,
            elsewhere((api, heard) -> heard),
            "says nothing but blanks and finishes well",
            "any model",
            to(p -> p)),
    ROLE_FIRST(
            Needs.NOTHING,
            whole(),
            "begins with a chunk of a role and empty text",
            "OpenAI, vLLM",
            to(p -> p.first(role(p)))),
    ROLE_THEN_PREFILL(
            Needs.NOTHING,
            whole(),
            "begins with a chunk of a role long before the first token",
            "vLLM, llama.cpp",
            to(p -> p.first(role(p), new Piece.Pause(Duration.ofMillis(1_500))))),
    ROLE_EVERYWHERE(
            Needs.NOTHING,
            whole(),
            "has the role in every chunk",
            "Ollama, Gemini's endpoint",
            said((choice, said) -> said.put("role", "assistant"))),
    ROLE_NULL(
            Needs.NOTHING,
            whole(),
            "has null for the role",
            "Mistral's early versions",
            said((choice, said) -> said.putNull("role"))),
    EMPTY_TEXTS(
            Needs.NOTHING,
            whole(),
            "sends empty text between its texts",
            "Ollama, SGLang",
            to(p -> p.between(empty(p)))),
    EMPTY_TEXTS_FOREVER(
            Needs.NOTHING,
            silent(),
            "sends empty text for ever",
            "hung gateways",
            to(p -> p.half().then(KeepAlive.forever(empty(p))))),
    NULLS(
            Needs.NOTHING,
            whole(),
            "has null for all that there is not",
            "Azure, Together, Fireworks",
            response -> said((choice, said) -> {
                        for (String name : List.of("content", "refusal", "tool_calls", "function_call", "audio")) {
                            if (!said.has(name)) {
                                said.putNull(name);
                            }
                        }
                        choice.putNull("logprobs");
                    })
                    .apply(response.edit(json -> {
                        json.putNull("system_fingerprint")
                                .putNull("service_tier")
                                .putNull("error");
                        if (!json.has("usage")) {
                            json.putNull("usage");
                        }
                    }))),
    TOOL_CALLS_EMPTY(
            Needs.NOTHING,
            whole(),
            "has an empty list of tool calls with every text",
            "LiteLLM, NVIDIA NIM",
            said((choice, said) -> {
                if (!said.has("tool_calls")) {
                    said.putArray("tool_calls");
                }
            })),
    NO_CHOICES_FIRST(
            Needs.NOTHING,
            whole(),
            "begins with a chunk that has no choices, but filter results",
            "Azure",
            to(p -> p.first(new Event(
                    Part.OTHER,
                    "",
                    "{\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[],"
                            + "\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}")))),
    CHOICES_NULL(
            Needs.NOTHING,
            whole(),
            "has chunks whose choices are null",
            "gateways in Go",
            to(p -> p.between(new Event(Part.OTHER, "", "{\"object\":\"chat.completion.chunk\",\"choices\":null}")))),
    CHOICES_ABSENT(
            Needs.NOTHING,
            whole(),
            "has chunks without choices",
            "Perplexity, gateways that trace",
            to(p -> p.between(new Event(Part.OTHER, "", "{\"object\":\"chat.completion.note\"}")))),
    DELTA_ABSENT(
            Needs.NOTHING,
            whole(),
            "has choices without a delta",
            "Azure with its asynchronous filter",
            to(p -> p.between(new Event(
                    Part.OTHER,
                    "",
                    "{\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[{\"index\":0,"
                            + "\"finish_reason\":null,\"content_filter_offsets\":{\"check_offset\":1}}]}")))),
    DELTA_NULL(
            Needs.NOTHING,
            whole(),
            "has null for the delta of the finish",
            "Cloudflare, gateways in Go",
            to(p -> p.edit(Part.FINISH, json -> choice(json).putNull("delta")))),
    SECOND_CHOICE(
            Needs.NOTHING,
            whole(),
            "tells of a second choice in between",
            "servers that ignore `n`",
            to(p -> p.replace(
                    Part.SAYS,
                    event -> List.of(event, other(event, json -> choice(json).put("index", 1)))))),
    MESSAGE_FOR_DELTA(
            Needs.NOTHING,
            either(),
            "has a message where a delta belongs",
            "Baichuan, hand-made servers",
            to(p -> p.edit(Part.SAYS, json -> rename(choice(json), "delta", "message")))),
    INDEX_ABSENT(
            Needs.NOTHING,
            whole(),
            "has choices without an index",
            "Cohere's endpoint, hand-made servers",
            to(p -> p.editAll(json -> choice(json).remove("index")))),
    CHOICES_EMPTY(
            Needs.NOTHING,
            whole(),
            "has chunks whose choices are empty, to keep alive",
            "Azure, gateways that trace",
            to(p -> p.between(new Event(Part.OTHER, "", "{\"object\":\"chat.completion.chunk\",\"choices\":[]}")))),
    CHOICES_AS_OBJECT(
            Needs.NOTHING,
            either(),
            "has its choice and no list around it",
            "hand-made servers in PHP",
            response -> response.edit(json -> {
                if (json.path("choices").size() == 1) {
                    json.set("choices", json.path("choices").path(0));
                }
            })),
    CHOICE_INDEX_AS_TEXT(
            Needs.NOTHING,
            whole(),
            "has the index of its choice as text",
            "hand-made servers",
            to(p -> p.editAll(json -> choice(json).put("index", "0")))),
    MESSAGE_BESIDE_DELTA(
            Needs.NOTHING,
            whole(),
            "sums up in a message beside the last delta",
            "Baidu's gateways",
            to(p -> p.edit(
                    Part.FINISH,
                    json -> choice(json)
                            .putObject("message")
                            .put("role", "assistant")
                            .put("content", said(p))))),
    MESSAGE_AT_THE_END(
            Needs.NOTHING,
            whole(),
            "sums up in a message in place of the last delta",
            "DashScope's gateways, hand-made servers",
            to(p -> p.edit(Part.FINISH, json -> {
                choice(json).remove("delta");
                choice(json).putObject("message").put("role", "assistant").put("content", said(p));
            }))),
    WHOLE_IN_ONE_EVENT(
            Needs.NOTHING,
            either(),
            "streams one event, which is the whole answer",
            "gateways in front of what does not stream",
            to(p -> wholeInOne(p))),
    TEXT_AS_OBJECT(
            Needs.NOTHING,
            either(),
            "has its text as an object with a value",
            "gateways in front of OpenAI's assistants",
            said((choice, said) -> {
                if (said.path("content").isTextual()) {
                    String text = said.path("content").asText();
                    ObjectNode part = said.putArray("content").addObject().put("type", "text");
                    part.putObject("text").put("value", text);
                }
            })),
    PROBABILITIES_NO_NUMBERS(
            Needs.NOTHING,
            either(),
            "has probabilities that JSON has no word for",
            "vLLM, Python's json.dumps",
            to(p -> p.replace(
                    Part.SAYS,
                    event -> List.of(new Event(
                            event.part(),
                            event.name(),
                            event.data().replaceFirst("\\{", "{\"logprob\":-Infinity,\"score\":NaN,")))))),
    UNKNOWN_MEMBERS(
            Needs.NOTHING,
            whole(),
            "has members that nobody knows, everywhere",
            "all of them, one day",
            response -> said((choice, said) -> {
                        said.put("mood", "good").putArray("annotations");
                        choice.putObject("matched_stop");
                    })
                    .apply(response.edit(json -> json.put("provider", "x").putObject("timings")))),
    LOGPROBS(
            Needs.NOTHING,
            whole(),
            "tells the probabilities of tokens unasked",
            "Together, Fireworks",
            said((choice, said) -> choice.putObject("logprobs")
                    .putArray("content")
                    .addObject()
                    .put("token", "x")
                    .put("logprob", -0.5))),
    ID_CHANGES(
            Needs.NOTHING,
            whole(),
            "gives every chunk another id",
            "Groq's early versions, gateways",
            response -> response.edit(json -> json.put("id", "chatcmpl-" + System.nanoTime()))),
    MODEL_NAME_CHANGES(
            Needs.NOTHING,
            whole(),
            "names another model than was asked for",
            "OpenRouter, Azure",
            response -> response.edit(json -> json.put("model", "another/model-2026-01-01"))),
    CREATED_AS_TEXT(
            Needs.NOTHING,
            whole(),
            "has its time as text",
            "hand-made servers",
            response -> response.edit(json -> json.put("created", "1700000000"))),
    CREATED_AS_FRACTION(
            Needs.NOTHING,
            whole(),
            "has its time with a fraction",
            "Python servers (`time.time()`)",
            response -> response.edit(json -> json.put("created", 1_700_000_000.25))),
    ONE_EVENT(
            Needs.NOTHING,
            whole(),
            "says all of its text in one chunk, with the finish",
            "servers that do not stream",
            to(ContentQuirk::inOne)),
    SURROGATES_SPLIT(
            Needs.NOTHING,
            whole(),
            "cuts characters of two UTF-16 units in halves",
            "Java and JavaScript servers",
            to(p -> p.replace(Part.SAYS, ContentQuirk::halved)));

    private enum Needs {
        NOTHING,
        REASONING,
        NO_TEXT,
        BLANKS
    }

    private final Facts facts;
    private final Needs needs;
    private final UnaryOperator<Response> change;

    ContentQuirk(Needs needs, Outcome outcome, String does, String seenIn, UnaryOperator<Response> change) {
        this.facts = Facts.ofChat(outcome, does, seenIn);
        this.needs = needs;
        this.change = change;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Answer answer(ModelRequest request, Answer answer) {
        return switch (needs) {
            case NOTHING -> answer;
            case REASONING -> answer.thinkingSomething();
            case NO_TEXT -> answer.saying(List.of());
            case BLANKS -> answer.saying(List.of(new Delta.Text("\n"), new Delta.Text("  \n")));
        };
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return change.apply(response);
    }

    /** Reasoning that is heard as text between these. */
    private static Outcome.Change asText(String open, String close) {
        return (api, heard) ->
                heard.saying(open + heard.reasoning() + close + heard.text()).reasoning("");
    }

    private static UnaryOperator<Response> to(UnaryOperator<Pieces> change) {
        return response -> response.pieces(change);
    }

    /** Changes what each choice says: its delta in a stream, else its message. */
    private static UnaryOperator<Response> said(BiConsumer<ObjectNode, ObjectNode> edit) {
        return response -> response.edit(json -> json.path("choices").forEach(each -> {
            if (each instanceof ObjectNode choice
                    && (choice.has("delta") ? choice.get("delta") : choice.get("message")) instanceof ObjectNode said) {
                edit.accept(choice, said);
            }
        }));
    }

    private static ObjectNode choice(ObjectNode json) {
        return json.path("choices").path(0) instanceof ObjectNode choice ? choice : Json.object();
    }

    private static void rename(ObjectNode json, String from, String to) {
        if (json.has(from)) {
            json.set(to, json.remove(from));
        }
    }

    private static Event other(Event event, Consumer<ObjectNode> edit) {
        return new Event(Part.OTHER, event.name(), Json.edited(event.data(), edit));
    }

    /** An event like the others of the stream whose delta is {@code delta}. */
    private static Event with(Pieces pieces, ObjectNode delta) {
        return other(pieces.sample(), json -> {
            ObjectNode choice = choice(json);
            choice.set("delta", delta);
            choice.putNull("finish_reason");
        });
    }

    private static Event role(Pieces pieces) {
        return with(pieces, Json.object().put("role", "assistant").put("content", ""));
    }

    private static Event empty(Pieces pieces) {
        return with(pieces, Json.object().put("content", ""));
    }

    private static Pieces tagged(Pieces pieces, List<String> open, List<String> close) {
        List<Piece> changed = new ArrayList<>();
        boolean thinks = false;
        for (Piece piece : pieces.all()) {
            boolean says = piece instanceof Event event && event.part() == Part.SAYS;
            boolean reasons =
                    says && piece instanceof Event event && event.data().contains("reasoning_content");
            if (says && reasons != thinks) {
                (reasons ? open : close).forEach(tag -> changed.add(text(pieces, tag)));
                thinks = reasons;
            }
            changed.add(piece);
        }
        return new Pieces(changed)
                .edit(Part.SAYS, json -> rename(Json.in(choice(json), "delta"), "reasoning_content", "content"));
    }

    /** All the text that is said. */
    private static String said(Pieces pieces) {
        StringBuilder text = new StringBuilder();
        pieces.all().forEach(piece -> {
            if (piece instanceof Event event && event.part() == Part.SAYS) {
                text.append(
                        Json.read(event.data()).at("/choices/0/delta/content").asText(""));
            }
        });
        return text.toString();
    }

    private static Pieces wholeInOne(Pieces pieces) {
        StringBuilder reasoning = new StringBuilder();
        pieces.all().forEach(piece -> {
            if (piece instanceof Event event && event.part() == Part.SAYS) {
                reasoning.append(Json.read(event.data())
                        .at("/choices/0/delta/reasoning_content")
                        .asText(""));
            }
        });
        return pieces.replace(Part.SAYS, event -> List.of()).edit(Part.FINISH, json -> {
            choice(json).remove("delta");
            choice(json)
                    .putObject("message")
                    .put("content", said(pieces))
                    .put("reasoning_content", reasoning.toString());
        });
    }

    private static Event text(Pieces pieces, String text) {
        return with(pieces, Json.object().put("content", text));
    }

    private static Pieces inOne(Pieces pieces) {
        return pieces.replace(
                        Part.SAYS, event -> event.data().contains("reasoning_content") ? List.of(event) : List.of())
                .edit(Part.FINISH, json -> Json.in(choice(json), "delta").put("content", said(pieces)));
    }

    private static List<Event> halved(Event event) {
        String text = Json.read(event.data()).at("/choices/0/delta/content").asText("");
        for (int i = 0; i + 1 < text.length(); i++) {
            if (Character.isHighSurrogate(text.charAt(i))) {
                String first = text.substring(0, i + 1);
                String second = text.substring(i + 1);
                return List.of(saying(event, first), saying(event, second));
            }
        }
        return List.of(event);
    }

    private static Event saying(Event event, String text) {
        return new Event(
                event.part(),
                event.name(),
                Json.edited(event.data(), json -> Json.in(choice(json), "delta").put("content", text)));
    }
}
