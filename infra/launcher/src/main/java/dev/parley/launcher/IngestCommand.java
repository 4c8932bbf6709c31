package dev.parley.launcher;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts files into a workspace of a running server. */
@Command(
        name = "ingest",
        description = {
            "Put files and folders into a workspace of a running server: Markdown, text, code, HTML, PDF.",
            "One line for each file says what became of it. The exit status is 1 where any failed."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Files in a folder are named relative to it; hidden ones, node_modules, target and the like are left out.",
            "Files without text are skipped. Putting the same files again changes nothing."
        })
final class IngestCommand implements Callable<Integer> {

    @Parameters(arity = "1..*", paramLabel = "PATH", description = "Files and folders.")
    @SuppressWarnings("NullAway.Init") // Set by picocli before call().
    private List<Path> paths;

    @Option(
            names = "--workspace",
            paramLabel = "NAME",
            description =
                    "The workspace, whose conversations draw on the files. Environment: PARLEY_DEFAULT_WORKSPACE. Default: default.",
            defaultValue = "${env:PARLEY_DEFAULT_WORKSPACE}")
    private @Nullable String workspace;

    @Mixin
    private final ServerFlags server = new ServerFlags();

    @Option(names = "--prefix", paramLabel = "PREFIX", description = "A folder of the workspace to put them into.")
    private String prefix = "";

    @Option(
            names = "--delete-missing",
            description = "Delete the documents of the workspace, under the prefix, that are not among these files.")
    private boolean deleteMissing;

    private final IngestReport report;

    IngestCommand() {
        this(new IngestReport(new PrintStream(System.out, true, StandardCharsets.UTF_8), Console.isTerminal()));
    }

    IngestCommand(IngestReport report) {
        this.report = report;
    }

    @Override
    public Integer call() throws InterruptedException {
        String folder = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
        Uploads uploads = Uploads.of(paths, folder);
        String name = workspace == null || workspace.isBlank() ? "default" : workspace;
        try (DocumentClient client = new DocumentClient(server.server(), name, server.apiKey())) {
            Ingestion ingestion = new Ingestion(client, report);
            // After Ctrl-C, what is under way is let go, and what was done is still told.
            Thread stopping = new Thread(
                    () -> {
                        ingestion.stop();
                        report.end(true);
                    },
                    "stop-ingest");
            Runtime.getRuntime().addShutdownHook(stopping);
            try {
                report.begin(uploads.files().size());
                uploads.failed().forEach((file, why) -> report.tell(file, IngestReport.Outcome.FAILED, why));
                ingestion.put(uploads.files());
                if (deleteMissing) {
                    deleteMissing(ingestion, uploads, folder);
                }
                report.end(false);
            } finally {
                ingestion.stop();
                report.end(true);
                unhook(stopping);
            }
        }
        return report.hasFailures() ? Parley.FAILED : 0;
    }

    /** Where a folder could not be read, what is missing there is not known to be gone. */
    private static void deleteMissing(Ingestion ingestion, Uploads uploads, String folder) {
        if (!uploads.failed().isEmpty()) {
            throw new CommandFailedException("nothing was deleted, since not every path could be read");
        }
        ingestion.deleteMissing(uploads.files().keySet(), folder);
    }

    private static void unhook(Thread stopping) {
        try {
            Runtime.getRuntime().removeShutdownHook(stopping);
        } catch (IllegalStateException e) {
            // It runs: this is the end of the process.
        }
    }
}
