package dev.parley.stack.scripted;

import dev.parley.schemas.ErrorCode;
import dev.parley.stack.scripted.ModelRequest.Turn;
import dev.parley.stack.scripted.Script.Answer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What picky providers refuse in a request, in their words. A request that has nothing of it is answered as if the quirk were
 * not there; so mistakes in a history show.
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum RequestQuirk implements Quirk {
    REFUSES_STREAM_OPTIONS(
            Meets.NOBODY,
            422,
            "`stream_options`",
            "Mistral, Databricks",
            has("stream_options"),
            forbidden("stream_options")),
    REFUSES_MAX_TOKENS(
            Meets.MESSAGES,
            400,
            "`max_tokens`",
            "OpenAI's newer models",
            has("max_tokens"),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
    REFUSES_MAX_COMPLETION_TOKENS(
            Meets.NOBODY,
            422,
            "`max_completion_tokens`",
            "Mistral, older vLLM",
            has("max_completion_tokens"),
            forbidden("max_completion_tokens")),
    REFUSES_TEMPERATURE(
            Meets.BOTH,
            400,
            "a `temperature` other than 1",
            "OpenAI's reasoning models",
            request -> request.body().path("temperature").asDouble(1) != 1,
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported."),
    REFUSES_TOP_P(
            Meets.BOTH,
            400,
            "`top_p` beside `temperature`",
            "Anthropic's newer models",
            request -> request.body().has("temperature") && request.body().has("top_p"),
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
    REFUSES_STOP(
            Meets.CHAT,
            400,
            "`stop`",
            "OpenAI's reasoning models, xAI",
            has("stop"),
            "Unsupported parameter: 'stop' is not supported with this model."),
    REFUSES_PENALTIES(
            Meets.CHAT,
            400,
            "penalties",
            "xAI, Gemini's endpoint",
            has("frequency_penalty").or(has("presence_penalty")),
            "Argument not supported on this model: presencePenalty"),
    REFUSES_SEED(Meets.CHAT, 422, "`seed`", "Mistral", has("seed"), forbidden("seed")),
    REFUSES_USER(Meets.CHAT, 422, "`user`", "Mistral", has("user"), forbidden("user")),
    REFUSES_PARALLEL_TOOL_CALLS(
            Meets.CHAT,
            400,
            "`parallel_tool_calls`",
            "OpenAI's o-series, Gemini's endpoint",
            has("parallel_tool_calls"),
            "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."),
    REFUSES_TOOLS(
            Meets.BOTH,
            400,
            "tools",
            "Ollama and vLLM with models that cannot",
            has("tools"),
            "the model does not support tools"),
    REFUSES_TOOL_CHOICE(
            Meets.BOTH,
            400,
            "`tool_choice`",
            "vLLM without a tool parser",
            has("tool_choice"),
            "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"),
    REFUSES_RESPONSE_FORMAT(
            Meets.CHAT,
            400,
            "`response_format`",
            "DeepSeek, older servers",
            has("response_format"),
            "This response_format type is unavailable now"),
    REFUSES_REASONING_EFFORT(
            Meets.CHAT,
            400,
            "`reasoning_effort`",
            "OpenAI's models that do not reason",
            has("reasoning_effort"),
            "Unrecognized request argument supplied: reasoning_effort"),
    REFUSES_DEVELOPER(
            Meets.NOBODY,
            400,
            "the role `developer`",
            "vLLM's templates, Mistral, DeepSeek",
            role("developer"),
            "Unexpected message role: developer"),
    REFUSES_SYSTEM(
            Meets.MESSAGES,
            400,
            "the role `system`",
            "Gemma's template, OpenAI's o1-mini",
            role("system"),
            "System role not supported"),
    REFUSES_NAMES(
            Meets.NOBODY,
            400,
            "a `name` in a message that is more than letters",
            "OpenAI",
            any(turn -> turn.json().has("name")
                    && !Pattern.matches(
                            "[a-zA-Z0-9_-]+", turn.json().path("name").asText())),
            "Invalid 'messages[0].name': string does not match pattern. Expected a string that matches the pattern"
                    + " '^[^\\s<|\\\\/>]+$'."),
    REFUSES_UPGRADE(
            Meets.NOBODY,
            400,
            "the wish for HTTP/2 in clear text",
            "uvicorn",
            request -> !request.header("upgrade").isEmpty(),
            "Invalid HTTP request received."),
    WANTS_MAX_TOKENS(
            Meets.NOBODY,
            400,
            "a request without `max_tokens`",
            "Anthropic",
            request -> request.api() == Api.MESSAGES && !request.body().has("max_tokens"),
            "max_tokens: Field required"),
    WANTS_ALTERNATION(
            Meets.NOBODY,
            400,
            "two messages of one role in a row",
            "Gemma's and Mistral's templates in vLLM and llama.cpp",
            RequestQuirk::repeatsRole,
            "Conversation roles must alternate user/assistant/user/assistant/..."),
    WANTS_USER_FIRST(
            Meets.NOBODY,
            400,
            "a conversation that the user does not begin",
            "Anthropic, Gemini, templates",
            request -> !spoken(request).isEmpty()
                    && !spoken(request).getFirst().role().equals("user"),
            "messages: first message must use the \"user\" role"),
    WANTS_USER_LAST(
            Meets.NOBODY,
            400,
            "a conversation that ends with the assistant",
            "Mistral, Anthropic's newer models",
            request -> !spoken(request).isEmpty()
                    && spoken(request).getLast().role().equals("assistant"),
            "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"),
    WANTS_TEXT(
            Meets.NOBODY,
            400,
            "messages without text",
            "Anthropic, Bedrock, Gemini, Mistral",
            any(turn -> turn.text().isEmpty()
                    && turn.calls().isEmpty()
                    && turn.results().isEmpty()),
            "messages.0: all messages must have non-empty content except for the optional final assistant message"),
    WANTS_SIGNS(
            Meets.NOBODY,
            400,
            "messages of blanks alone",
            "Anthropic, Bedrock",
            any(turn -> !turn.text().isEmpty() && turn.text().isBlank()),
            "messages: text content blocks must contain non-whitespace text"),
    WANTS_NO_TRAILING_BLANKS(
            Meets.NOBODY,
            400,
            "an assistant's last message that ends with blanks",
            "Anthropic",
            request -> !spoken(request).isEmpty()
                    && spoken(request).getLast().role().equals("assistant")
                    && !spoken(request)
                            .getLast()
                            .text()
                            .stripTrailing()
                            .equals(spoken(request).getLast().text()),
            "messages: final assistant content cannot end with trailing whitespace"),
    WANTS_CONTENT(
            Meets.NOBODY,
            400,
            "null for content",
            "Groq, llama.cpp, templates",
            any(turn -> turn.json().path("content").isNull() && turn.calls().isEmpty()),
            "Invalid value for 'content': expected a string, got null."),
    WANTS_SYSTEM_FIRST(
            Meets.NOBODY,
            400,
            "a system message after others",
            "Qwen's and Llama's templates",
            RequestQuirk::hasLateSystem,
            "System message must be at the beginning."),
    WANTS_RESULTS(
            Meets.NOBODY,
            400,
            "calls without results",
            "OpenAI, Anthropic, Mistral",
            RequestQuirk::hasOpenCalls,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."),
    WANTS_CALLS(
            Meets.NOBODY,
            400,
            "results without calls",
            "OpenAI, Anthropic, Mistral",
            RequestQuirk::hasStrayResults,
            "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."),
    WANTS_UNIQUE_CALLS(
            Meets.NOBODY,
            400,
            "two calls of one id",
            "Anthropic",
            RequestQuirk::repeatsCalls,
            "messages.3.content.0: `tool_use` ids must be unique"),
    WANTS_PLAIN_CALL_IDS(
            Meets.NOBODY,
            400,
            "ids of calls with other signs than letters, digits, _ and -",
            "Anthropic, Bedrock",
            callIdsNot("[a-zA-Z0-9_-]{1,64}"),
            "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    WANTS_SHORT_CALL_IDS(
            Meets.MESSAGES,
            400,
            "ids of calls that are not nine letters and digits",
            "Mistral",
            callIdsNot("[a-zA-Z0-9]{9}"),
            "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9."),
    STRICT_HISTORY(
            Meets.NOBODY,
            400,
            "any history that a picky provider refuses",
            "the strictest of them",
            request -> false,
            "");

    private static final List<RequestQuirk> OF_HISTORY = List.of(
            WANTS_ALTERNATION,
            WANTS_USER_FIRST,
            WANTS_USER_LAST,
            WANTS_TEXT,
            WANTS_SIGNS,
            WANTS_CONTENT,
            WANTS_SYSTEM_FIRST,
            WANTS_RESULTS,
            WANTS_CALLS,
            WANTS_UNIQUE_CALLS,
            WANTS_PLAIN_CALL_IDS);

    /** Whose requests are refused in the end, though they are made with care and change where a refusal says how. */
    private enum Meets {
        NOBODY,
        CHAT,
        MESSAGES,
        BOTH
    }

    private final Meets meets;
    private final Facts facts;
    private final int status;
    private final Predicate<ModelRequest> offended;
    private final String message;

    RequestQuirk(
            Meets meets, int status, String what, String seenIn, Predicate<ModelRequest> offended, String message) {
        this.meets = meets;
        this.facts = new Facts(
                Outcome.refused(ErrorCode.ENGINE_REJECTED, Integer.toString(status)),
                Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES),
                "refuses " + what + " with " + status,
                seenIn);
        this.status = status;
        this.offended = offended;
        this.message = message;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    /** Of a request that asks for everything. */
    @Override
    public Outcome outcome(Api api) {
        boolean met = switch (meets) {
            case NOBODY -> false;
            case CHAT -> api == Api.CHAT_COMPLETIONS;
            case MESSAGES -> api == Api.MESSAGES;
            case BOTH -> true;
        };
        return met ? facts.outcome() : Outcome.whole();
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return refusal(request).orElse(response);
    }

    private Optional<Response> refusal(ModelRequest request) {
        if (this == STRICT_HISTORY) {
            return OF_HISTORY.stream()
                    .flatMap(quirk -> quirk.refusal(request).stream())
                    .findFirst();
        }
        if (!offended.test(request)) {
            return Optional.empty();
        }
        return Optional.of(
                message.startsWith("{")
                        ? new Response.Whole(status, Map.of(), Response.JSON, message)
                        : Dialect.of(request.api()).refusal(status, message));
    }

    private static Predicate<ModelRequest> has(String member) {
        return request -> request.body().has(member);
    }

    private static String forbidden(String member) {
        return "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\""
                + member
                + "\"],\"msg\":\"Extra inputs are not permitted\"}]},\"type\":\"invalid_request_error\",\"param\":null,"
                + "\"code\":null}";
    }

    private static Predicate<ModelRequest> role(String role) {
        return any(turn -> turn.role().equals(role));
    }

    private static Predicate<ModelRequest> any(Predicate<Turn> offends) {
        return request -> request.turns().stream().anyMatch(offends);
    }

    /** Without what is no part of the talk. */
    private static List<Turn> spoken(ModelRequest request) {
        return request.turns().stream()
                .filter(turn -> !turn.role().equals("system") && !turn.role().equals("developer"))
                .toList();
    }

    private static boolean repeatsRole(ModelRequest request) {
        List<Turn> spoken = spoken(request);
        for (int i = 1; i < spoken.size(); i++) {
            if (spoken.get(i).role().equals(spoken.get(i - 1).role())
                    && !spoken.get(i).role().equals("tool")) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasLateSystem(ModelRequest request) {
        boolean spoken = false;
        for (Turn turn : request.turns()) {
            if (spoken && turn.role().equals("system")) {
                return true;
            }
            spoken |= !turn.role().equals("system") && !turn.role().equals("developer");
        }
        return false;
    }

    /** Calls whose results do not all follow before anything else. */
    private static boolean hasOpenCalls(ModelRequest request) {
        Set<String> open = new HashSet<>();
        for (Turn turn : spoken(request)) {
            open.removeAll(turn.results());
            if (!open.isEmpty() && turn.results().isEmpty()) {
                return true;
            }
            open.addAll(turn.calls());
        }
        return !open.isEmpty();
    }

    private static boolean hasStrayResults(ModelRequest request) {
        Set<String> open = new HashSet<>();
        for (Turn turn : spoken(request)) {
            if (!open.containsAll(turn.results())) {
                return true;
            }
            if (turn.results().isEmpty()) {
                open.clear();
            }
            open.addAll(turn.calls());
        }
        return false;
    }

    private static boolean repeatsCalls(ModelRequest request) {
        List<String> calls = new ArrayList<>();
        request.turns().forEach(turn -> calls.addAll(turn.calls()));
        return new HashSet<>(calls).size() < calls.size();
    }

    private static Predicate<ModelRequest> callIdsNot(String pattern) {
        Pattern good = Pattern.compile(pattern);
        return any(
                turn -> turn.calls().stream().anyMatch(id -> !good.matcher(id).matches()));
    }
}
