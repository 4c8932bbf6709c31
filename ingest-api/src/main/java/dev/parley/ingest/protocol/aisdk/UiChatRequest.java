package dev.parley.ingest.protocol.aisdk;

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
 * @param earlier messages before the last; they count only where the conversation is new
 * @param last what the user says; empty for a regeneration
 */
record UiChatRequest(
        boolean regenerate,
        Optional<String> answer,
        List<PromptMessage> earlier,
        Optional<Said> last,
        Handling handling) {

    private static final int MAX_MESSAGES = 10_000;
    private static final int MAX_PARTS = 10_000;

    /** A user's message under the id that its client gave it. */
    record Said(String id, String text) {}

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
        if (regenerate) {
            envelope.pass("messages");
            return new UiChatRequest(true, messageId, List.of(), Optional.empty(), handling);
        }
        if (messageId.isPresent()) {
            throw envelope.refusal(
                    "messageId", "must be left out: an earlier message cannot be changed; start another chat from it");
        }
        List<JsonBody> messages = envelope.objects("messages", MAX_MESSAGES);
        if (messages.isEmpty()) {
            throw envelope.refusal("messages", "must hold at least one message");
        }
        List<PromptMessage> earlier = new ArrayList<>();
        messages.subList(0, messages.size() - 1).forEach(message -> earlier.add(earlier(message)));
        return new UiChatRequest(false, Optional.empty(), earlier, Optional.of(said(messages.getLast())), handling);
    }

    private static Said said(JsonBody message) {
        if (!message.requiredText("role").equals("user")) {
            throw message.refusal("role", "must be user in the last message");
        }
        String text = text(message);
        if (text.isBlank()) {
            throw message.refusal("parts", "must hold a text that is not blank");
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > Question.MAX_CONTENT_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "must have at most " + Question.MAX_CONTENT_BYTES + " bytes in UTF-8",
                    message.at("parts"));
        }
        return new Said(message.text("id").orElseGet(Request::uniqueId), text);
    }

    private static PromptMessage earlier(JsonBody message) {
        String role = message.oneOf("role", List.of("system", "user", "assistant"))
                .orElseThrow(() -> JsonBody.required(message.at("role")));
        return new PromptMessage(
                switch (role) {
                    case "system" -> Role.SYSTEM;
                    case "user" -> Role.USER;
                    default -> Role.ASSISTANT;
                },
                text(message),
                List.of(),
                null,
                null);
    }

    /** The text of a message. Its other parts are what a client shows beside it, but for files, which would be missed. */
    private static String text(JsonBody message) {
        StringBuilder text = new StringBuilder();
        for (JsonBody part : message.objects("parts", MAX_PARTS)) {
            String type = part.requiredText("type");
            if (type.equals("text")) {
                text.append(part.requiredText("text"));
            } else if (type.equals("file")) {
                throw part.refusal("type", "must not be file: this server takes text alone");
            }
        }
        return text.toString();
    }
}
