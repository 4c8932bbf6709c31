package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.contract.OpenAiTypes;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.ingest.files.Pictures;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Responses over a web socket. */
class ResponseSocketTest {

    private static final PublishedOpenApi openApi = PublishedOpenApi.ofThisBuild();

    private final DoorUnderTest door = DoorUnderTest.start();
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void stop() {
        http.shutdownNow(); // Connections that are open would be waited for.
        door.close();
    }

    /** A connection, and what came over it. */
    private final class Connection implements WebSocket.Listener {
        private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final WebSocket socket;

        Connection(DoorUnderTest door, String... headers) {
            WebSocket.Builder builder = http.newWebSocketBuilder();
            for (int i = 0; i < headers.length; i += 2) {
                builder.header(headers[i], headers[i + 1]);
            }
            socket = builder.buildAsync(URI.create(door.url().toString().replace("http", "ws") + "/v1/responses"), this)
                    .join();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                try {
                    frames.add(DoorUnderTest.MAPPER.readTree(text.toString()));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        void send(String frame) {
            socket.sendText(frame, true).join();
        }

        void create(Object... pairs) {
            Map<String, Object> frame = new HashMap<>(Map.of("type", "response.create", "input", "Hi"));
            for (int i = 0; i < pairs.length; i += 2) {
                frame.put((String) pairs[i], pairs[i + 1]);
            }
            send(DoorUnderTest.MAPPER.valueToTree(frame).toString());
        }

        JsonNode next() {
            try {
                JsonNode frame = frames.poll(20, TimeUnit.SECONDS);
                if (frame == null) {
                    throw new AssertionError("nothing came");
                }
                return frame;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        /** The events up to the end of a response, each held against OpenAI's types. */
        List<JsonNode> response() {
            List<JsonNode> events = new ArrayList<>();
            do {
                events.add(next());
            } while (!List.of("response.completed", "response.failed", "response.incomplete", "error")
                    .contains(events.getLast().path("type").asText()));
            OpenAiTypes.checkResponseEvents(events);
            return events;
        }

        String error() {
            JsonNode frame = next();
            assertThat(frame.path("type").asText()).isEqualTo("error");
            return frame.path("status").asText() + " " + frame.at("/error/code").asText() + " "
                    + frame.at("/error/param").asText("");
        }
    }

    private Connection connect(String... headers) {
        return new Connection(door, headers);
    }

    @Test
    void aResponseIsToldAsOverHttp() {
        Connection connection = connect();
        connection.create("model", "default", "stream", true);

        List<JsonNode> events = connection.response();

        openApi.assertDocumented("ResponseEvent", events);
        String id = events.getFirst().at("/response/id").asText();
        List<JsonNode> again = PublishedOpenApi.told(
                door.get("/v1/responses/" + id + "?stream=true").text());
        assertThat(events).isEqualTo(again);
    }

    @Test
    void oneFollowsAnotherOnTheSameConnection() {
        Connection connection = connect();
        connection.create();
        String first = connection.response().getFirst().at("/response/id").asText();
        connection.create("previous_response_id", first);

        JsonNode last = connection.response().getLast().path("response");

        assertThat(last.path("previous_response_id").asText()).isEqualTo(first);
        assertThat(door.get("/v1/responses/" + first).json().path("conversation"))
                .isEqualTo(last.path("conversation"));
    }

    @Test
    void severalAtOnceAreToldApartByTheirStreams() {
        Connection connection = connect();
        door.world.answer(Answer.NEVER);
        connection.create("stream_id", "a");
        assertThat(connection.next().path("stream_id").asText()).isEqualTo("a");
        assertThat(connection.next().path("stream_id").asText()).isEqualTo("a");

        door.world.answer(Answer.COMPLETE);
        connection.create("stream_id", "b");

        assertThat(connection.response())
                .allSatisfy(
                        event -> assertThat(event.path("stream_id").asText()).isEqualTo("b"));
    }

    @Test
    void whatIsWrongIsSaidAndTheConnectionGoesOn() {
        Connection connection = connect();
        connection.send("{");
        assertThat(connection.error()).isEqualTo("400 invalid_json ");
        connection.send("[]");
        assertThat(connection.error()).isEqualTo("400 invalid_json ");
        connection.send("{}");
        assertThat(connection.error()).isEqualTo("400 invalid_request type");
        connection.send("{\"type\": \"response.steer\"}");
        assertThat(connection.error()).isEqualTo("400 invalid_request type");
        connection.create("generate", false);
        assertThat(connection.error()).isEqualTo("400 invalid_request generate");
        connection.create("model", "gpt-none");
        assertThat(connection.error()).isEqualTo("404 model_not_found model");
        connection.create("nonsense", 1);
        assertThat(connection.error()).isEqualTo("400 invalid_request nonsense");
        connection.create("previous_response_id", "resp_none");
        assertThat(connection.error()).isEqualTo("404 not_found previous_response_id");

        connection.create();
        assertThat(connection.response().getLast().path("type").asText()).isEqualTo("response.completed");
    }

    @Test
    void anAnswerThatIsNotStoredIsStoppedWhenItsReaderLeaves() {
        door.world.answer(Answer.NEVER);
        Connection stored = connect();
        stored.create();
        stored.next();
        stored.socket.abort();
        Connection connection = connect();
        connection.create("store", false);
        String id = connection.next().at("/response/id").asText();

        connection.socket.abort();

        await().untilAsserted(() -> assertThat(door.world.commands())
                .extracting(FakeWorld.Appended::body)
                .filteredOn(CancelTurn.class::isInstance)
                .containsExactly(new CancelTurn(ResponseId.parse(id, "id").turnId())));
    }

    @Test
    void aFrameBringsAPictureAlong() {
        byte[] cat = Pictures.png("cat");
        Connection connection = connect();
        connection.create(
                "input",
                List.of(Map.of(
                        "role",
                        "user",
                        "content",
                        List.of(
                                Map.of("type", "input_image", "image_url", Pictures.dataUrl("image/png", cat)),
                                Map.of("type", "input_text", "text", "Who?")))));

        assertThat(connection.response().getLast().path("type").asText()).isEqualTo("response.completed");
        assertThat(door.files.log())
                .singleElement()
                .satisfies(kept -> assertThat(kept.file().content().remaining()).isEqualTo(cat.length));
    }

    @Test
    void nobodyAsksForWhatAClientThatLeftWaitedFor() {
        door.world.answer(Answer.NEVER);
        Connection connection = connect();
        connection.create("store", false);
        connection.next();
        connection.create();
        connection.create();

        connection.socket.abort();

        await().untilAsserted(() -> assertThat(door.world.commands())
                .extracting(FakeWorld.Appended::body)
                .hasAtLeastOneElementOfType(CancelTurn.class));
        door.world.answer(Answer.COMPLETE);
        Connection another = connect();
        another.create();
        assertThat(another.response()).isNotEmpty();
        assertThat(door.world.commands())
                .extracting(FakeWorld.Appended::body)
                .filteredOn(SubmitMessage.class::isInstance)
                .hasSize(2);
    }

    @Test
    void whatWaitsOnAConnectionIsBounded() {
        door.world.answer(Answer.NEVER);
        Connection connection = connect();
        connection.create();
        connection.next();
        connection.next();
        String long1 = "x".repeat(3 * 512 * 1024);
        connection.create("input", long1);
        connection.create("input", long1);
        connection.create("input", long1);

        assertThat(connection.error()).isEqualTo("503 overloaded ");
    }

    @Test
    void aKeyIsNeededWhereThereAreKeys() {
        try (DoorUnderTest closed = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "a-secret-key"))) {
            assertThatThrownBy(() -> new Connection(closed)).hasCauseInstanceOf(WebSocketHandshakeException.class);
            Connection connection = new Connection(closed, "Authorization", "Bearer a-secret-key");
            connection.create();
            assertThat(connection.response()).isNotEmpty();
        }
    }
}
