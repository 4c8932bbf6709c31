package dev.parley.stack.scripted;

import dev.parley.schemas.TokenEstimate;
import dev.parley.stack.scripted.Script.Answer;
import java.util.Map;

/** How an API puts a script on the wire, as its own provider does. */
sealed interface Dialect permits ChatCompletions, Messages {

    static Dialect of(Api api) {
        return switch (api) {
            case CHAT_COMPLETIONS -> new ChatCompletions();
            case MESSAGES -> new Messages();
            case MODELS -> throw new IllegalArgumentException("a list of models says nothing");
        };
    }

    /** As a stream of events. */
    Response streamed(ModelRequest request, Answer answer);

    /** In one piece. */
    Response whole(ModelRequest request, Answer answer);

    /** An error object, for the body of a response or for a stream. */
    String error(int status, String message);

    /** An error in its usual form. */
    default Response.Whole refusal(int status, String message) {
        return new Response.Whole(status, Map.of(), Response.JSON, error(status, message));
    }

    /** What an answer comes to: roughly, for English; this server has no tokenizer. */
    record Tokens(int input, int output) {

        static Tokens of(ModelRequest request, Answer answer) {
            int characters = request.messages().stream()
                    .mapToInt(message -> message.text().length())
                    .sum();
            return new Tokens(
                    Math.max(1, TokenEstimate.ofChars(characters)),
                    answer.deltas().size());
        }
    }
}
