package dev.parley.bench;

import dev.parley.bench.Rounds.Sample;
import dev.parley.stack.EmbeddedKafka;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Frames a second to many streams through the edge, against the same HTTP server sending a prebuilt frame. The next frame is
 * sent when every stream has brought the one before to its reader, so that neither way can join frames into one write.
 */
@Command(
        name = "fanout",
        description = "SSE frames a second through the edge, against the same HTTP server with prebuilt frames.",
        mixinStandardHelpOptions = true)
final class FanoutCommand extends Measurement {

    private static final double REACH = 0.5;
    private static final String EDGE = "edge";
    private static final String PLAIN = "plain server";
    private static final String PLAIN_AGAIN = "plain server again";
    private static final List<String> CLIENT_OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC");

    @Option(names = "--rounds", defaultValue = "21", description = "Interleaved rounds. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--warm-up", defaultValue = "3", description = "Rounds before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--connections", defaultValue = "1000", description = "Streams. Default: ${DEFAULT-VALUE}.")
    private int connections;

    @Option(names = "--frames", defaultValue = "50", description = "A round and stream. Default: ${DEFAULT-VALUE}.")
    private int frames;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    /** One set of readers, and how many frames each of them has had. */
    private final class Readers {
        private final Child server;
        private final Child clients;
        private final String order;
        private long had;

        Readers(Child server, Child clients, String order) {
            this.server = server;
            this.clients = clients;
            this.order = order;
        }

        Sample round() throws IOException {
            long cpuBefore = 0;
            long cpuAfter = 0;
            long began = System.nanoTime();
            for (int frame = 0; frame < frames; frame++) {
                cpuAfter = server.ask(order)[0];
                if (frame == 0) {
                    cpuBefore = cpuAfter;
                }
                had++;
                clients.await(Long.toString(had));
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            // The first frame's and the last one's parts are about the same.
            return new Sample((long) frames * connections, seconds, (cpuAfter - cpuBefore) / 1e9);
        }
    }

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        // The server has both ways' streams open.
        FileHandles.check(2 * connections);
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0);
                Child server = Child.start(SseServer.class, List.of("-Xmx1g"), List.of(broker.bootstrapServers()))) {
            long[] ports = server.numbers();
            try (Child edge = clients(ports[0], "/api/conversations/measured/events");
                    Child plain = clients(ports[1], "/frames")) {
                edge.await("open");
                plain.await("open");
                Readers throughEdge = new Readers(server, edge, "edge");
                Readers throughPlain = new Readers(server, plain, "plain");
                return new Rounds(rounds, warmUp, seed)
                        .way(EDGE, round -> throughEdge.round())
                        .way(PLAIN, round -> throughPlain.round())
                        .way(PLAIN_AGAIN, round -> throughPlain.round())
                        .run(progress)
                        .report("fanout", "frames", EDGE, PLAIN, PLAIN_AGAIN, REACH)
                        .with("connections", connections)
                        .with("frames a round and stream", frames)
                        .counted("frames, each stream's one by one", (throughEdge.had + throughPlain.had) * connections)
                        .note("Processor time is the server's; readers and server share this machine's processors.");
            }
        }
    }

    private Child clients(long port, String path) throws IOException {
        return Child.start(
                SseClients.class, CLIENT_OPTIONS, List.of(Long.toString(port), path, Integer.toString(connections)));
    }
}
