package dev.parley.ingest.protocol.nativeapi;

import dev.parley.chat.v1.Role;
import dev.parley.ingest.contract.DocumentedEvents;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Feedback;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import dev.parley.sinks.postgres.ConversationSnapshot.Utterance;
import dev.parley.sinks.postgres.MessageTree;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Holds what no call produces here against the OpenAPI document. */
class DocumentedSnapshotTest {

    @Test
    void aSnapshotThatHasEverythingIsAsDocumented() {
        PublishedOpenApi.ofThisBuild()
                .assertDocumented("ConversationSnapshot", List.of(Views.snapshot(full()), Views.tree(full())));
    }

    /** One that has everything that a snapshot may have, with a message of every status. */
    private static ConversationSnapshot full() {
        List<Message> messages = new ArrayList<>();
        String before = "";
        for (Status status : Status.values()) {
            String id = "message-" + status;
            messages.add(new Message(
                    id,
                    "t",
                    new Utterance(Role.ASSISTANT, "No", Optional.of(before)),
                    Optional.of(new Sent(
                            "fingerprint", List.of(DocumentedEvents.ASKED_EARLIER, DocumentedEvents.TOOL_RESULT))),
                    status,
                    Instant.EPOCH,
                    new ConversationSnapshot.Answer(
                            Optional.of(Instant.EPOCH),
                            Optional.of("thought"),
                            Optional.of("stop"),
                            new ConversationSnapshot.Spent(
                                    Optional.of(DocumentedEvents.USAGE), Optional.of(DocumentedEvents.UPSTREAM)),
                            List.of(DocumentedEvents.SOURCE),
                            List.of(DocumentedEvents.TOOL_CALL),
                            Optional.of(new Origin("engine", "model")),
                            Optional.of(new Failure("engine_error", "it broke"))),
                    Optional.of(new Feedback("up", Optional.of("good")))));
            before = id;
        }
        return new ConversationSnapshot(
                new Summary("c", Optional.of("T"), "w", Map.of("k", "v"), Instant.EPOCH, Instant.EPOCH, 8, false),
                MessageTree.of(messages, before, Optional.empty()),
                Optional.of(new ActiveTurn("t", "m1", "m2", Instant.EPOCH)),
                7);
    }
}
