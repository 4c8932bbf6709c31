package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * What stands for a conversation's past in its further course: a model's summary of it, in the item that OpenAI has for that. Its
 * {@code encrypted_content} is no secret, and none of its caller's to read: the summary's UTF-8 in Base64, behind a mark.
 */
record Compaction(String summary) {

    static final String TYPE = "compaction";

    private static final String MARK = "parley1.";

    /** Reads an item. */
    static Compaction of(JsonBody item) {
        String opaque = item.requiredText("encrypted_content");
        item.pass("id");
        item.pass("created_by");
        item.unusedRest(ChatCompletionRequest.MEANINGFUL);
        if (!opaque.startsWith(MARK)) {
            throw item.refusal("encrypted_content", "is not of this server's making");
        }
        try {
            byte[] utf8 = Base64.getUrlDecoder().decode(opaque.substring(MARK.length()));
            return new Compaction(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw item.refusal("encrypted_content", "is not whole");
        }
    }

    /** The item, without its id. */
    ObjectNode json() {
        byte[] utf8 = summary.getBytes(StandardCharsets.UTF_8);
        return Json.object()
                .put("type", TYPE)
                .put(
                        "encrypted_content",
                        MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(utf8));
    }

    /** As a model is shown it. */
    PromptMessage message() {
        return new PromptMessage(
                Role.SYSTEM, "A summary of the conversation so far:\n\n" + summary, List.of(), null, null);
    }
}
