package dev.parley.ingest.protocol.aisdk;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.door.ShownPath.Shown;
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
 * @param regenerate whether to answer {@code last} anew, rather than take it
 * @param messageId of the message that is edited or answered anew; empty: the last
 * @param earlier messages before {@code last}; empty where the client does not say what it shows
 * @param last what is said, or the question to be answered anew; empty for a regeneration of which only the id is known
 * @param options that the page brings; empty where it leaves them to the server
 */
record UiChatRequest(
        boolean regenerate,
        Optional<String> messageId,
        Optional<List<Shown>> earlier,
        Optional<Said> last,
        Optional<GenerationOptions> options,
        Handling handling) {

    private static final int MAX_MESSAGES = 10_000;

    /** What a chat's client says. */
    sealed interface Said permits Words, Results {}

    /** A user's message under the id that its client gave it. */
    record Words(String id, String text) implements Said {

        /** As a prompt has it. */
        PromptMessage message() {
            return new PromptMessage(Role.USER, text, List.of(), null, null);
        }
    }

    /**
     * What came of the tools that an answer called.
     *
     * @param answerId the answer's, as the client has it: what is said now goes on with it
     * @param results one for each call
     */
    record Results(String answerId, List<PromptMessage> results) implements Said {}

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
        Optional<JsonBody> single = envelope.object("message");
        List<JsonBody> messages =
                single.isPresent() ? List.of(single.get()) : envelope.objects("messages", MAX_MESSAGES);
        if (regenerate) {
            // The question keeps the options that it was asked with.
            return messages.isEmpty()
                    ? new UiChatRequest(true, messageId, Optional.empty(), Optional.empty(), Optional.empty(), handling)
                    : asking(true, messageId, upToQuestion(envelope, messages, messageId), options, handling);
        }
        if (messages.isEmpty()) {
            throw envelope.refusal("messages", "must hold at least one message");
        }
        if (messageId.isPresent() && !messageId.equals(messages.getLast().text("id"))) {
            throw envelope.refusal("messageId", "must be that of the last message: those after an edited one are gone");
        }
        UiChatRequest request = asking(false, messageId, messages, options, handling);
        return single.isEmpty()
                ? request
                : new UiChatRequest(false, messageId, Optional.empty(), request.last(), options, handling);
    }

    /** The messages up to the question that is to be answered anew: that of the named answer, or the last. */
    private static List<JsonBody> upToQuestion(JsonBody envelope, List<JsonBody> messages, Optional<String> messageId) {
        int end = messages.size();
        for (int i = 0; i < messages.size(); i++) {
            if (messageId.isPresent() && messageId.equals(messages.get(i).text("id"))) {
                end = i + 1;
            }
        }
        while (end > 0 && messages.get(end - 1).requiredText("role").equals("assistant")) {
            end--;
        }
        if (end == 0) {
            throw envelope.refusal("messages", "must hold the question that is to be answered again");
        }
        return messages.subList(0, end);
    }

    private static UiChatRequest asking(
            boolean regenerate,
            Optional<String> messageId,
            List<JsonBody> messages,
            Optional<GenerationOptions> options,
            Handling handling) {
        JsonBody last = messages.getLast();
        Optional<Results> results = results(last);
        List<Shown> earlier = new ArrayList<>();
        messages.subList(0, messages.size() - 1).forEach(message -> earlier.addAll(shown(message, earlier(message))));
        if (results.isPresent()) {
            List<PromptMessage> answer = UiParts.of(last).answer();
            earlier.addAll(shown(
                    last,
                    answer.subList(0, answer.size() - results.get().results().size())));
        }
        Said said = results.isPresent() ? results.get() : text(last);
        return new UiChatRequest(regenerate, messageId, Optional.of(earlier), Optional.of(said), options, handling);
    }

    private static List<Shown> shown(JsonBody message, List<PromptMessage> prompts) {
        String id = message.text("id").orElse("");
        return prompts.stream().map(prompt -> new Shown(prompt, id)).toList();
    }

    /** Empty where a message is no answer with results of tools at its end. */
    private static Optional<Results> results(JsonBody message) {
        if (!message.requiredText("role").equals("assistant")) {
            return Optional.empty();
        }
        List<PromptMessage> results = UiParts.of(message).lastResults();
        return results.isEmpty()
                ? Optional.empty()
                : Optional.of(new Results(
                        message.text("id", Request.ID, Request.ID_RULE)
                                .orElseThrow(() -> JsonBody.required(message.at("id"))),
                        results));
    }

    private static Words text(JsonBody message) {
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
        return new Words(message.text("id").orElseGet(Request::uniqueId), text);
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
