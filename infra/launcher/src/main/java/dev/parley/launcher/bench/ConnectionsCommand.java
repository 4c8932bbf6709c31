package dev.parley.launcher.bench;

import dev.parley.stack.EmbeddedKafka;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Memory that an idle event stream takes in the server's process: live heap after collection, and what is resident beside the
 * heap. The heap is touched whole at the start, so that resident memory grows by what is not heap alone.
 */
@Command(name = "connections", description = "Memory of an idle event stream.", mixinStandardHelpOptions = true)
public final class ConnectionsCommand extends Measurement {

    private static final double REACH_BYTES = 40 * 1024;
    private static final String HEAP = "1g";

    @Option(names = "--connections", defaultValue = "10000", description = "Streams. Default: ${DEFAULT-VALUE}.")
    private int connections;

    @Override
    protected Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0);
                Child server = Child.start(
                        SseServer.class,
                        List.of("-Xms" + HEAP, "-Xmx" + HEAP, "-XX:+AlwaysPreTouch"),
                        List.of(broker.bootstrapServers()))) {
            long port = server.numbers()[0];
            progress.accept("warming up");
            open(port, 200, server);
            long[] before = server.ask("memory");
            progress.accept("opening " + connections + " streams");
            long[] during;
            long told;
            try (Child clients = clients(port, connections)) {
                clients.await("open");
                during = server.ask("memory");
                // Each of them lives: a frame reaches all.
                server.ask("edge");
                clients.await("1");
                told = connections;
            }
            double heap = (double) (during[0] - before[0]) / connections;
            double outside = (double) (during[1] - before[1]) / connections;
            return new Report("connections")
                    .with("connections", connections)
                    .with("server's heap", HEAP)
                    .add(Figure.of("memory of an idle event stream", "bytes", heap + outside)
                            .atMost(REACH_BYTES))
                    .add(Figure.of("of it, live heap", "bytes", heap))
                    .add(Figure.of("of it, resident beside the heap", "bytes", outside))
                    .add(Figure.of("server's resident memory with all of them", "MiB", during[1] / 1048576.0))
                    .counted("streams open at once, each brought a frame afterwards", told)
                    .note("The server's process alone, without the kernel's socket buffers and without readers.");
        }
    }

    private static void open(long port, int count, Child server) throws IOException {
        try (Child clients = clients(port, count)) {
            clients.await("open");
            server.ask("edge");
            clients.await("1");
        }
    }

    private static Child clients(long port, int count) throws IOException {
        return Child.start(
                SseClients.class,
                List.of("-Xmx256m", "-XX:+UseSerialGC"),
                List.of(Long.toString(port), "/api/conversations/measured/events", Integer.toString(count)));
    }
}
