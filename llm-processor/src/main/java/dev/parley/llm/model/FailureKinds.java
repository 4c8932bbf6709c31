package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.model.anthropic.internal.api.AnthropicStreamingException;
import dev.parley.llm.model.StreamWatch.SilentStreamException;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The one place that says what a model's failure means. */
final class FailureKinds {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int MAX_DETAIL_CHARS = 300;

    private FailureKinds() {}

    static Model.Outcome.Failed of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Model.Outcome.Failed known = known(cause);
            if (known != null) {
                return known;
            }
        }
        return new Model.Outcome.Failed(
                ErrorCode.ENGINE_ERROR,
                "the model server's stream broke: " + failure.getClass().getSimpleName());
    }

    private static Model.Outcome.@Nullable Failed known(Throwable cause) {
        return switch (cause) {
            case RefusedException refused -> refused(refused.statusCode(), refused.getMessage(), refused.retryAfter());
            case AnthropicStreamingException streamed -> broken(streamed.type());
            case SilentStreamException silent -> failed(ErrorCode.ENGINE_TIMEOUT, "the model server fell silent");
            case HttpTimeoutException timeout ->
                failed(ErrorCode.ENGINE_TIMEOUT, "the model server did not answer in time");
            case ConnectException connect ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server does not accept connections");
            case UnknownHostException unknown ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case UnresolvedAddressException unresolved ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case JsonProcessingException json ->
                failed(ErrorCode.ENGINE_PROTOCOL, "the model server sent something that is not its protocol");
            case IOException io -> failed(ErrorCode.ENGINE_ERROR, "the connection to the model server broke");
            default -> null;
        };
    }

    private static Model.Outcome.Failed refused(int status, @Nullable String body, Optional<Duration> retryAfter) {
        ErrorCode code = status == 429
                ? ErrorCode.ENGINE_RATE_LIMITED
                : status / 100 == 4 && status != 408 ? ErrorCode.ENGINE_REJECTED : ErrorCode.ENGINE_ERROR;
        return new Model.Outcome.Failed(code, "the model server answered " + status + message(body), retryAfter);
    }

    /** An error that Anthropic sends as an event of a stream that had begun well. */
    private static Model.Outcome.Failed broken(@Nullable String type) {
        ErrorCode code = switch (type == null ? "" : type) {
            case "rate_limit_error" -> ErrorCode.ENGINE_RATE_LIMITED;
            case "invalid_request_error",
                    "authentication_error",
                    "permission_error",
                    "not_found_error",
                    "request_too_large" -> ErrorCode.ENGINE_REJECTED;
            default -> ErrorCode.ENGINE_ERROR;
        };
        return failed(code, "the model server broke off: " + type);
    }

    /** The server's own words, where it speaks the error format that OpenAI and Anthropic share; anything else may quote the prompt. */
    private static String message(@Nullable String body) {
        if (body == null) {
            return "";
        }
        try {
            JsonNode message = MAPPER.readTree(body).at("/error/message");
            if (message.isTextual()) {
                String text = message.asText();
                return ": " + (text.length() <= MAX_DETAIL_CHARS ? text : text.substring(0, MAX_DETAIL_CHARS) + "…");
            }
        } catch (JsonProcessingException e) {
            // Another format: the status has to do.
        }
        return "";
    }

    private static Model.Outcome.Failed failed(ErrorCode code, String detail) {
        return new Model.Outcome.Failed(code, detail);
    }
}
