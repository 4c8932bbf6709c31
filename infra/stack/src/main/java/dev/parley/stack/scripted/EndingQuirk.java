package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.ENGINE_ERROR;
import static dev.parley.schemas.ErrorCode.ENGINE_TRUNCATED;
import static dev.parley.stack.scripted.Outcome.broken;
import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.silent;
import static dev.parley.stack.scripted.Outcome.whole;

import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Response.Encoding;
import dev.parley.stack.scripted.Response.Streamed;
import dev.parley.stack.scripted.Script.Answer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How streams end. "The end" is the protocol's: {@code [DONE]} or {@code message_stop}; "the finish" is the event with the
 * reason before it.
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum EndingQuirk implements Quirk {
    DONE_THEN_OPEN(
            whole(),
            "leaves the connection open after the end",
            "gateways and proxies that pool connections",
            to(p -> p.endingWith(Piece.HANG))),
    DONE_THEN_KEEP_ALIVE(
            whole(),
            "goes on with comments after the end, for ever",
            "proxies with a keep-alive of their own",
            to(p -> p.endingWith(KeepAlive.FOREVER))),
    DONE_THEN_RESET(
            whole(),
            "resets the connection after the end",
            "nginx, Envoy and load balancers on a reload",
            to(p -> p.endingWith(Piece.RESET))),
    DONE_THEN_GARBAGE(
            whole(),
            "sends text that is not JSON after the end",
            "proxies that append an error page",
            to(p -> p.after(Part.DONE, garbage()))),
    DONE_THEN_ERROR(
            whole(),
            "sends an error object after the end",
            "gateways whose bookkeeping fails",
            to(p -> p.after(
                    Part.DONE, new Event(Part.OTHER, "", "{\"error\":{\"message\":\"too late\",\"code\":500}}")))),
    DONE_THEN_TEXT(
            whole(), "says something more after the end", "replaying caches", to(p -> p.after(Part.DONE, p.sample()))),
    DONE_TWICE(
            whole(),
            "sends the end twice",
            "LiteLLM and other gateways that add their own",
            to(p -> p.replace(Part.DONE, event -> List.of(event, event)))),
    DONE_QUOTED(
            whole(),
            "sends the end as a JSON string",
            "gateways that encode whatever they send",
            to(p -> p.replace(Part.DONE, event -> List.of(new Event(Part.DONE, "", "\"[DONE]\""))))),
    DONE_SMALL(
            whole(),
            "sends the end in small letters",
            "hand-made servers",
            to(p -> p.replace(Part.DONE, event -> List.of(new Event(Part.DONE, "", "[done]"))))),
    DONE_OTHERWISE(
            whole(),
            "ends as the other protocol does as well",
            "gateways that end all streams alike",
            to(p -> p.after(Part.DONE, new Event(Part.OTHER, "done", "[DONE]")))),
    FINISH_TWICE(
            whole(),
            "sends the finish twice",
            "vLLM with tool parsers, one-api",
            to(p -> p.replace(Part.FINISH, event -> List.of(event, event)))),
    NO_DONE(
            whole(),
            "sends the finish and no end",
            "Gemini's endpoint, Ollama's early versions, TGI",
            to(p -> p.without(Part.DONE))),
    NO_LAST_CHUNK(
            whole(),
            "closes the connection after the end, without the last chunk of HTTP",
            "Python servers behind h11",
            to(p -> p.endingWith(Piece.CLOSE))),
    FINISH_THEN_CLOSED(
            whole(),
            "closes the connection after the finish, without end or last chunk",
            "serverless gateways at their limit",
            to(p -> p.without(Part.DONE).endingWith(Piece.CLOSE))),
    FINISH_THEN_RESET(
            whole(),
            "resets the connection after the finish",
            "load balancers",
            to(p -> p.without(Part.DONE).endingWith(Piece.RESET))),
    FINISH_THEN_OPEN(
            whole(),
            "leaves the connection open after the finish, without an end",
            "LM Studio, proxies",
            to(p -> p.without(Part.DONE).endingWith(Piece.HANG))),
    FINISH_THEN_KEEP_ALIVE(
            whole(),
            "goes on with comments after the finish, for ever",
            "proxies with a keep-alive of their own",
            to(p -> p.without(Part.DONE).endingWith(KeepAlive.FOREVER))),
    FINISH_THEN_GARBAGE(
            whole(),
            "sends text that is not JSON after the finish",
            "proxies that append an error page",
            to(p -> p.replace(Part.DONE, event -> List.of(garbage())))),
    DONE_WITHOUT_FINISH(
            either((api, heard) -> (api == Api.MESSAGES ? heard.counting(Optional.empty()) : heard).finishing("other")),
            "sends the end and no finish",
            "older llama.cpp, hand-made gateways",
            to(p -> p.without(Part.FINISH))),
    NO_FINISH(
            broken(ENGINE_TRUNCATED),
            "says all and ends the body well, without finish or end",
            "vLLM when its engine dies, proxies at a time limit",
            to(p -> p.said().then(Piece.LAST_CHUNK))),
    NO_FINISH_THEN_CLOSED(
            broken(ENGINE_ERROR),
            "says all and closes the connection, without finish or end",
            "killed servers",
            to(p -> p.said().then(Piece.CLOSE))),
    ENDED_IN_ANSWER(
            broken(ENGINE_TRUNCATED),
            "ends the body well in mid-answer",
            "nginx's proxy_read_timeout, serverless time limits",
            to(p -> p.half().then(Piece.LAST_CHUNK))),
    CLOSED_IN_ANSWER(
            broken(ENGINE_ERROR),
            "closes the connection in mid-answer",
            "killed servers",
            to(p -> p.half().then(Piece.CLOSE))),
    RESET_IN_ANSWER(
            broken(ENGINE_ERROR),
            "resets the connection in mid-answer",
            "killed servers, load balancers",
            to(p -> p.half().then(Piece.RESET))),
    CUT_IN_EVENT(
            broken(ENGINE_TRUNCATED),
            "ends the body well within an event",
            "proxies with a size limit",
            to(p -> p.half().then(new Piece.Cut(p.sample(), false), Piece.LAST_CHUNK))),
    CUT_IN_CHARACTER(
            broken(ENGINE_ERROR),
            "closes the connection within a character",
            "killed servers",
            to(p -> p.half().then(new Piece.Cut(accented(p.sample()), true), Piece.CLOSE))),
    CUT_IN_FINISH(
            broken(ENGINE_TRUNCATED),
            "ends the body well within the finish",
            "proxies with a size limit",
            to(p -> p.said().then(new Piece.Cut(p.sample(Part.FINISH), false), Piece.LAST_CHUNK))),
    STALLS_AT_FIRST(
            silent(),
            "sends the head and nothing more",
            "vLLM with a full queue",
            to(p -> new Pieces(List.of(Piece.HANG)))),
    STALLS_IN_ANSWER(
            silent(),
            "falls silent in mid-answer",
            "hung GPUs",
            to(p -> p.half().then(Piece.HANG))),
    STALLS_BEFORE_FINISH(
            silent(),
            "says all and falls silent before the finish",
            "tool parsers that wait for more",
            to(p -> p.said().then(Piece.HANG))),
    EMPTY_STREAM(
            broken(ENGINE_TRUNCATED),
            "has no event at all",
            "gateways whose upstream refused",
            to(p -> new Pieces(List.of(Piece.LAST_CHUNK)))),
    ONLY_DONE(
            broken(ENGINE_TRUNCATED),
            "has nothing but the end",
            "gateways whose upstream refused",
            to(p -> new Pieces(List.of(p.sample(Part.DONE), Piece.LAST_CHUNK)))),
    CLOSED_WHEN_IDLE(
            whole(),
            "closes the connection shortly after a good answer, without having said so",
            "uvicorn, gunicorn, load balancers",
            to(p -> p.endingWith(Piece.LAST_CHUNK, new Piece.Pause(Duration.ofMillis(300)), Piece.CLOSE))),
    UNTIL_CLOSED(
            whole(),
            "has neither chunks nor a length: the connection's end is the body's",
            "HTTP/1.0 servers",
            stream -> stream.encoded(Encoding.UNTIL_CLOSED)),
    LENGTH_NEVER_REACHED(
            whole(),
            "promises more bytes than it sends before it closes the connection",
            "proxies that rewrite bodies",
            stream -> stream.encoded(Encoding.TOO_SHORT));

    private final Facts facts;
    private final UnaryOperator<Streamed> change;

    EndingQuirk(Outcome outcome, String does, String seenIn, UnaryOperator<Streamed> change) {
        this.facts = Facts.ofStreams(outcome, does, seenIn);
        this.change = change;
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return response.streamed(change);
    }

    private static UnaryOperator<Streamed> to(UnaryOperator<Pieces> change) {
        return stream -> stream.pieces(change);
    }

    private static Event garbage() {
        return new Event(Part.OTHER, "", "{\"choices\": [<html>");
    }

    private static Event accented(Event event) {
        return new Event(event.part(), event.name(), event.data().replaceFirst("\"(content|text)\":\"", "$0\u00e9"));
    }
}
