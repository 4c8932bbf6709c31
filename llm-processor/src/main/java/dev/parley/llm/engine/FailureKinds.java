package dev.parley.llm.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.exception.HttpException;
import dev.parley.llm.engine.StreamWatch.SilentStreamException;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import org.jspecify.annotations.Nullable;

/** The one place that says what an engine's failure means. */
final class FailureKinds {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int MAX_DETAIL_CHARS = 300;

    private FailureKinds() {}

    static Engine.Outcome.Failed of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Engine.Outcome.Failed known = known(cause);
            if (known != null) {
                return known;
            }
        }
        return new Engine.Outcome.Failed(
                ErrorCode.ENGINE_ERROR,
                "the model server's stream broke: " + failure.getClass().getSimpleName());
    }

    private static Engine.Outcome.@Nullable Failed known(Throwable cause) {
        return switch (cause) {
            case HttpException http -> refused(http.statusCode(), http.getMessage());
            case SilentStreamException silent ->
                failed(ErrorCode.ENGINE_TIMEOUT, "the model server fell silent in mid-answer");
            case HttpTimeoutException timeout ->
                failed(ErrorCode.ENGINE_TIMEOUT, "the model server did not answer in time");
            case ConnectException connect ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server does not accept connections");
            case UnknownHostException unknown ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case UnresolvedAddressException unresolved ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case JsonProcessingException json ->
                failed(ErrorCode.ENGINE_PROTOCOL, "the model server sent something that is no OpenAI-compatible event");
            case IOException io -> failed(ErrorCode.ENGINE_ERROR, "the connection to the model server broke");
            default -> null;
        };
    }

    private static Engine.Outcome.Failed refused(int status, @Nullable String body) {
        String detail = "the model server answered " + status + message(body);
        if (status == 429) {
            return failed(ErrorCode.ENGINE_RATE_LIMITED, detail);
        }
        return failed(status / 100 == 4 && status != 408 ? ErrorCode.ENGINE_REJECTED : ErrorCode.ENGINE_ERROR, detail);
    }

    /** The server's own words, where it speaks OpenAI's error format; anything else may quote the prompt. */
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
            // Not OpenAI's format: the status has to do.
        }
        return "";
    }

    private static Engine.Outcome.Failed failed(ErrorCode code, String detail) {
        return new Engine.Outcome.Failed(code, detail);
    }
}
