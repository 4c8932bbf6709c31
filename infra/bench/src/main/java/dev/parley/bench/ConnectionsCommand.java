package dev.parley.bench;

import dev.parley.stack.EmbeddedKafka;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Memory that an idle event stream takes in the server's process: live heap after collection, and what is resident beside the
 * heap. The heap is touched whole at the start, so that resident memory grows by what is not heap alone.
 */
@Command(name = "connections", description = "Memory of an idle event stream.", mixinStandardHelpOptions = true)
final class ConnectionsCommand extends Measurement {

    private static final double REACH_BYTES = 40 * 1024;
    private static final String HEAP = "1g";
    private static final int WARM_UP = 200;
    private static final double MEBIBYTE = 1 << 20;

    @Option(names = "--connections", defaultValue = "10000", description = "Streams. Default: ${DEFAULT-VALUE}.")
    private int connections;

    @Option(names = "--rounds", defaultValue = "3", description = "Servers measured. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    /** Of one stream, in bytes; {@code again}: by how much a second look without streams differs. */
    private record Round(double heap, double outside, double again, double residentMebibytes) {
        double bytes() {
            return heap + outside;
        }
    }

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        FileHandles.check(connections);
        List<Round> measured = new ArrayList<>();
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0)) {
            for (int i = 1; i <= rounds; i++) {
                Round round = round(broker);
                measured.add(round);
                progress.accept(
                        "round " + i + " of " + rounds + ": " + Report.number(round.bytes()) + " bytes a stream");
            }
        }
        List<Double> bytes = measured.stream().map(Round::bytes).toList();
        List<Double> parts = measured.stream()
                .map(round -> 1 + round.again() / round.bytes())
                .toList();
        return new Report("connections")
                .with("connections", connections)
                .with("rounds", rounds)
                .with("server's heap", HEAP)
                .add(Figure.of("memory of an idle event stream", "bytes", bytes).atMost(REACH_BYTES), bytes)
                .add(Figure.of(
                        "of it, live heap",
                        "bytes",
                        measured.stream().map(Round::heap).toList()))
                .add(Figure.of(
                        "of it, resident beside the heap",
                        "bytes",
                        measured.stream().map(Round::outside).toList()))
                .add(Figure.of(
                        "server's resident memory with all of them",
                        "MiB",
                        measured.stream().map(Round::residentMebibytes).toList()))
                .agreed(Agreement.ofRatios("the server without streams, by the size of what all of them take,", parts))
                .counted("streams open at once, each brought a frame afterwards", (long) connections * rounds)
                .note("Each round is of a server of its own: one that had streams keeps some of their memory.")
                .note("The server's process alone, without the kernel's socket buffers and without readers.");
    }

    private Round round(EmbeddedKafka broker) throws IOException {
        try (Child server = Child.start(
                SseServer.class,
                List.of("-Xms" + HEAP, "-Xmx" + HEAP, "-XX:+AlwaysPreTouch"),
                List.of(broker.bootstrapServers()))) {
            long port = server.numbers()[0];
            open(port, WARM_UP, server);
            long[] first = server.ask("memory");
            long[] before = server.ask("memory");
            try (Child clients = clients(port, connections)) {
                clients.await("open");
                long[] during = server.ask("memory");
                // Each of them lives: a frame reaches all.
                server.ask("edge");
                clients.await("1");
                return new Round(
                        (double) (during[0] - before[0]) / connections,
                        (double) (during[1] - before[1]) / connections,
                        (double) (before[0] + before[1] - first[0] - first[1]) / connections,
                        during[1] / MEBIBYTE);
            }
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
