package dev.parley.ingest.protocol.anthropic;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.http.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What is told of a call's input while a model writes its arguments. Clients put the pieces together and read one object, so that
 * nothing is told but what can still become one; whether it did shows at the end.
 */
final class InputSoFar {

    private final JsonParser parser;
    private final ByteArrayFeeder feeder;
    private final StringBuilder waiting = new StringBuilder();
    private final StringBuilder told = new StringBuilder();
    private int depth;
    private boolean begun;
    private boolean possible = true;

    InputSoFar() {
        try {
            parser = Json.MAPPER.getFactory().createNonBlockingByteArrayParser();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // It reads from memory.
        }
        feeder = (ByteArrayFeeder) parser.getNonBlockingInputFeeder();
    }

    /** What to tell now that {@code piece}, of whole characters, was written; empty where nothing is certain enough. */
    String add(String piece) {
        possible &= isPossible(piece);
        if (!possible) {
            return "";
        }
        waiting.append(piece);
        if (!begun) {
            return ""; // Of a call without arguments, models write blanks as well.
        }
        String next = waiting.toString();
        waiting.setLength(0);
        told.append(next);
        return next;
    }

    private boolean isPossible(String piece) {
        byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
        try {
            feeder.feedInput(bytes, 0, bytes.length);
            for (JsonToken token = parser.nextToken();
                    token != null && token != JsonToken.NOT_AVAILABLE;
                    token = parser.nextToken()) {
                if (depth == 0 && (begun || token != JsonToken.START_OBJECT)) {
                    return false;
                }
                begun = true;
                depth += token.isStructStart() ? 1 : 0;
                depth -= token.isStructEnd() ? 1 : 0;
            }
            return true;
        } catch (JsonProcessingException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e); // It reads from memory.
        }
    }

    /**
     * What is still to be told of a call that is whole.
     *
     * @param cutShort whether the answer ends before its model had said all, so that half an object is what its client expects
     * @return empty where what was told is no beginning of the call's input
     */
    Optional<String> rest(ToolCall call, boolean cutShort) {
        String input = MessageJson.inputText(call);
        if (input.startsWith(told.toString())) {
            return Optional.of(input.substring(told.length()));
        }
        String arguments = call.getArguments();
        return cutShort && possible && arguments.startsWith(told.toString())
                ? Optional.of(add(arguments.substring(told.length()))).filter(rest -> possible)
                : Optional.empty();
    }
}
