package dev.parley.launcher;

import picocli.CommandLine.Option;

/** Help alone, for commands whose {@code --version} means something else. */
final class HelpFlag {

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    boolean asked;
}
