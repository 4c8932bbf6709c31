package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.schemas.settings.Settings;
import dev.parley.topologies.aggregate.Cause;
import dev.parley.topologies.aggregate.Deadline;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TurnDeadlinesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final ConversationSettings SETTINGS = ConversationSettings.from(Settings.of());

    private static Conversation in(Phase phase) {
        Turn turn = new Turn(
                new TurnId("one"),
                new MessageId("user"),
                new MessageId("answer"),
                new Turn.Question("Why?", null, null, Map.of(), null),
                NOW,
                new Turn.Place.Latest());
        Running running = Running.begun(turn, 0, null, NOW).in(phase);
        return new Conversation("w", false, true, 3, new Tree(1, null), running, List.of(), List.of());
    }

    private static Deadline<Input> deadline(String name, Class<? extends Phase> phase, Duration limit) {
        return new Deadline<>(
                new Cause<>(new Input.DeadlinePassed(new TurnId("one"), 1, phase), "one/deadline/" + name), limit);
    }

    @Test
    void eachPhaseOfATurnHasItsOwn() {
        assertThat(TurnDeadlines.of(in(new Phase.Preparing()), SETTINGS))
                .isEqualTo(deadline("preparing", Phase.Preparing.class, Duration.ofMinutes(2)));
        assertThat(TurnDeadlines.of(in(new Phase.Classifying(2, Duration.ofSeconds(3))), SETTINGS))
                .isEqualTo(deadline("classifying", Phase.Classifying.class, Duration.ofSeconds(3)));
        assertThat(TurnDeadlines.of(in(new Phase.Generating()), SETTINGS))
                .isEqualTo(deadline("generating", Phase.Generating.class, Duration.ofMinutes(10)));
        assertThat(TurnDeadlines.of(in(new Phase.Cancelling(Ending.CANCELLED)), SETTINGS))
                .isEqualTo(deadline("cancelling", Phase.Cancelling.class, Duration.ofSeconds(10)));
    }

    @Test
    void aConversationWithoutARunningTurnMayStandForEver() {
        assertThat(TurnDeadlines.of(Conversation.NONE, SETTINGS)).isNull();
    }
}
