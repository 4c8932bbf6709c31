package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.ENGINE_ERROR;
import static dev.parley.schemas.ErrorCode.ENGINE_PROTOCOL;
import static dev.parley.schemas.ErrorCode.ENGINE_REJECTED;
import static dev.parley.schemas.ErrorCode.ENGINE_TRUNCATED;
import static dev.parley.stack.scripted.Outcome.broken;
import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.failed;
import static dev.parley.stack.scripted.Outcome.silent;

import dev.parley.stack.scripted.Script.Answer;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/** Responses that are no error and no stream. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum NoStreamQuirk implements Quirk {
    PAGE(
            broken(ENGINE_PROTOCOL, "text/html", "Sign in"),
            "answers 200 with a page",
            "captive portals, a wrong base URL",
            of(200, "text/html", "<!doctype html>\n<title>Sign in</title>\n<p>Sign in to go on.\n")),
    WHOLE_ANSWER(
            either(),
            "answers in one piece though asked for a stream",
            "servers and models that do not stream",
            (request, answer) -> Dialect.of(request.api()).whole(request, answer)),
    ERROR_WITH_200(
            failed(ENGINE_ERROR, "the upstream failed"),
            "answers 200 with an error object",
            "hand-made gateways",
            of(
                    200,
                    Response.JSON,
                    "{\"error\":{\"message\":\"the upstream failed\",\"type\":\"server_error\",\"code\":500}}")),
    PLAIN_TEXT(
            broken(ENGINE_PROTOCOL, "text/plain", "Ollama is running"),
            "answers 200 with plain text",
            "Ollama's root, health checks",
            of(200, "text/plain", "Ollama is running")),
    EMPTY_JSON(
            broken(ENGINE_PROTOCOL, "application/json"),
            "answers 200 with an empty object",
            "gateways",
            of(200, Response.JSON, "{}")),
    NO_BODY(broken(ENGINE_TRUNCATED), "answers 200 with nothing", "gateways", of(200, "text/event-stream", "")),
    NO_CONTENT(broken(ENGINE_PROTOCOL, "204"), "answers 204", "gateways", of(204, "", "")),
    MOVED(
            broken(ENGINE_REJECTED, "301", "https://models.example.com/v1/chat/completions"),
            "answers 301, to HTTPS",
            "load balancers",
            (request, answer) -> page(301).header("location", "https://models.example.com/v1/chat/completions")),
    FOUND(
            broken(ENGINE_REJECTED, "302", "https://login.example.com/"),
            "answers 302, to a page to sign in",
            "single sign-on in front of a server",
            (request, answer) -> page(302).header("location", "https://login.example.com/")),
    REDIRECTED(
            broken(ENGINE_REJECTED, "307", "/v1/chat/completions/"),
            "answers 307, to a path with a slash",
            "FastAPI servers",
            (request, answer) -> page(307).header("location", "/v1/chat/completions/")),
    MOVED_FOR_GOOD(
            broken(ENGINE_REJECTED, "308", "/v2/chat/completions"),
            "answers 308, to another version",
            "gateways",
            (request, answer) -> page(308).header("location", "/v2/chat/completions")),
    MOVED_NOWHERE(
            broken(ENGINE_REJECTED, "302"),
            "answers 302, and says not where to",
            "hand-made servers",
            (request, answer) -> page(302)),
    RESET_CONTENT(broken(ENGINE_PROTOCOL, "205"), "answers 205", "hand-made servers", of(205, "", "")),
    ERROR_LIST_WITH_200(
            failed(ENGINE_ERROR, "the upstream failed"),
            "answers 200 with a list of errors",
            "gateways in front of Gemini",
            of(200, Response.JSON, "[{\"error\":{\"message\":\"the upstream failed\",\"code\":503}}]")),
    WHOLE_ANSWER_AS_STREAM(
            either(), "answers in one piece, and calls it a stream", "hand-made gateways", (request, answer) -> {
                Response whole = Dialect.of(request.api()).whole(request, answer);
                return whole instanceof Response.Whole all
                        ? new Response.Whole(all.status(), all.headers(), Response.EVENT_STREAM, all.body())
                        : whole;
            }),
    NO_HEAD(
            silent(),
            "takes the request and answers nothing, not even a head",
            "hung servers",
            (request, answer) -> new Response.Nothing()),
    HANGS_UP(
            broken(ENGINE_ERROR),
            "takes the request and closes the connection",
            "killed servers",
            (request, answer) -> new Response.Dropped());

    private final Facts facts;
    private final BiFunction<ModelRequest, Answer, Response> response;

    NoStreamQuirk(Outcome outcome, String does, String seenIn, BiFunction<ModelRequest, Answer, Response> response) {
        this.facts = new Facts(outcome, Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES), does, seenIn);
        this.response = response;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response before) {
        return response.apply(request, answer);
    }

    private static BiFunction<ModelRequest, Answer, Response> of(int status, String contentType, String body) {
        return (request, answer) -> new Response.Whole(status, Map.of(), contentType, body);
    }

    private static Response.Whole page(int status) {
        return new Response.Whole(status, Map.of(), "text/html", "<title>Moved</title>");
    }
}
