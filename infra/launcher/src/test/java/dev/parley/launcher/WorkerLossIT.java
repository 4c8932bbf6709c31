package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.launcher.ApiClient.Event;
import dev.parley.stack.scripted.Script;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker in a process of its own is killed in mid-answer; another takes over. */
class WorkerLossIT {

    @TempDir
    private Path logs;

    @Test
    void oneWholeAnswerAfterAVisibleReset() throws Exception {
        try (ParleyUnderTest parley = ParleyUnderTest.startWithout(EnumSet.of(RoleName.LLM))) {
            List<String> first =
                    IntStream.range(0, 500).mapToObj(i -> "first" + i + " ").toList();
            List<String> second =
                    IntStream.range(0, 30).mapToObj(i -> "second" + i + " ").toList();
            parley.model().enqueue(Script.tokens(first).pacedAt(Duration.ofMillis(50)));
            parley.model().enqueue(Script.tokens(second).pacedAt(Duration.ofMillis(5)));
            ApiClient api = parley.api();
            String conversation = api.conversation();
            ShownMessage shown;
            try (RoleProcess doomed = worker(parley, "doomed")) {
                JsonNode accepted = api.ask(conversation, Map.of("content", "Tell me."));
                String turnId = accepted.path("turnId").asText();
                String stream = accepted.path("events").asText();
                shown = new ShownMessage(turnId);
                List<Event> events = new ArrayList<>(api.events(
                        stream,
                        null,
                        event -> event.type().equals("message.delta")
                                && event.data().path("seq").asInt() == 5));
                doomed.kill();
                try (RoleProcess heir = worker(parley, "heir")) {
                    events.addAll(api.events(
                            stream, events.getLast().id(), event -> event.type().equals("message.completed")));
                }
                events.forEach(shown::take);
            }

            assertThat(shown.outcome()).isEqualTo("completed");
            assertThat(shown.resets()).isEqualTo(1);
            assertThat(shown.text()).isEqualTo(String.join("", second));
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                JsonNode messages =
                        api.get("/api/conversations/" + conversation).body().path("messages");
                assertThat(messages).hasSize(2);
                assertThat(messages.get(1).path("content").asText()).isEqualTo(shown.text());
            });
        }
    }

    private RoleProcess worker(ParleyUnderTest parley, String name) {
        return RoleProcess.start(parley, "llm", logs.resolve(name + ".log"), Map.of());
    }
}
