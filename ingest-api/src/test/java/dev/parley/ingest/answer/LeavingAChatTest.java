package dev.parley.ingest.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.http.RawConnection;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What it means that a chat's reader leaves, whichever protocol it reads by. */
class LeavingAChatTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    enum Chat {
        AI_SDK(
                "/api/chat",
                "{\"id\": \"c\", \"messages\": [{\"id\": \"m1\", \"role\": \"user\", \"parts\": [{\"type\": \"text\","
                        + " \"text\": \"Hi\"}]}]}",
                "/api/chat/c/stream",
                "start-step"),
        AG_UI(
                "/agui",
                "{\"threadId\": \"c\", \"runId\": \"r1\", \"messages\": [{\"id\": \"m1\", \"role\": \"user\","
                        + " \"content\": \"Hi\"}]}",
                "/agui/c",
                "STEP_STARTED");

        private final String path;
        private final String body;
        private final String again;
        private final String mark;

        Chat(String path, String body, String again, String mark) {
            this.path = path;
            this.body = body;
            this.again = again;
            this.mark = mark;
        }
    }

    /** A running answer, read by somebody who then leaves. */
    private static void readAndLeave(Chat chat, DoorUnderTest door) {
        door.world.answer(Answer.NEVER);
        try (RawConnection reader = door.connect()) {
            reader.send("POST " + chat.path
                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                    + chat.body.length() + "\r\n\r\n" + chat.body);
            reader.readUntil(chat.mark);
        }
    }

    private static RawConnection comeBack(Chat chat, DoorUnderTest door) {
        RawConnection again = door.connect();
        again.send("GET " + chat.again + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        again.readUntil(chat.mark);
        return again;
    }

    private static boolean isStopped(FakeWorld world) {
        return world.commands().stream().anyMatch(command -> command.body() instanceof CancelTurn);
    }

    @ParameterizedTest
    @EnumSource
    void leavingStopsAnAnswerWhereTheServerIsSetSo(Chat chat) {
        try (DoorUnderTest door = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_CHAT_STOP_AFTER", "10ms"))) {
            readAndLeave(chat, door);

            await().atMost(PATIENCE).until(() -> isStopped(door.world));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoComesBackInTimeKeepsIt(Chat chat) {
        try (DoorUnderTest door = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_CHAT_STOP_AFTER", "1s"))) {
            readAndLeave(chat, door);
            try (RawConnection again = comeBack(chat, door)) {
                // Heartbeats of more than the time in which to come back.
                for (int i = 0; i < 10; i++) {
                    again.readUntil(":\n\n");
                }
                assertThat(isStopped(door.world)).isFalse();
            }
            await().atMost(PATIENCE).until(() -> isStopped(door.world));
        }
    }

    @ParameterizedTest
    @EnumSource
    void leavingStopsNothingOtherwise(Chat chat) {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            readAndLeave(chat, door);
            try (RawConnection again = comeBack(chat, door)) {
                assertThat(isStopped(door.world)).isFalse();
            }

            assertThat(isStopped(door.world)).isFalse();
        }
    }
}
