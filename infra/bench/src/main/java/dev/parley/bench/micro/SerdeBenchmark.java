package dev.parley.bench.micro;

import com.sun.net.httpserver.HttpServer;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Values of the two busiest topics, to bytes and back, by the serdes and the registry client that services use. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // By the set-up.
public class SerdeBenchmark {

    private static final int CHUNKS_ID = 1;
    private static final int EVENTS_ID = 2;

    private final GenerationChunk chunk = Records.chunk();
    private final ConversationEvent event = Records.event();
    private HttpServer registry;
    private Topic<?, GenerationChunk> chunks;
    private Topic<?, ConversationEvent> events;
    private byte[] chunkBytes;
    private byte[] eventBytes;

    /** Encodes once, which asks the registry; from then on ids and schemas are known, as in a service. */
    @Setup
    public void start() throws IOException {
        registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        registry.createContext("/subjects", exchange -> {
            boolean ofChunks = exchange.getRequestURI().getPath().contains("chat.chunks");
            answer(exchange, "{\"id\":" + (ofChunks ? CHUNKS_ID : EVENTS_ID) + "}");
        });
        registry.start();
        Topics topics = Topics.of(
                new TopicSettings("", 1, (short) 1),
                new ValueSerdes(RegistrySettings.of(
                        URI.create("http://127.0.0.1:" + registry.getAddress().getPort()))));
        chunks = topics.chunks();
        events = topics.events();
        chunkBytes = encode(chunks, chunk);
        eventBytes = encode(events, event);
        if (!decodeChunk().equals(chunk) || !decodeEvent().equals(event)) {
            throw new IllegalStateException("what was encoded is not what is decoded");
        }
    }

    private static void answer(com.sun.net.httpserver.HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @TearDown
    public void stop() {
        registry.stop(0);
    }

    private static <V> byte[] encode(Topic<?, V> topic, V value) {
        return topic.values().serializer().serialize(topic.name(), value);
    }

    @Benchmark
    public byte[] encodeChunk() {
        return encode(chunks, chunk);
    }

    @Benchmark
    public GenerationChunk decodeChunk() {
        return chunks.values().deserializer().deserialize(chunks.name(), chunkBytes);
    }

    @Benchmark
    public byte[] encodeEvent() {
        return encode(events, event);
    }

    @Benchmark
    public ConversationEvent decodeEvent() {
        return events.values().deserializer().deserialize(events.name(), eventBytes);
    }
}
