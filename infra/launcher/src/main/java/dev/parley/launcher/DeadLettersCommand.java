package dev.parley.launcher;

import dev.parley.launcher.LetterBox.Letter;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows dead letters, and writes back those that may be. */
@Command(
        name = "dead-letters",
        description = {
            "Records that could not be processed: what and why they are, and the way back once that is mended.",
            "docs/operations.md explains them."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  ./parley dead-letters list",
            "  ./parley dead-letters list --code unknown_type",
            "  ./parley dead-letters replay --code unknown_type --dry-run",
            "  ./parley dead-letters replay --at 2@17",
            "",
            "Exit status: 0 done; 1 some may not be written back, and none was; 2 wrong usage.",
            ""
        })
final class DeadLettersCommand implements Callable<Integer> {

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    @Spec
    @SuppressWarnings("NullAway.Init") // Set by picocli before call().
    private CommandSpec spec;

    DeadLettersCommand() {
        this(
                System.getenv(),
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8));
    }

    DeadLettersCommand(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** Which of them. */
    static final class Choice {
        @Option(names = "--topic", paramLabel = "NAME", description = "Those that stood in this topic.")
        private @Nullable String topic;

        @Option(names = "--code", paramLabel = "CODE", description = "Those with this code, such as unknown_type.")
        private @Nullable String code;

        @Option(
                names = "--at",
                paramLabel = "PLACE",
                description =
                        "Those at this place among the dead letters, as they are listed: PARTITION@OFFSET. May be repeated.")
        private List<String> places = new ArrayList<>();

        boolean isEmpty() {
            return topic == null && code == null && places.isEmpty();
        }

        boolean takes(Letter letter) {
            return (topic == null || topic.equals(letter.topic()))
                    && (code == null || code.equals(letter.code()))
                    && (places.isEmpty() || places.contains(letter.place()));
        }
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(err);
        return CommandLine.ExitCode.USAGE;
    }

    @Command(
            name = "list",
            description = "Say where each stood, why it was set aside, and by whom; contents are not shown.")
    int list(@Mixin Choice choice, @Mixin ClusterFlags cluster, @Mixin HelpFlag help) {
        List<Letter> letters = chosen(box(cluster), choice);
        letters.forEach(this::print);
        out.println(letters.size() == 1 ? "1 dead letter" : letters.size() + " dead letters");
        return CommandLine.ExitCode.OK;
    }

    @Command(
            name = "replay",
            description = {
                "Write records back to where they stood: commands, turns, documents and reports, whose readers know by their ids",
                "what they have done before. Nothing else may go back, and chat.events has one writer."
            })
    int replay(
            @Mixin Choice choice,
            @Option(names = "--dry-run", description = "Only say which.") boolean dryRun,
            @Mixin ClusterFlags cluster,
            @Mixin HelpFlag help) {
        if (choice.isEmpty()) {
            err.println("parley: say which: --topic, --code or --at");
            return CommandLine.ExitCode.USAGE;
        }
        LetterBox box = box(cluster);
        List<Letter> letters = chosen(box, choice);
        List<Letter> kept =
                letters.stream().filter(letter -> !box.mayBeReplayed(letter)).toList();
        if (!kept.isEmpty()) {
            kept.forEach(letter -> err.println("parley: " + letter.from() + " may not be written back"));
            return CommandLine.ExitCode.SOFTWARE;
        }
        letters.forEach(this::print);
        if (!dryRun) {
            box.replay(letters);
        }
        out.println((dryRun ? "would write back " : "wrote back ") + letters.size());
        return CommandLine.ExitCode.OK;
    }

    private void print(Letter letter) {
        out.println(letter.place() + "  " + letter.time() + "  " + letter.from() + "  " + letter.stage() + "  "
                + letter.code() + "  " + letter.cause());
    }

    private LetterBox box(ClusterFlags flags) {
        ClusterFlags.Cluster cluster = flags.cluster(environment);
        return new LetterBox(cluster.kafka(), cluster.topics());
    }

    private static List<Letter> chosen(LetterBox box, Choice choice) {
        return box.letters().stream().filter(choice::takes).toList();
    }
}
