package dev.parley.ingest.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.files.FakeFiles;
import dev.parley.ingest.files.Files;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.SseEdge.End;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Generations whose only reader leaves. */
class AbandonedTest {

    private static final String TURN = "turn_1";

    private final FakeWorld world = new FakeWorld();
    private final Door door = new Door(
            world,
            world.feed(),
            world.queries(),
            new Files(new FakeFiles(), new FakeFiles(), world.configurations()),
            new SimpleMeterRegistry());
    private final Abandoned abandoned = new Abandoned(door.turns());
    private final ConversationKey conversation = world.conversation("c");

    @AfterEach
    void close() {
        door.close();
    }

    private void read(boolean keyed, Abandoned.Reading<Exception> reading) throws Exception {
        End _ = abandoned.watch(conversation, TURN, keyed, reading);
    }

    private List<String> stopped() {
        return world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(CancelTurn.class::isInstance)
                .map(command -> String.valueOf(((CancelTurn) command).getTurnId()))
                .toList();
    }

    @Test
    void aReaderThatLeavesStopsItsTurn() throws Exception {
        read(false, () -> End.GONE);

        assertThat(stopped()).containsExactly(TURN);
    }

    @Test
    void aReaderThatWasToldAllOrLetGoStopsNothing() throws Exception {
        read(false, () -> End.OVER);
        read(false, () -> End.BROKEN_OFF);
        read(true, () -> End.OVER);
        assertThatThrownBy(() -> read(false, () -> {
                    throw new IOException("never began");
                }))
                .isInstanceOf(IOException.class);

        assertThat(stopped()).isEmpty();
    }

    @Test
    void onlyTheLastOfSeveralReadersStopsIt() throws Exception {
        read(false, () -> {
            read(false, () -> End.GONE);
            read(false, () -> End.OVER);
            assertThat(stopped()).isEmpty();
            return End.GONE;
        });

        assertThat(stopped()).containsExactly(TURN);
    }

    @Test
    void readersOfAnotherTurnDoNotCount() throws Exception {
        End _ = abandoned.watch(conversation, "turn_2", false, () -> {
            read(false, () -> End.GONE);
            return End.OVER;
        });

        assertThat(stopped()).containsExactly(TURN);
    }

    @Test
    void aReaderThatFailsCountsNoMore() throws Exception {
        assertThatThrownBy(() -> read(false, () -> {
                    throw new IOException("failed");
                }))
                .isInstanceOf(IOException.class);
        read(false, () -> End.GONE);

        assertThat(stopped()).containsExactly(TURN);
    }

    @Test
    void aReaderWithAKeyIsWaitedForAndThenItsTurnIsStopped() throws Exception {
        read(true, () -> End.GONE);

        await().atMost(Duration.ofSeconds(60)).until(() -> stopped().equals(List.of(TURN)));
    }

    @Test
    void aReaderThatMayComeBackStopsItsTurnOnlyWhereItDoesNot() throws Exception {
        End _ = abandoned.watch(conversation, TURN, Duration.ofMillis(1), () -> End.GONE);

        await().atMost(Duration.ofSeconds(60)).until(() -> stopped().equals(List.of(TURN)));
    }

    @Test
    void whoeverReadsATurnKeepsItFromBeingStopped() throws Exception {
        try (Abandoned.Reader reader = abandoned.attend(TURN)) {
            read(false, () -> End.GONE);
            assertThat(stopped()).isEmpty();
        }
        assertThat(stopped()).isEmpty();
    }

    @Test
    void whereItCannotBeStoppedNobodyIsTroubled() throws Exception {
        world.kafkaAway();

        read(false, () -> End.GONE);

        assertThat(stopped()).isEmpty();
    }
}
