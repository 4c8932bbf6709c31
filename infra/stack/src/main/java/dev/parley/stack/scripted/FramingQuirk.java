package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.ENGINE_PROTOCOL;
import static dev.parley.stack.scripted.Outcome.broken;
import static dev.parley.stack.scripted.Outcome.either;
import static dev.parley.stack.scripted.Outcome.silent;
import static dev.parley.stack.scripted.Outcome.whole;

import dev.parley.stack.scripted.Piece.Event;
import dev.parley.stack.scripted.Piece.Part;
import dev.parley.stack.scripted.Response.Encoding;
import dev.parley.stack.scripted.Response.Streamed;
import dev.parley.stack.scripted.Script.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * How events are written down and cut into writes.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">WHATWG: parsing an
 *     event stream</a>
 */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum FramingQuirk implements Quirk {
    BYTE_ORDER_MARK(
            whole(), "begins with a byte order mark", "servers on Windows", s -> s.framed(f -> f.opening("\uFEFF"))),
    CARRIAGE_RETURNS(
            whole(), "ends lines with CR alone", "the standard allows it", s -> s.framed(f -> f.lineEnds("\r"))),
    CARRIAGE_RETURN_LINE_FEEDS(
            whole(), "ends lines with CRLF", "sse-starlette, Routstr", s -> s.framed(f -> f.lineEnds("\r\n"))),
    MIXED_LINE_ENDS(
            whole(),
            "ends lines now so, now so",
            "proxies that add lines of their own",
            s -> s.framed(f -> f.lineEnds("\n", "\r\n", "\r"))),
    UNSPACED_DATA(
            whole(),
            "has no blank after `data:`",
            "TGI, Groq's and Cloudflare's early versions",
            s -> s.framed(f -> f.colon(":"))),
    COMMENTS(
            whole(),
            "sends comments before and between events",
            "OpenRouter",
            s -> s.pieces(p -> p.first(new Piece.Raw(": OPENROUTER PROCESSING\n\n"))
                    .between(new Piece.Raw(": OPENROUTER PROCESSING\n\n")))),
    EMPTY_COMMENTS(
            whole(),
            "sends lone colons between events",
            "OpenRouter, Helicone",
            s -> s.pieces(p -> p.between(new Piece.Raw(":\n\n")))),
    COMMENTS_IN_EVENTS(
            whole(),
            "has a comment line within each event",
            "the standard allows it",
            s -> s.framed(f -> f.lines((n, lines) -> with(": note", lines)))),
    EVENT_NAMES(
            whole(),
            "names each event `message`",
            "hand-made gateways",
            chat(s -> s.framed(f -> f.lines((n, lines) -> with("event: message", lines))))),
    NO_EVENT_NAMES(
            whole(),
            "has no `event:` lines: the type is in the JSON alone",
            "Bedrock gateways",
            messages(s -> s.framed(f -> f.lines((n, lines) -> data(lines))))),
    ID_LINES(
            whole(),
            "numbers events with `id:`",
            "gateways that resume",
            s -> s.framed(f -> f.lines((n, lines) -> with("id: " + n, lines)))),
    RETRY_LINES(
            whole(),
            "has `retry:` lines",
            "gateways that resume",
            s -> s.framed(f -> f.lines((n, lines) -> with("retry: 1", lines)))),
    UNKNOWN_FIELDS(
            whole(),
            "has fields that the standard does not know",
            "gateways that trace",
            s -> s.framed(f -> f.lines((n, lines) -> with("x-trace: 1", lines)))),
    NO_COLON(
            whole(),
            "has lines without a colon",
            "the standard allows it",
            s -> s.framed(f -> f.lines((n, lines) -> with("nonsense", lines)))),
    EMPTY_DATA(
            whole(),
            "sends events with nothing in them",
            "Mistral and Azure gateways",
            s -> s.pieces(p -> p.between(new Piece.Raw("data:\n\n")))),
    BLANK_LINES(
            whole(),
            "has several blank lines between events",
            "template-made servers",
            s -> s.pieces(p -> p.between(new Piece.Raw("\n\n\n")))),
    DATA_OVER_LINES(
            whole(),
            "spreads an event's JSON over several `data:` lines",
            "servers that indent",
            s -> s.framed(f -> f.lines((n, lines) -> folded(lines)))),
    ESCAPED_TEXT(
            whole(),
            "escapes all that is not ASCII, and slashes",
            "Python's json.dumps, PHP",
            s -> s.framed(f -> f.lines(
                    (n, lines) -> lines.stream().map(FramingQuirk::escaped).toList()))),
    BY_BYTE(whole(), "writes one byte at a time", "TLS proxies at their worst", s -> s.delivered(Delivery.BY_BYTE)),
    TOGETHER(
            whole(),
            "writes several events at once",
            "nginx with buffering, Nagle's algorithm",
            s -> s.delivered(Delivery.TOGETHER)),
    AT_ONCE(
            whole(),
            "writes nothing until all is there",
            "Azure with its content filter, buffering proxies",
            s -> s.delivered(Delivery.AT_ONCE)),
    SPLIT_WRITES(
            whole(),
            "cuts its writes within characters and within line ends",
            "any network",
            s -> s.delivered(Delivery.SPLIT)),
    END_UNTERMINATED(
            whole(),
            "has no blank line after the end",
            "hand-made servers",
            s -> s.pieces(p -> p.replace(Part.DONE, event -> List.of(unterminated(event))))),
    USAGE_UNTERMINATED(
            whole(),
            "has no blank line after the last event, which is the usage, and no end",
            "hand-made servers",
            chat(s -> s.pieces(p -> p.has(Part.USAGE)
                    ? p.without(Part.DONE).replace(Part.USAGE, event -> List.of(unterminated(event)))
                    : p))),
    PADDING(
            whole(),
            "pads events to hide their length",
            "OpenAI (`obfuscation`), Cloudflare (`p`)",
            s -> s.pieces(p -> p.editAll(json -> json.put("obfuscation", "x".repeat(16 * 1024))))),
    HUGE_COMMENT(
            either(),
            "has a comment of a mebibyte",
            "nobody good",
            s -> s.pieces(p -> p.first(new Piece.Raw(": " + "x".repeat(1 << 20) + "\n\n")))),
    PINGS(
            whole(),
            "sends pings between events",
            "Anthropic",
            messages(s -> s.pieces(p -> p.between(new Event(Part.OTHER, "ping", "{\"type\":\"ping\"}"))))),
    PINGS_FOREVER(
            silent(),
            "begins, and then sends pings for ever",
            "Anthropic when overloaded",
            messages(s -> s.pieces(
                    p -> p.half().then(KeepAlive.forever(new Event(Part.OTHER, "ping", "{\"type\":\"ping\"}")))))),
    KEEP_ALIVE_FOREVER(
            silent(),
            "sends comments for ever, and no answer",
            "OpenRouter, LiteLLM with a hung upstream",
            s -> s.pieces(p -> new Pieces(List.of(KeepAlive.FOREVER)))),
    KEEP_ALIVE_FOREVER_IN_ANSWER(
            silent(),
            "sends comments for ever in mid-answer",
            "OpenRouter, LiteLLM with a hung upstream",
            s -> s.pieces(p -> p.half().then(KeepAlive.FOREVER))),
    GZIPPED(
            whole(),
            "is compressed though nobody asked",
            "nginx with `gzip_types *`",
            s -> s.encoded(Encoding.GZIPPED)),
    GZIPPED_UNTOLD(
            either(),
            "is compressed, and its head does not say so",
            "proxies that strip headers",
            s -> s.encoded(Encoding.GZIPPED_UNTOLD)),
    DEFLATED(
            either(),
            "is deflated, without the wrapper that the standard wants",
            "old proxies, hand-made servers",
            s -> s.encoded(Encoding.DEFLATED)),
    ENCODING_UNREADABLE(
            broken(ENGINE_PROTOCOL, "br"),
            "says that it is compressed in a way that nobody asked for",
            "CDNs that ignore `accept-encoding`",
            s -> s.contentType("text/html").headed(head -> added(head, "content-encoding: br"))),
    TRAILERS(
            whole(),
            "has extensions to its chunks and trailers after the last",
            "gRPC gateways, the standard allows it",
            s -> s.encoded(Encoding.CHUNKED_WITH_TRAILERS)),
    CONTINUE_FIRST(
            whole(),
            "says `100 Continue` though nobody waits for it",
            "old Python and Go servers",
            s -> s.headed(head -> "HTTP/1.1 100 Continue\r\n\r\n" + head)),
    HINTS_FIRST(
            whole(),
            "says `103 Early Hints` first",
            "CDNs",
            s -> s.headed(head -> "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n" + head)),
    HTTP_1_0(
            whole(),
            "answers by HTTP/1.0, whose body ends with the connection",
            "small embedded servers",
            s -> s.encoded(Encoding.UNTIL_CLOSED).headed(head -> head.replaceFirst("HTTP/1.1", "HTTP/1.0"))),
    NO_REASON_PHRASE(
            whole(),
            "has no words after its status",
            "Tomcat, hyper",
            s -> s.headed(head -> head.replaceFirst("200 OK", "200"))),
    HEAD_LINE_FEEDS(
            whole(),
            "ends the lines of its head with LF alone",
            "hand-made servers",
            s -> s.headed(head -> head.replace("\r\n", "\n"))),
    HUGE_HEADER(
            whole(),
            "has a header of 24 KiB",
            "gateways that trace, single sign-on",
            s -> s.headed(head -> added(head, "x-trace: " + "x".repeat(24 * 1024)))),
    STATUS_CREATED(
            whole(),
            "answers 201",
            "Replicate's gateways, hand-made servers",
            s -> s.headed(head -> head.replaceFirst("200 OK", "201 Created"))),
    HUGE_LINES(
            whole(),
            "has lines of 2 MiB",
            "gateways that send all they know",
            s -> s.pieces(p -> p.edit(Part.FINISH, json -> json.put("trace", "x".repeat(1 << 21))))),
    NULL_EVENTS(
            whole(),
            "sends `null` between events",
            "gateways in Go and JavaScript",
            s -> s.pieces(p -> p.between(new Event(Part.OTHER, "", "null")))),
    EMPTY_OBJECTS(
            whole(),
            "sends `{}` between events",
            "gateways that keep alive",
            s -> s.pieces(p -> p.between(new Event(Part.OTHER, "", "{}")))),
    HEARTBEAT_EVENTS(
            either(),
            "sends events `heartbeat` that are no JSON",
            "hand-made gateways",
            s -> s.pieces(p -> p.between(new Event(Part.OTHER, "heartbeat", "alive")))),
    BLANKS_FOREVER(
            silent(),
            "sends blank lines for ever in mid-answer",
            "proxies that keep alive",
            s -> s.pieces(p -> p.half().then(KeepAlive.forever(new Piece.Raw("\n"))))),
    CONTENT_TYPE_CAPITALS(
            whole(),
            "writes its content type in capitals",
            "Java servers",
            s -> s.contentType("Text/Event-Stream;Charset=UTF-8")),
    CONTENT_TYPE_TEXT(
            either(), "calls its events plain text", "Flask servers", s -> s.contentType("text/plain; charset=utf-8")),
    CONTENT_TYPE_JSON(
            either(),
            "calls its events JSON",
            "API gateways with one type for all",
            s -> s.contentType("application/json")),
    CONTENT_TYPE_OCTETS(
            either(), "calls its events bytes", "AWS Lambda", s -> s.contentType("application/octet-stream")),
    NO_CONTENT_TYPE(either(), "has no content type", "hand-made servers", s -> s.contentType("")),
    DATA_TWICE(
            broken(ENGINE_PROTOCOL),
            "writes `data: data:`",
            "gateways that wrap what is wrapped already",
            s -> s.framed(f -> f.lines((n, lines) -> lines.stream()
                    .map(line -> line.startsWith("data:") ? "data: " + line : line)
                    .toList()))),
    JSON_LINES(
            broken(ENGINE_PROTOCOL),
            "sends JSON a line, without events",
            "Ollama's own API, Vertex AI",
            s -> s.contentType("application/x-ndjson")
                    .framed(f -> f.lines((n, lines) -> data(lines).stream()
                            .map(line -> line.substring("data:".length()).strip())
                            .toList())));

    private final Facts facts;
    private final UnaryOperator<Streamed> change;

    FramingQuirk(Outcome outcome, String does, String seenIn, UnaryOperator<Streamed> change) {
        this(Facts.ofStreams(outcome, does, seenIn), change);
    }

    FramingQuirk(Outcome outcome, String does, String seenIn, Only only) {
        this(new Facts(outcome, Set.of(only.api()), does, seenIn), only.change());
    }

    FramingQuirk(Facts facts, UnaryOperator<Streamed> change) {
        this.facts = facts;
        this.change = change;
    }

    /** A change of one API's streams. */
    private record Only(Api api, UnaryOperator<Streamed> change) {}

    private static Only chat(UnaryOperator<Streamed> change) {
        return new Only(Api.CHAT_COMPLETIONS, change);
    }

    private static Only messages(UnaryOperator<Streamed> change) {
        return new Only(Api.MESSAGES, change);
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response response) {
        return response.streamed(change);
    }

    private static String added(String head, String header) {
        return head.replaceFirst("\r\n", "\r\n" + header + "\r\n");
    }

    private static List<String> with(String line, List<String> lines) {
        return Stream.concat(Stream.of(line), lines.stream()).toList();
    }

    private static List<String> data(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("data:")).toList();
    }

    private static List<String> folded(List<String> lines) {
        List<String> folded = new ArrayList<>();
        for (String line : lines) {
            int json = line.indexOf('{');
            if (line.startsWith("data:") && json > 0 && json <= "data: ".length()) {
                String field = line.substring(0, json);
                Json.indented(line.substring(json)).lines().forEach(part -> folded.add(field + part));
            } else {
                folded.add(line);
            }
        }
        return folded;
    }

    private static String escaped(String line) {
        StringBuilder escaped = new StringBuilder();
        int json = line.indexOf('{');
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c >= 0x7f) {
                escaped.append(String.format("\\u%04x", (int) c));
            } else if (c == '/' && json >= 0 && i > json) {
                escaped.append("\\/");
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }

    private static Piece unterminated(Event event) {
        return new Piece.Raw((event.name().isEmpty() ? "" : "event: " + event.name() + "\n") + "data: " + event.data());
    }
}
