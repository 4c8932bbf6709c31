package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Role;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Utterance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Questions are called {@code u1}, their answers {@code a1}. */
class MessageTreeTest {

    private final List<Message> messages = new ArrayList<>();

    private void add(String id, @Nullable String after, Status status) {
        Role role = id.startsWith("u") ? Role.USER : Role.ASSISTANT;
        messages.add(new Message(
                id,
                "turn",
                new Utterance(role, id, Optional.ofNullable(after)),
                Optional.empty(),
                status,
                Instant.EPOCH,
                Answer.NONE,
                Optional.empty()));
    }

    private void exchange(String number, String after) {
        add("u" + number, after, Status.ACCEPTED);
        add("a" + number, "u" + number, Status.COMPLETED);
    }

    private void exchangeOfBefore(String number) {
        add("u" + number, null, Status.ACCEPTED);
        add("a" + number, null, Status.COMPLETED);
    }

    private List<String> path(@Nullable String tip) {
        return ids(MessageTree.of(messages, tip, Optional.empty()).path());
    }

    private List<String> pathTo(String tip, String running) {
        ActiveTurn turn = new ActiveTurn("turn", "u" + running, "a" + running, Instant.EPOCH);
        return ids(MessageTree.of(messages, tip, Optional.of(turn)).path());
    }

    private static List<String> ids(List<Message> messages) {
        return messages.stream().map(Message::id).toList();
    }

    @Test
    void aConversationWithoutMessagesHasNone() {
        assertThat(path(null)).isEmpty();
        assertThat(path("")).isEmpty();
    }

    @Test
    void thePathIsTheBranchOfTheTip() {
        exchange("1", "");
        exchange("2", "a1");
        exchange("3", "a1");
        add("again", "u3", Status.COMPLETED);

        assertThat(path("a2")).containsExactly("u1", "a1", "u2", "a2");
        assertThat(path("a3")).containsExactly("u1", "a1", "u3", "a3");
        assertThat(path("again")).containsExactly("u1", "a1", "u3", "again");
        assertThat(path("a1")).containsExactly("u1", "a1");
        assertThat(path("")).isEmpty();
        assertThat(ids(MessageTree.of(messages, "a2", Optional.empty()).all()))
                .containsExactly("u1", "a1", "u2", "a2", "u3", "a3", "again");
    }

    @Test
    void theTurnThatRunsIsAtItsEnd() {
        exchange("1", "");
        exchange("2", "a1");
        add("u3", "a1", Status.ACCEPTED);
        add("a3", "u3", Status.GENERATING);

        assertThat(pathTo("a1", "3")).containsExactly("u1", "a1", "u3", "a3");
    }

    @Test
    void whatWaitsOrWasCalledOffIsShownWhereItCame() {
        exchange("1", "");
        add("u2", null, Status.CANCELLED);
        exchange("3", "a1");
        add("u4", null, Status.QUEUED);
        add("u5", "a1", Status.QUEUED);

        assertThat(path("a3")).containsExactly("u1", "a1", "u2", "u3", "a3", "u4", "u5");
    }

    @Test
    void whatWasTakenBackIsShownOnItsBranchAlone() {
        exchange("1", "");
        add("u2", "a1", Status.FORGOTTEN);
        add("a2", "u2", Status.FORGOTTEN);
        exchange("3", "a1");
        exchange("4", "");

        assertThat(path("a3")).containsExactly("u1", "a1", "u2", "a2", "u3", "a3");
        assertThat(path("a4")).containsExactly("u4", "a4");
    }

    @Test
    void messagesOfBeforeThereWereBranchesAreOneBranch() {
        exchangeOfBefore("1");
        add("u2", null, Status.ACCEPTED);
        add("a2", null, Status.SUPERSEDED);
        add("again", null, Status.COMPLETED);

        assertThat(path(null)).containsExactly("u1", "a1", "u2", "again");
    }

    @Test
    void branchesBeginAtMessagesOfBeforeThereWereAny() {
        exchangeOfBefore("1");
        exchangeOfBefore("2");
        exchange("3", "a2");
        exchange("4", "a1");
        add("again", "u2", Status.COMPLETED);

        assertThat(path("a3")).containsExactly("u1", "a1", "u2", "a2", "u3", "a3");
        assertThat(path("a4")).containsExactly("u1", "a1", "u4", "a4");
        assertThat(path("again")).containsExactly("u1", "a1", "u2", "again");
        assertThat(MessageTree.of(messages, "a4", Optional.empty()).all().stream()
                        .map(Message::after))
                .as("each says what it follows")
                .allSatisfy(after -> assertThat(after).isPresent());
    }
}
