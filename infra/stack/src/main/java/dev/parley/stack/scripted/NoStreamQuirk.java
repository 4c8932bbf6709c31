package dev.parley.stack.scripted;

import static dev.parley.stack.scripted.Quirk.Result.BROKEN;
import static dev.parley.stack.scripted.Quirk.Result.EITHER;
import static dev.parley.stack.scripted.Quirk.Result.FAILED;

import dev.parley.stack.scripted.Script.Answer;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/** Responses that are no error and no stream. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum NoStreamQuirk implements Quirk {
    PAGE(
            BROKEN,
            "answers 200 with a page",
            "captive portals, a wrong base URL",
            of(200, "text/html", "<!doctype html>\n<title>Sign in</title>\n<p>Sign in to go on.\n")),
    WHOLE_ANSWER(
            EITHER,
            "answers in one piece though asked for a stream",
            "servers and models that do not stream",
            (request, answer) -> Dialect.of(request.api()).whole(request, answer)),
    ERROR_WITH_200(
            FAILED,
            "answers 200 with an error object",
            "hand-made gateways",
            of(
                    200,
                    Response.JSON,
                    "{\"error\":{\"message\":\"the upstream failed\",\"type\":\"server_error\",\"code\":500}}")),
    PLAIN_TEXT(
            BROKEN,
            "answers 200 with plain text",
            "Ollama's root, health checks",
            of(200, "text/plain", "Ollama is running")),
    EMPTY_JSON(BROKEN, "answers 200 with an empty object", "gateways", of(200, Response.JSON, "{}")),
    NO_BODY(BROKEN, "answers 200 with nothing", "gateways", of(200, "text/event-stream", "")),
    NO_CONTENT(BROKEN, "answers 204", "gateways", of(204, "", "")),
    MOVED(
            BROKEN,
            "answers 301, to HTTPS",
            "load balancers",
            (request, answer) -> page(301).header("location", "https://models.example.com/v1/chat/completions")),
    FOUND(
            BROKEN,
            "answers 302, to a page to sign in",
            "single sign-on in front of a server",
            (request, answer) -> page(302).header("location", "https://login.example.com/")),
    REDIRECTED(
            BROKEN,
            "answers 307, to a path with a slash",
            "FastAPI servers",
            (request, answer) -> page(307).header("location", "/v1/chat/completions/")),
    NO_HEAD(
            Quirk.Result.SILENT,
            "takes the request and answers nothing, not even a head",
            "hung servers",
            (request, answer) -> new Response.Nothing()),
    HANGS_UP(
            BROKEN,
            "takes the request and closes the connection",
            "killed servers",
            (request, answer) -> new Response.Dropped());

    private final Facts facts;
    private final BiFunction<ModelRequest, Answer, Response> response;

    NoStreamQuirk(Result result, String does, String seenIn, BiFunction<ModelRequest, Answer, Response> response) {
        this.facts = new Facts(result, Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES), does, seenIn);
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
