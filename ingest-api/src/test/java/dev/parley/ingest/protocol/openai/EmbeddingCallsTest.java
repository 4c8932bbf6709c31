package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.search.Embeddings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EmbeddingCallsTest {

    private static final DoorUnderTest door = DoorUnderTest.start();

    @AfterAll
    static void stop() {
        door.close();
    }

    private static Reply embed(Object input, Object... pairs) {
        Map<String, Object> body = new HashMap<>(Map.of("model", "default", "input", input));
        for (int i = 0; i < pairs.length; i += 2) {
            body.put((String) pairs[i], pairs[i + 1]);
        }
        return door.post("/v1/embeddings", body);
    }

    @Test
    void everyTextHasItsVector() {
        JsonNode answer = embed(List.of("a b", "abcde"), "dimensions", 3).json();

        assertThat(answer.path("data"))
                .extracting(JsonNode::toString)
                .containsExactly(
                        "{\"object\":\"embedding\",\"index\":0,\"embedding\":[3.0,0.5,-1.0]}",
                        "{\"object\":\"embedding\",\"index\":1,\"embedding\":[5.0,0.5,-1.0]}");
        assertThat(answer.path("model").asText()).isEqualTo("a-model-for-vectors");
        assertThat(answer.path("usage").toString()).isEqualTo("{\"prompt_tokens\":3,\"total_tokens\":3}");
        assertThat(embed("a b", "model", "a-model-for-vectors").json().path("data"))
                .hasSize(1);
    }

    @Test
    void inBase64TheyAreTheSame() {
        String told = embed("a b", "encoding_format", "base64")
                .json()
                .at("/data/0/embedding")
                .asText();

        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(told)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(new float[] {bytes.getFloat(), bytes.getFloat(), bytes.getFloat()})
                .containsExactly(3, 0.5f, -1);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("", new Object[0], "input", 400),
                Arguments.of(List.of(), new Object[0], "input", 400),
                Arguments.of(List.of("a", ""), new Object[0], "input", 400),
                Arguments.of(List.of(1, 2, 3), new Object[0], "input", 400),
                Arguments.of(List.of(List.of(1, 2), List.of(3)), new Object[0], "input", 400),
                Arguments.of(Map.of("text", "a"), new Object[0], "input", 400),
                Arguments.of("a b c d e f g h i", new Object[0], "input", 400),
                Arguments.of(List.of("a", "a b c d e f g h i"), new Object[0], "input[1]", 400),
                Arguments.of("a", new Object[] {"dimensions", 2}, "dimensions", 400),
                Arguments.of("a", new Object[] {"encoding_format", "hex"}, "encoding_format", 400),
                Arguments.of("a", new Object[] {"model", "text-embedding-3-small"}, "model", 404),
                Arguments.of("a", new Object[] {"instruction", "x"}, "instruction", 400));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void whatCannotBeDoneIsRefusedByName(Object input, Object[] more, String param, int status) {
        Reply reply = embed(input, more);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.json().at("/error/param").asText()).isEqualTo(param);
    }

    /** A model that reads long texts, once it is let. */
    private record Slow(CountDownLatch let, Set<String> threads) implements Embeddings {

        @Override
        public String model() {
            return "slow";
        }

        @Override
        public int dimensions() {
            return 1;
        }

        @Override
        public int maxTokens() {
            return 10_000;
        }

        @Override
        public int tokens(String text) {
            threads.add(Thread.currentThread().isVirtual() ? "virtual" : "platform");
            return text.length();
        }

        @Override
        public List<float[]> embed(List<String> texts) {
            threads.add(Thread.currentThread().isVirtual() ? "virtual" : "platform");
            try {
                let.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return texts.stream().map(text -> new float[] {text.length()}).toList();
        }
    }

    private static int status(DoorUnderTest asked, List<String> input) {
        return asked.post("/v1/embeddings", Map.of("model", "default", "input", input))
                .status();
    }

    @Test
    void aRequestOfTooManyTokensIsRefused() {
        try (DoorUnderTest slow = DoorUnderTest.with(new Slow(new CountDownLatch(0), new HashSet<>()))) {
            List<String> most = Collections.nCopies(10, "x".repeat(10_000));
            assertThat(status(slow, most)).isEqualTo(200);

            List<String> more = new ArrayList<>(most);
            more.add("x");
            Reply refused = slow.post("/v1/embeddings", Map.of("model", "default", "input", more));

            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.json().at("/error/param").asText()).isEqualTo("input");
        }
    }

    @Test
    void aFifthRequestAtOnceIsRefusedAndTheOthersAreAnsweredOnThreadsOfTheirOwn() throws Exception {
        CountDownLatch let = new CountDownLatch(1);
        Set<String> threads = ConcurrentHashMap.newKeySet();
        try (DoorUnderTest slow = DoorUnderTest.with(new Slow(let, threads));
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletionService<Integer> replies = new ExecutorCompletionService<>(callers);
            for (int i = 0; i < 5; i++) {
                replies.submit(() -> status(slow, List.of("x")));
            }

            assertThat(replies.take().get()).as("while the others wait").isEqualTo(503);
            let.countDown();
            for (int i = 0; i < 4; i++) {
                assertThat(replies.take().get()).isEqualTo(200);
            }
            assertThat(threads).containsExactly("platform");
        }
    }

    @Test
    void withoutAModelThereIsNothingToName() {
        try (DoorUnderTest bare = DoorUnderTest.with(Embeddings.none())) {
            Reply refused = bare.post("/v1/embeddings", Map.of("model", "default", "input", "a"));

            assertThat(refused.status()).isEqualTo(404);
            assertThat(refused.json().at("/error/code").asText()).isEqualTo("model_not_found");
            assertThat(refused.json().at("/error/param").asText()).isEqualTo("model");
        }
    }
}
