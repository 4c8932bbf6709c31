package dev.parley.llm;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import java.time.Instant;
import java.util.List;

/** Orders to workers, of which tests say what they are about. */
public final class Orders {

    private Orders() {}

    /** The first attempt of one turn's answer. */
    public static GenerationRequest.Builder of(String engine, List<PromptMessage> messages) {
        return GenerationRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c")
                .setTurnId("turn")
                .setGenerationId("turn.1")
                .setAssistantMessageId("a")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setEngine(engine)
                .setMessages(messages);
    }
}
