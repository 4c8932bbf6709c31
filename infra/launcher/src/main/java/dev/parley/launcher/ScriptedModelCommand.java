package dev.parley.launcher;

import dev.parley.stack.ScriptedModelServer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the scripted model server by itself, for demos and for trying faults by hand. */
@Command(
        name = "scripted-model",
        description = "Run a stand-in for a model server: OpenAI-compatible, with scripted text. Not a model.",
        mixinStandardHelpOptions = true)
final class ScriptedModelCommand implements Callable<Integer> {

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8000", description = "Default: ${DEFAULT-VALUE}.")
    private int port;

    @Override
    public Integer call() throws InterruptedException {
        try (ScriptedModelServer server = ScriptedModelServer.start(port)) {
            System.out.println("Scripted model server (no model): " + server.baseUrl());
            System.out.println("Use it:  ./parley up --llm-base-url " + server.baseUrl() + " --llm-model scripted");
            Thread.currentThread().join();
        }
        return 0;
    }
}
