package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the AI SDK's chat transports send: the whole chat as the client has it, of which the last message is new.
 *
 * @param regenerate whether to answer the last question anew, rather than take a new one
 * @param answer to be replaced; empty: the latest
 * @param earlier messages before what is said; they count only where the conversation is new
 * @param last what is said; empty for a regeneration
 * @param options that the page brings; empty where it leaves them to the server
 */
record UiChatRequest(
        boolean regenerate,
        Optional<String> answer,
        List<PromptMessage> earlier,
        Optional<Said> last,
        Optional<GenerationOptions> options,
        Handling handling) {

    private static final int MAX_MESSAGES = 10_000;

    /** What a chat's client says. */
    sealed interface Said {

        /** A user's message under the id that its client gave it. */
        record Text(String id, String text) implements Said {}

        /**
         * What came of the tools that an answer called.
         *
         * @param answerId the answer's, as the client has it: what is said now goes on with it
         * @param results one for each call
         */
        record Results(String answerId, List<PromptMessage> results) implements Said {}
    }

    /**
     * Reads a request.
     *
     * @param envelope with {@code messages}, {@code trigger}, {@code messageId}
     * @param own with what this server understands beside them; the envelope itself over HTTP
     */
    static UiChatRequest of(JsonBody envelope, JsonBody own) {
        boolean regenerate = envelope.oneOf("trigger", List.of("submit-message", "regenerate-message"))
                .filter("regenerate-message"::equals)
                .isPresent();
        Optional<String> messageId = envelope.text("messageId", Request.ID, Request.ID_RULE);
        Handling handling = Handling.of(own);
        Optional<GenerationOptions> options = UiOptions.of(own);
        if (regenerate) {
            // The question keeps the options that it was asked with.
            envelope.pass("messages");
            return new UiChatRequest(true, messageId, List.of(), Optional.empty(), Optional.empty(), handling);
        }
        List<JsonBody> messages = envelope.objects("messages", MAX_MESSAGES);
        if (messages.isEmpty()) {
            throw envelope.refusal("messages", "must hold at least one message");
        }
        JsonBody last = messages.getLast();
        Optional<Said.Results> results = results(last);
        messageId
                .filter(id -> results.isEmpty() || !results.get().answerId().equals(id))
                .ifPresent(id -> {
                    throw envelope.refusal(
                            "messageId",
                            "must be left out: an earlier message cannot be changed; start another chat from it");
                });
        List<PromptMessage> earlier = new ArrayList<>();
        messages.subList(0, messages.size() - 1).forEach(message -> earlier.addAll(earlier(message)));
        if (results.isPresent()) {
            // Where the conversation is new, the calls are as well.
            List<PromptMessage> answer = UiParts.of(last).answer();
            earlier.addAll(
                    answer.subList(0, answer.size() - results.get().results().size()));
        }
        Said said = results.isPresent() ? results.get() : text(last);
        return new UiChatRequest(false, Optional.empty(), earlier, Optional.of(said), options, handling);
    }

    /** Empty where a message is no answer with results of tools at its end. */
    private static Optional<Said.Results> results(JsonBody message) {
        if (!message.requiredText("role").equals("assistant")) {
            return Optional.empty();
        }
        List<PromptMessage> results = UiParts.of(message).lastResults();
        return results.isEmpty()
                ? Optional.empty()
                : Optional.of(new Said.Results(
                        message.text("id", Request.ID, Request.ID_RULE)
                                .orElseThrow(() -> JsonBody.required(message.at("id"))),
                        results));
    }

    private static Said.Text text(JsonBody message) {
        if (!message.requiredText("role").equals("user")) {
            throw message.refusal(
                    "role", "must be user in the last message, unless that has results of the tools that it calls");
        }
        String text = UiParts.of(message).text();
        if (text.isBlank()) {
            throw message.refusal("parts", "must hold a text that is not blank");
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > Question.MAX_CONTENT_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "must have at most " + Question.MAX_CONTENT_BYTES + " bytes in UTF-8",
                    message.at("parts"));
        }
        return new Said.Text(message.text("id").orElseGet(Request::uniqueId), text);
    }

    private static List<PromptMessage> earlier(JsonBody message) {
        String role = message.oneOf("role", List.of("system", "user", "assistant"))
                .orElseThrow(() -> JsonBody.required(message.at("role")));
        UiParts parts = UiParts.of(message);
        return switch (role) {
            // Instructions that say nothing are none.
            case "system" ->
                parts.text().isBlank()
                        ? List.of()
                        : List.of(new PromptMessage(Role.SYSTEM, parts.text(), List.of(), null, null));
            case "user" -> List.of(new PromptMessage(Role.USER, parts.text(), List.of(), null, null));
            default -> parts.answer();
        };
    }
}
