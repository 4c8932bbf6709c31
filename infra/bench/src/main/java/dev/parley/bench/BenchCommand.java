package dev.parley.bench;

import dev.parley.faults.FaultsCommand;
import dev.parley.launcher.Parley;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code ./parley bench}, a program of its own: what serves has none of it on its class path. The benchmarks are a command
 * each: of the whole pipeline, against a Parley of its own (a throw-away stack, every role in this process, one replica); or
 * of a part, without the rest.
 */
@Command(
        name = "parley bench",
        subcommands = {
            LatencyCommand.class,
            ResumeCommand.class,
            CancelCommand.class,
            LoadCommand.class,
            GrowthCommand.class,
            SoakCommand.class,
            StartupCommand.class,
            StopsCommand.class,
            TakeoverCommand.class,
            RetrievalCommand.class,
            ChunksCommand.class,
            FanoutCommand.class,
            ConnectionsCommand.class,
            ConversationCommand.class,
            SinkCommand.class,
            MicroCommand.class,
            FaultsCommand.class,
            ReportCommand.class
        },
        description = {
            "Measure. Each command prints a table and JSON, and fails where it misses what must be reached.",
            "Without a command: all that have something to reach, one after the other, in some 20 minutes;"
                    + " soak, stops and faults go by themselves."
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:everything that must be reached is",
            "1:something is not, or it could not be measured",
            "3:the run is thrown away: its baseline does not agree with itself"
        },
        mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {

    public static void main(String[] args) {
        System.exit(Parley.execute(new BenchCommand(), args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        return WholeTable.run(BenchCommand.class);
    }
}
