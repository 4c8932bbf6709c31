package dev.parley.topologies.preparing;

import dev.parley.chat.v1.TurnRequest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Makes turns that say nothing but what a test is about. */
final class Turns {

    private Turns() {}

    static TurnRequest asking(String question) {
        return asking(question, turn -> {});
    }

    static TurnRequest asking(String question, Consumer<TurnRequest.Builder> rest) {
        TurnRequest.Builder turn = TurnRequest.newBuilder()
                .setTenantId("default")
                .setConversationId("c1")
                .setWorkspaceId("main")
                .setTurnId("turn_1")
                .setGenerationId("turn_1.1")
                .setAssistantMessageId("msg_2")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.parse("2026-01-02T23:59:59Z"))
                .setContent(question)
                .setHistory(List.of())
                .setMetadata(Map.of())
                .setClassifyAttempt(1);
        rest.accept(turn);
        return turn.build();
    }
}
