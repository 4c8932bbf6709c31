package dev.parley.launcher;

import dev.parley.stack.scripted.Quirk;
import dev.parley.stack.scripted.QuirksPage;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the scripted model server by itself, for demos and for trying faults by hand. */
@Command(
        name = "scripted-model",
        description = {
            "Run a stand-in for a model server, with scripted text: OpenAI's chat completions and Anthropic's messages."
                    + " Not a model.",
            "A request's model says what it answers: " + Script.ModelName.GRAMMAR
        },
        mixinStandardHelpOptions = true)
final class ScriptedModelCommand implements Callable<Integer> {

    private static final int WIDTH = 160;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8000", description = "Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = "--quirks",
            split = ",",
            paramLabel = "QUIRK",
            description = "Play these in every answer and in the list of models.")
    private List<String> quirks = new ArrayList<>();

    @Option(names = "--rude", paramLabel = "SEED", description = "Play quirks at random, drawn for each request anew.")
    private @Nullable Long rude;

    /** The catalogue is part of the help. */
    @Spec
    void listQuirks(CommandSpec spec) {
        spec.usageMessage().width(WIDTH);
        spec.usageMessage().footerHeading("%nQuirks, for a model's name and for --quirks:%n");
        spec.usageMessage().footer(QuirksPage.lines().toArray(String[]::new));
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ScriptedModelServer server = ScriptedModelServer.start(port)) {
            server.playing(quirks.stream().map(Quirk::called).toArray(Quirk[]::new));
            if (rude != null) {
                server.rude(rude);
            }
            System.out.println("Scripted model server (no model): " + server.baseUrl());
            System.out.println("Use it:  ./parley up --llm-base-url " + server.baseUrl() + " --llm-model scripted");
            Thread.currentThread().join();
        } catch (Quirk.UnknownException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()));
        }
        return 0;
    }
}
