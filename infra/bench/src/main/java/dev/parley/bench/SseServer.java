package dev.parley.bench;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.ingest.IngestApi;
import dev.parley.ingest.IngestSettings;
import dev.parley.ingest.ReadSide;
import dev.parley.ingest.search.Embeddings;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.edge.EdgeSettings;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.DocumentQueries;
import dev.parley.sinks.postgres.DocumentSummary;
import dev.parley.stack.InMemoryRegistry;
import io.javalin.Javalin;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;

/**
 * The front door with the edge, over a feed that tells what it is told to; and beside it the same HTTP server with handlers
 * that write a prebuilt frame whenever they are let. A process of its own, so that its memory and processor time are those
 * of serving streams. Argument: Kafka's address. Prints both ports; then answers a line for a line:
 *
 * <pre>
 *   edge, plain   send the next frame to every stream of the one or the other; processor time so far, in nanoseconds
 *   memory        collect garbage; heap in use and resident memory, in bytes
 * </pre>
 */
final class SseServer {

    private static final int COLLECTIONS = 4;

    /** As the front door's. */
    private static final int ACCEPT_QUEUE = 4_096;

    private SseServer() {}

    /** A conversation that exists and says what it is given. */
    private static final class Speaker implements ConversationFeed {
        private final Set<FrameListener> listeners = ConcurrentHashMap.newKeySet();

        void say(Frame frame) {
            listeners.forEach(listener -> listener.onFrame(frame));
        }

        @Override
        public Subscription subscribe(ConversationKey conversation, Optional<String> cursor, FrameListener listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }

        @Override
        public Subscription subscribeTenant(String tenant, Optional<String> cursor, FrameListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long lastSequence(ConversationKey conversation) {
            return 1;
        }

        @Override
        public boolean isDeleted(ConversationKey conversation) {
            return false;
        }

        @Override
        public Optional<MessageAccepted> acceptance(ConversationKey conversation, String messageId) {
            return Optional.empty();
        }

        @Override
        public Optional<Running> running(ConversationKey conversation) {
            return Optional.empty();
        }

        @Override
        public Optional<String> latestTurn(ConversationKey conversation) {
            return Optional.empty();
        }

        @Override
        public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
            return List.of();
        }
    }

    /** A read model that nobody asks. */
    private static final class NothingStored implements ConversationQueries, DocumentQueries {
        @Override
        public Optional<ConversationSnapshot> snapshot(ConversationKey conversation) {
            return Optional.empty();
        }

        @Override
        public Page conversations(String tenant, int limit, Optional<String> before) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<ConversationSnapshot.Summary> storedCompletions(
                String tenant, Map<String, String> metadata, boolean newestFirst, int limit, Optional<String> after) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Page search(String tenant, List<String> words, int limit, Optional<String> before) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Presence presence(ConversationKey conversation) {
            return Presence.PRESENT;
        }

        @Override
        public long lastSequence(ConversationKey conversation) {
            return 0;
        }

        @Override
        public Optional<ConversationSnapshot.Message> message(ConversationKey conversation, String messageId) {
            return Optional.empty();
        }

        @Override
        public Optional<DocumentSummary> summary(DocumentKey document) {
            return Optional.empty();
        }

        @Override
        public Optional<StoredDocument> document(DocumentKey document) {
            return Optional.empty();
        }

        @Override
        public DocumentPage documents(WorkspaceKey workspace, int limit, Optional<String> after) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean hasFolded(int partition, long offset) {
            return false;
        }
    }

    public static void main(String[] arguments) throws IOException {
        KafkaSettings kafka = KafkaSettings.of(arguments[0]);
        Settings settings = Settings.of(Map.of("PARLEY_HTTP_PORT", "0"));
        Topics topics = Topics.of(TopicSettings.from(settings), InMemoryRegistry.serdes());
        Speaker speaker = new Speaker();
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        EdgeSettings edge = EdgeSettings.from(settings);
        NothingStored nothing = new NothingStored();
        IngestApi api = IngestApi.start(
                IngestSettings.from(settings),
                kafka,
                topics,
                new ReadSide(speaker, new SseEdge(speaker, edge, meters), nothing, nothing, Embeddings.none()),
                meters,
                List::of);
        Frame frame = frame();
        Set<Semaphore> plain = ConcurrentHashMap.newKeySet();
        Javalin server = plainServer(frame.encoded(), plain).start();
        System.out.println(api.url().substring(api.url().lastIndexOf(':') + 1) + " " + server.port());
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            switch (order) {
                case "edge" -> {
                    speaker.say(frame);
                    System.out.println(cpuNanos());
                }
                case "plain" -> {
                    plain.forEach(Semaphore::release);
                    System.out.println(cpuNanos());
                }
                case "memory" -> System.out.println(memory());
                default -> throw new IllegalArgumentException(order);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** The same server, without anything of Parley's: each stream's thread writes and flushes a frame when it is let. */
    private static Javalin plainServer(byte[] frame, Set<Semaphore> streams) {
        return Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.startup.showOldJavalinVersionWarning = false;
            config.concurrency.useVirtualThreads = true;
            config.jetty.modifyHttpConfiguration(http -> {
                http.setSendServerVersion(false);
                http.setSendDateHeader(false);
                http.setOutputBufferSize(8 * 1024);
            });
            config.jetty.addConnector((jetty, http) -> {
                ServerConnector connector = new ServerConnector(jetty, new HttpConnectionFactory(http));
                connector.setHost("127.0.0.1");
                connector.setAcceptQueueSize(ACCEPT_QUEUE);
                return connector;
            });
            config.routes.get("/frames", ctx -> {
                ctx.contentType("text/event-stream; charset=utf-8");
                OutputStream body = ctx.res().getOutputStream();
                Semaphore turn = new Semaphore(0);
                streams.add(turn);
                try {
                    body.write("retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII));
                    body.flush();
                    while (true) {
                        turn.acquire();
                        body.write(frame);
                        body.flush();
                    }
                } finally {
                    streams.remove(turn);
                }
            });
        });
    }

    private static Frame frame() {
        ConversationKey key = new ConversationKey("default", "measured");
        FeedEvent.MessageDelta delta = new FeedEvent.MessageDelta(
                key,
                "turn_0123456789abcdef01234567",
                "msg_0123456789abcdef01234567",
                1,
                1,
                FeedEvent.MessageDelta.Kind.TEXT,
                "token ");
        String sse =
                "id: 12.1.1\nevent: message.delta\ndata: {\"type\":\"message.delta\",\"conversationId\":\"measured\","
                        + "\"turnId\":\"turn_0123456789abcdef01234567\",\"messageId\":\"msg_0123456789abcdef01234567\","
                        + "\"attempt\":1,\"seq\":1,\"text\":\"token" + (char) SseClients.MARK + "\"}\n\n";
        return new Frame(delta, "12.1.1", sse.getBytes(StandardCharsets.UTF_8));
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    private static String memory() throws IOException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        long resident = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElse(0);
        return heap + " " + resident;
    }
}
