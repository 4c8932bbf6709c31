package dev.parley.llm.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a model server says went wrong, in whatever form: the body of a refusal, or an event of a stream that had begun well.
 *
 * @param status an HTTP status, where it names one or says as much; 0: unknown
 * @param names codes and types, in lower case: {@code context_length_exceeded}, {@code overloaded_error}, {@code not_found}
 * @param message for a person to read; empty where it has no words. Of members that may quote the prompt nothing is kept
 * @param retryAfter how long it asks not to be asked again
 */
public record ServerError(int status, List<String> names, String message, Optional<Duration> retryAfter) {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int MAX_MESSAGE_CHARS = 500;
    private static final int MAX_WORDS_CHARS = 200;
    private static final int MAX_NAME_CHARS = 80;
    private static final int MAX_DETAILS = 5;

    private static final Pattern INVISIBLE = Pattern.compile("(?is)<(script|style|head)\\b.*?</\\1\\s*>|<!--.*?-->");
    private static final Pattern TITLE = Pattern.compile("(?is)<title[^>]*>(.*?)</title>");
    private static final Pattern TAG = Pattern.compile("(?s)<[^>]{0,1000}>");
    private static final Pattern SPACE = Pattern.compile("[\\s\\p{Cntrl}]+");
    private static final Pattern SECONDS = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,9})?)s");

    /** OpenAI's and Azure's words for it, where a gateway lost the header. */
    private static final Pattern IN_WORDS = Pattern.compile(
            "(?i)(?:try again|retry) (?:in|after) (\\d{1,6}(?:\\.\\d{1,9})?) ?(ms|s(?:ec(?:ond)?s?)?)\\b");

    public ServerError {
        names = List.copyOf(names);
    }

    /** One with nothing but words. */
    static ServerError saying(String message) {
        return new ServerError(0, List.of(), bounded(message), Optional.empty());
    }

    /** The body of a refusal: JSON of any form, HTML, or text. */
    public static ServerError ofBody(String body) {
        String text = body.strip();
        if (text.startsWith("{") || text.startsWith("[") || text.startsWith("\"")) {
            try {
                return of(MAPPER.readTree(text));
            } catch (JsonProcessingException e) {
                // Cut off, or no JSON after all: its first words have to do.
            }
        }
        if (text.startsWith("<")) {
            return saying(visible(text));
        }
        return saying(text);
    }

    /** What a browser would show of HTML: its title, or else its text. */
    private static String visible(String html) {
        String title = TITLE.matcher(html)
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElse("");
        return title.isBlank()
                ? TAG.matcher(INVISIBLE.matcher(html).replaceAll(" ")).replaceAll(" ")
                : title;
    }

    /** The error that a body is, though its status was one of success; empty where it is something else. */
    public static Optional<ServerError> found(String body) {
        try {
            JsonNode json = MAPPER.readTree(body);
            JsonNode first = json.isArray() && !json.isEmpty() ? json.get(0) : json;
            return first.isObject() && isError(first) ? Optional.of(of(first)) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** What a body that is no error begins with, as a person would read it. */
    public static String firstWords(String body) {
        String text = body.strip();
        return bounded(text.startsWith("<") ? visible(text) : text, MAX_WORDS_CHARS);
    }

    /** Whether an event without an answer in it is an error. */
    static boolean isError(JsonNode event) {
        JsonNode error = event.path("error");
        boolean named = (error.isObject() && !error.isEmpty())
                || (error.isTextual() && !error.asText().isEmpty())
                || (error.isBoolean() && error.asBoolean());
        boolean flat = event.path("object").asText().equals("error")
                || event.path("type").asText().equals("error")
                || event.path("status").asText().equals("error")
                || (event.path("errors").isArray() && !event.path("errors").isEmpty())
                || event.has("detail")
                || (event.has("message") && (event.has("code") || event.has("status") || event.has("status_code")));
        return named || (flat && !event.has("choices"));
    }

    /** An error in any of the usual forms. */
    static ServerError of(JsonNode json) {
        if (json.isArray() && !json.isEmpty()) {
            // Gemini's list of one.
            return of(json.get(0));
        }
        if (json.isTextual()) {
            return saying(json.asText());
        }
        boolean wrapped = json.path("error").isObject() || json.path("error").isTextual();
        JsonNode error = wrapped ? json.path("error") : json;
        List<String> names = new ArrayList<>();
        int status = 0;
        for (JsonNode each : wrapped ? List.of(error, json) : List.of(json)) {
            for (String member : List.of("code", "type", "status", "status_code", "error_type", "error_code")) {
                JsonNode said = each.path(member);
                int number = said.isTextual() && said.asText().matches("[45]\\d\\d")
                        ? Integer.parseInt(said.asText())
                        : said.asInt();
                if (number >= 400 && number <= 599) {
                    status = status == 0 ? number : status;
                } else if (said.isTextual() && !said.asText().isBlank()) {
                    names.add(name(said.asText()));
                }
            }
        }
        JsonNode inner = error.path("innererror").path("code");
        if (inner.isTextual()) {
            names.add(name(inner.asText()));
        }
        String message = words(error);
        if (message.isEmpty() && error.isTextual()) {
            message = error.asText();
        }
        return new ServerError(
                status == 0 ? statusOf(names) : status,
                names,
                bounded(withTheSource(message, error)),
                retryAfter(error, message));
    }

    private static String name(String said) {
        String name = said.strip().toLowerCase(Locale.ROOT);
        return name.length() <= MAX_NAME_CHARS ? name : name.substring(0, MAX_NAME_CHARS);
    }

    /** The words of an error object, wherever it has them. */
    private static String words(JsonNode error) {
        for (String member : List.of(
                "message",
                "Message",
                "detail",
                "details",
                "msg",
                "error_message",
                "errors",
                "title",
                "error",
                "reason")) {
            String found = text(error.path(member));
            if (!found.isEmpty()) {
                return found;
            }
        }
        return "";
    }

    private static String text(JsonNode said) {
        if (said.isTextual()) {
            return inner(said.asText().strip());
        }
        if (said.isArray()) {
            return said.valueStream()
                    .limit(MAX_DETAILS)
                    .map(ServerError::detail)
                    .filter(found -> !found.isEmpty())
                    .collect(Collectors.joining("; "));
        }
        return said.isObject() ? words(said) : "";
    }

    /** Some gateways wrap the error of the server behind them as JSON in the text of their own. */
    private static String inner(String text) {
        if (text.startsWith("{")) {
            try {
                String found = words(
                        MAPPER.readTree(text).path("error").isObject()
                                ? MAPPER.readTree(text).path("error")
                                : MAPPER.readTree(text));
                return found.isEmpty() ? text : found;
            } catch (JsonProcessingException e) {
                return text;
            }
        }
        return text;
    }

    /** One of FastAPI's complaints: where, and what; not {@code input}, which is what the caller sent. */
    private static String detail(JsonNode complaint) {
        if (complaint.isTextual()) {
            return complaint.asText();
        }
        String where = complaint.path("loc").valueStream().map(JsonNode::asText).collect(Collectors.joining("."));
        String what = words(complaint);
        return where.isEmpty() || what.isEmpty() ? what : where + ": " + what;
    }

    /** A router's own words ("Provider returned error") say little; those of the server behind it are in its metadata. */
    private static String withTheSource(String message, JsonNode error) {
        String source = text(error.path("metadata").path("raw"));
        return source.isEmpty() || message.contains(source) ? message : message + ": " + source;
    }

    private static Optional<Duration> retryAfter(JsonNode error, String message) {
        for (String member : List.of("retry_after", "retryAfter", "retry_after_seconds")) {
            JsonNode said = error.path(member);
            double seconds = said.isTextual() && said.asText().matches("\\d{1,6}(\\.\\d{1,9})?")
                    ? Double.parseDouble(said.asText())
                    : said.isNumber() ? said.asDouble() : -1;
            if (seconds >= 0 && seconds < 1e6) {
                return Optional.of(seconds(seconds));
            }
        }
        // Google's RetryInfo among the details.
        Optional<Duration> info = error.path("details")
                .valueStream()
                .map(detail -> SECONDS.matcher(detail.path("retryDelay").asText()))
                .filter(Matcher::matches)
                .map(delay -> seconds(Double.parseDouble(delay.group(1))))
                .findFirst();
        return info.or(() -> IN_WORDS.matcher(message)
                .results()
                .map(said -> seconds(
                        Double.parseDouble(said.group(1)) / (said.group(2).equals("ms") ? 1000 : 1)))
                .findFirst());
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis((long) Math.ceil(seconds * 1000));
    }

    /** The status that names stand for, where none was said. */
    private static int statusOf(List<String> names) {
        for (String name : names) {
            int status = switch (name) {
                case "rate_limit_error",
                        "rate_limit_exceeded",
                        "rate_limited",
                        "resource_exhausted",
                        "too_many_requests",
                        "toomanyrequests",
                        "throttlingexception",
                        "insufficient_quota" -> 429;
                case "invalid_request_error",
                        "invalid_request",
                        "invalid_argument",
                        "badrequesterror",
                        "bad_request",
                        "validationerror",
                        "validation_error",
                        "validationexception",
                        "failed_precondition",
                        "out_of_range",
                        "context_length_exceeded",
                        "exceed_context_size_error",
                        "unsupported_parameter",
                        "unsupported_value",
                        "content_filter",
                        "contextwindowexceedederror" -> 400;
                case "authentication_error",
                        "authenticationerror",
                        "unauthenticated",
                        "unauthorized",
                        "invalid_api_key" -> 401;
                case "billing_error", "payment_required" -> 402;
                case "permission_error", "permission_denied", "permissiondeniederror", "forbidden", "access_denied" ->
                    403;
                case "not_found_error", "notfounderror", "not_found", "model_not_found" -> 404;
                case "request_too_large" -> 413;
                case "unprocessable_entity", "unprocessableentityerror" -> 422;
                case "overloaded_error", "overloaded", "engine_overloaded", "unavailable", "serviceunavailableerror" ->
                    503;
                case "timeout_error", "deadline_exceeded" -> 504;
                default -> 0;
            };
            if (status != 0) {
                return status;
            }
        }
        return 0;
    }

    private static String bounded(String words) {
        return bounded(words, MAX_MESSAGE_CHARS);
    }

    private static String bounded(String words, int maxChars) {
        String line = SPACE.matcher(words).replaceAll(" ").strip();
        if (line.length() <= maxChars) {
            return line;
        }
        int end = Character.isHighSurrogate(line.charAt(maxChars - 1)) ? maxChars - 1 : maxChars;
        return line.substring(0, end) + "…";
    }
}
