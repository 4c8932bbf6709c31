package dev.parley.launcher;

import dev.parley.launcher.bench.ChunksCommand;
import dev.parley.launcher.bench.ConnectionsCommand;
import dev.parley.launcher.bench.ConversationCommand;
import dev.parley.launcher.bench.FanoutCommand;
import dev.parley.launcher.bench.MicroCommand;
import dev.parley.launcher.bench.ReportCommand;
import dev.parley.launcher.bench.SinkCommand;
import dev.parley.launcher.bench.StartupCommand;
import dev.parley.launcher.bench.WholeTable;
import dev.parley.launcher.bench.faults.FaultsCommand;
import dev.parley.launcher.bench.faults.TakeoverCommand;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * The benchmarks, a command each: of the whole pipeline, against a Parley of its own (a throw-away stack, every role in this
 * process, one replica); or of a part, without the rest.
 */
@Command(
        name = "bench",
        subcommands = {
            LatencyCommand.class,
            ResumeCommand.class,
            CancelCommand.class,
            LoadCommand.class,
            GrowthCommand.class,
            SoakCommand.class,
            StartupCommand.class,
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
                    + " soak and faults go by themselves."
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:everything that must be reached is",
            "1:something is not, or it could not be measured",
            "3:the run is thrown away: its baseline does not agree with itself"
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {

    @Override
    public Integer call() throws IOException, InterruptedException {
        return WholeTable.run(Parley.class);
    }
}
