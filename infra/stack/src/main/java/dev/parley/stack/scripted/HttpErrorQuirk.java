package dev.parley.stack.scripted;

import static dev.parley.schemas.ErrorCode.CONTENT_FILTERED;
import static dev.parley.schemas.ErrorCode.ENGINE_ERROR;
import static dev.parley.schemas.ErrorCode.ENGINE_RATE_LIMITED;
import static dev.parley.schemas.ErrorCode.ENGINE_REJECTED;
import static dev.parley.stack.scripted.Outcome.failed;
import static dev.parley.stack.scripted.Outcome.refused;

import dev.parley.stack.scripted.Script.Answer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Errors by status, in the forms that their bodies have, and when to come again. What is wrong is always called WHY. */
@SuppressWarnings("ImmutableEnumChecker") // Its functions keep no state.
enum HttpErrorQuirk implements Quirk {
    BODY_OPENAI(
            400,
            "OpenAI's object",
            "OpenAI, Groq, DeepSeek",
            json("{\"error\":{\"message\":\"WHY\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}")),
    BODY_ANTHROPIC(
            400,
            "Anthropic's object",
            "Anthropic",
            json(
                    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"WHY\"},\"request_id\":\"req_1\"}")),
    BODY_FLAT(
            400,
            "a flat object",
            "vLLM's older versions, SGLang",
            json(
                    "{\"object\":\"error\",\"message\":\"WHY\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}")),
    BODY_TEXT(404, "an object whose error is text", "Ollama, TGI, LM Studio", json("{\"error\":\"WHY\"}")),
    BODY_DETAIL(
            422,
            "FastAPI's list of details",
            "FastAPI servers",
            json("{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"messages\"],\"msg\":\"WHY\",\"input\":{}}]}")),
    BODY_DETAIL_TEXT(422, "FastAPI's detail as text", "FastAPI servers", json("{\"detail\":\"WHY\"}")),
    BODY_DETAIL_OBJECT(
            400,
            "an error within a detail",
            "FastAPI servers, Hugging Face",
            json("{\"detail\":{\"error\":{\"message\":\"WHY\"}}}")),
    BODY_MESSAGE_DETAIL(
            422,
            "details within a message",
            "Mistral",
            json(
                    "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\"],\"msg\":\"WHY\"}]},"
                            + "\"type\":\"invalid_request_error\",\"code\":null}")),
    BODY_LIST(
            400,
            "a list with an object",
            "Gemini's endpoint",
            json("[{\"error\":{\"code\":400,\"message\":\"WHY\",\"status\":\"INVALID_ARGUMENT\"}}]")),
    BODY_MESSAGE(400, "an object with a message alone", "Bedrock, Cohere", json("{\"message\":\"WHY\"}")),
    BODY_MESSAGE_CAPITAL(400, "an object with a Message alone", "AWS", json("{\"Message\":\"WHY\"}")),
    BODY_ERRORS(
            400,
            "a list of errors",
            "Cloudflare",
            json("{\"success\":false,\"result\":null,\"errors\":[{\"code\":5006,\"message\":\"WHY\"}]}")),
    BODY_PROBLEM(
            400,
            "problem details",
            "gateways",
            body(
                    "application/problem+json",
                    "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"WHY\"}")),
    BODY_NESTED(
            400,
            "JSON within the message",
            "LiteLLM",
            json(
                    "{\"error\":{\"message\":\"litellm.BadRequestError: {\\\"error\\\":{\\\"message\\\":\\\"WHY\\\"}}\",\"type\":null,\"code\":\"400\"}}")),
    BODY_RAW(
            400,
            "the upstream's words in metadata",
            "OpenRouter",
            json(
                    "{\"error\":{\"message\":\"Provider returned error\",\"code\":400,\"metadata\":{\"raw\":\"WHY\",\"provider_name\":\"x\"}}}")),
    BODY_HTML(400, "a page", "nginx", html("WHY")),
    BODY_PLAIN(400, "plain text", "Go servers, Envoy", body("text/plain; charset=utf-8", "WHY")),
    BODY_EMPTY(400, "nothing at all", "load balancers", body("", ""), refused(ENGINE_REJECTED, "400")),
    BODY_CUT(400, "JSON that breaks off", "proxies", json("{\"error\":{\"message\":\"WHY\",\"ty")),
    UNAUTHORIZED(
            401,
            "a wrong key",
            "all",
            json(
                    "{\"error\":{\"message\":\"Incorrect API key provided: WHY\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}")),
    NO_CREDIT(
            402,
            "too little money",
            "OpenRouter, DeepSeek",
            json("{\"error\":{\"message\":\"Insufficient credits: WHY\",\"code\":402}}")),
    FORBIDDEN(
            403,
            "what is not allowed",
            "Groq, Cloudflare",
            json("{\"error\":{\"message\":\"WHY\",\"type\":\"permission_error\"}}")),
    FILTERED(
            400,
            "a prompt that the content filter takes amiss",
            "Azure",
            json("{\"error\":{\"message\":\"The response was filtered: WHY\",\"type\":null,\"param\":\"prompt\","
                    + "\"code\":\"content_filter\",\"status\":400,\"innererror\":"
                    + "{\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_result\":{}}}}"),
            refused(CONTENT_FILTERED, "WHY")),
    FORBIDDEN_PAGE(403, "a page that wants a browser", "Cloudflare", html("Just a moment... WHY")),
    MODEL_GONE(
            404,
            "a model that is not there (any more)",
            "OpenAI",
            json(
                    "{\"error\":{\"message\":\"The model `WHY` does not exist or you do not have access to it.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}}")),
    MODEL_GONE_VLLM(
            404,
            "a model that is not there after a reload",
            "vLLM",
            json(
                    "{\"object\":\"error\",\"message\":\"The model `WHY` does not exist.\",\"type\":\"NotFoundError\",\"param\":null,\"code\":404}")),
    MODEL_GONE_OLLAMA(
            404,
            "a model that has to be pulled",
            "Ollama",
            json(
                    "{\"error\":{\"message\":\"model 'WHY' not found, try pulling it first\",\"type\":\"api_error\",\"param\":null,\"code\":null}}")),
    MODEL_GONE_ANTHROPIC(
            404,
            "a model that is not there",
            "Anthropic",
            json("{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: WHY\"}}")),
    NOT_FOUND_PAGE(404, "a page that is not there", "nginx, a wrong base URL", html("404 Not Found WHY")),
    REQUEST_TIMEOUT(
            408,
            "a request that took too long",
            "OpenRouter, Azure",
            json("{\"error\":{\"code\":408,\"message\":\"WHY\"}}"),
            failed(ENGINE_ERROR, "WHY")),
    TOO_LARGE(413, "a body that is too large", "nginx", html("413 Request Entity Too Large WHY")),
    LIMITED(429, "too many requests, and 1 s to wait", "all", json(limit()), retry("1", 1_000)),
    LIMITED_BY_DATE(
            429,
            "too many requests, and a date to wait for",
            "proxies, HTTP's other form",
            status -> json(limit())
                    .apply(status)
                    .header("retry-after", inTwoSeconds(DateTimeFormatter.RFC_1123_DATE_TIME)),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofSeconds(2))),
    LIMITED_BY_OLD_DATE(
            429,
            "too many requests, and a date to wait for as before RFC 1123",
            "old servers",
            status -> json(limit()).apply(status).header("retry-after", inTwoSeconds(rfc850())),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofSeconds(2))),
    LIMITED_BY_INSTANT(
            429,
            "too many requests, and a date to wait for in ISO's form",
            "hand-made gateways",
            status -> json(limit())
                    .apply(status)
                    .header(
                            "retry-after",
                            Instant.now(Clock.systemUTC())
                                    .plus(Duration.ofSeconds(2))
                                    .toString()),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofSeconds(2))),
    LIMITED_UNTIL_THE_PAST(
            429,
            "too many requests, and a date to wait for that is over",
            "servers whose clock is behind",
            json(limit()),
            retry("Wed, 21 Oct 2015 07:28:00 GMT", 0)),
    LIMITED_BY_MILLIS(
            429,
            "too many requests, and 700 ms to wait",
            "Azure, OpenAI",
            status -> json(limit()).apply(status).header("retry-after-ms", "700"),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofMillis(700))),
    LIMITED_FOR_LONG(
            429,
            "too many requests, and an hour to wait",
            "OpenRouter's free models",
            json(limit()),
            retry("3600", 3_600_000)),
    LIMITED_BY_FRACTION(429, "too many requests, and 0.5 s to wait", "Groq", json(limit()), retry("0.5", 500)),
    LIMITED_WITH_UNIT(
            429, "too many requests, and `2s` to wait", "hand-made gateways", json(limit()), retry("2s", 2_000)),
    LIMITED_IN_BODY(
            429,
            "too many requests, and in its details 3 s to wait",
            "Gemini's endpoint",
            json(
                    "[{\"error\":{\"code\":429,\"message\":\"Quota exceeded: WHY\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":"
                            + "[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"3s\"}]}}]"),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofSeconds(3))),
    LIMITED_IN_WORDS(
            429,
            "too many requests, and the time to wait in its words",
            "OpenAI, Azure",
            json(
                    "{\"error\":{\"message\":\"Rate limit reached: WHY. Please try again in 1.5s.\",\"code\":\"rate_limit_exceeded\"}}"),
            failed(ENGINE_RATE_LIMITED, "WHY").after(Duration.ofMillis(1_500))),
    LIMITED_BELOW_ZERO(
            429,
            "too many requests, and less than no time to wait",
            "servers whose clock is behind",
            status -> json(limit()).apply(status).header("retry-after", "-5"),
            failed(ENGINE_RATE_LIMITED, "WHY")),
    LIMITED_FOREVER(
            429,
            "too many requests, and words instead of a time",
            "hand-made gateways",
            status -> json(limit()).apply(status).header("retry-after", "soon"),
            failed(ENGINE_RATE_LIMITED, "WHY")),
    LIMITED_NO_TIME(
            429,
            "too many requests, and no time",
            "vLLM's gateways",
            json(limit()),
            failed(ENGINE_RATE_LIMITED, "WHY")),
    NO_QUOTA(
            429,
            "no quota: waiting does not help",
            "OpenAI",
            json(
                    "{\"error\":{\"message\":\"You exceeded your current quota, please check your plan and billing details. WHY\",\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\"}}"),
            refused(ENGINE_REJECTED, "WHY")),
    PROXY_AUTHENTICATION(
            407,
            "a proxy that wants to know who asks",
            "company networks",
            html("407 Proxy Authentication Required WHY")),
    GONE(410, "an API that is no more", "retired models", json("{\"error\":{\"message\":\"WHY\",\"type\":\"gone\"}}")),
    TOO_EARLY(425, "a request that came too early", "CDNs", body("text/plain", "WHY"), failed(ENGINE_ERROR, "WHY")),
    NO_QUOTA_IN_WORDS(
            402,
            "no quota, in a list",
            "Cloudflare",
            json("{\"success\":false,\"errors\":[{\"code\":4006,\"message\":\"WHY\"}]}")),
    NOT_STREAMING(
            501,
            "that it cannot stream",
            "hand-made servers",
            json("{\"error\":{\"message\":\"WHY\",\"type\":\"not_implemented\"}}"),
            failed(ENGINE_ERROR, "WHY")),
    SERVER_ERROR(
            500,
            "an error of the server's",
            "all",
            json("{\"error\":{\"message\":\"WHY\",\"type\":\"server_error\",\"param\":null,\"code\":null}}"),
            failed(ENGINE_ERROR, "WHY")),
    BAD_GATEWAY(
            502,
            "a page: no server behind the gateway",
            "nginx",
            html("502 Bad Gateway WHY"),
            failed(ENGINE_ERROR, "WHY")),
    UNAVAILABLE(
            503,
            "a server that is away, and 1 s to wait",
            "load balancers",
            html("503 Service Unavailable WHY"),
            retry("1", 1_000)),
    LOADING(
            503,
            "a model that is being loaded",
            "llama.cpp",
            json("{\"error\":{\"code\":503,\"message\":\"Loading model WHY\",\"type\":\"unavailable_error\"}}"),
            failed(ENGINE_ERROR, "WHY")),
    GATEWAY_TIMEOUT(
            504,
            "a page: the server takes too long",
            "nginx, AWS",
            html("504 Gateway Time-out WHY"),
            failed(ENGINE_ERROR, "WHY")),
    CLOUDFLARE_TIMEOUT(
            524,
            "a page: the server takes too long",
            "Cloudflare",
            html("error code: 524 WHY"),
            failed(ENGINE_ERROR, "WHY")),
    OVERLOADED(
            529,
            "a server that is overloaded",
            "Anthropic",
            json("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded WHY\"}}"),
            failed(ENGINE_ERROR, "WHY"));

    private final Facts facts;
    private final int status;
    private final Function<Integer, Response.Whole> response;

    HttpErrorQuirk(int status, String what, String seenIn, Function<Integer, Response.Whole> response) {
        this(status, what, seenIn, response, refused(ENGINE_REJECTED, "WHY"));
    }

    HttpErrorQuirk(
            int status, String what, String seenIn, Function<Integer, Response.Whole> response, RetryAfter retry) {
        this(
                status,
                what,
                seenIn,
                number -> response.apply(number).header("retry-after", retry.value()),
                failed(status == 429 ? ENGINE_RATE_LIMITED : ENGINE_ERROR, "WHY")
                        .after(retry.time()));
    }

    HttpErrorQuirk(
            int status, String what, String seenIn, Function<Integer, Response.Whole> response, Outcome outcome) {
        this.facts = new Facts(
                outcome, Set.of(Api.CHAT_COMPLETIONS, Api.MESSAGES), "answers " + status + ": " + what, seenIn);
        this.status = status;
        this.response = response;
    }

    private record RetryAfter(String value, Duration time) {}

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Response response(ModelRequest request, Answer answer, Response before) {
        return response.apply(status);
    }

    private static RetryAfter retry(String value, long millis) {
        return new RetryAfter(value, Duration.ofMillis(millis));
    }

    private static DateTimeFormatter rfc850() {
        return DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.ENGLISH);
    }

    private static String inTwoSeconds(DateTimeFormatter form) {
        return form.format(ZonedDateTime.now(Clock.system(ZoneOffset.UTC)).plus(Duration.ofSeconds(2)));
    }

    private static String limit() {
        return "{\"error\":{\"message\":\"Rate limit reached: WHY\",\"type\":\"rate_limit_error\",\"param\":null,"
                + "\"code\":\"rate_limit_exceeded\"}}";
    }

    private static Function<Integer, Response.Whole> json(String json) {
        return body(Response.JSON, json);
    }

    private static Function<Integer, Response.Whole> body(String contentType, String body) {
        return status -> new Response.Whole(status, Map.of(), contentType, body);
    }

    private static Function<Integer, Response.Whole> html(String title) {
        return body(
                "text/html",
                "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title
                        + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
    }
}
