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
import picocli.CommandLine.Option;

/** Runs the scripted model server by itself, for demos and for trying faults by hand. */
@Command(
        name = "scripted-model",
        description = {
            "Run a stand-in for a model server, with scripted text: OpenAI's chat completions and Anthropic's messages."
                    + " Not a model.",
            "A request's model says what it answers: " + Script.ModelName.GRAMMAR,
            "--quirks lists the quirks, which are explained in infra/stack/QUIRKS.md."
        },
        mixinStandardHelpOptions = true)
final class ScriptedModelCommand implements Callable<Integer> {

    private static final String LIST = "list";

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8000", description = "Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = "--quirks",
            arity = "0..1",
            split = ",",
            fallbackValue = LIST,
            paramLabel = "QUIRK",
            description = {
                "Play these in every answer and in the list of models.",
                "Without a name: list all there are, a line each, and end."
            })
    private List<String> quirks = new ArrayList<>();

    @Option(
            names = "--rude",
            arity = "0..1",
            fallbackValue = "1",
            paramLabel = "SEED",
            description = "Play quirks at random, drawn for each request anew. Without a seed: 1.")
    private @Nullable Long rude;

    @Override
    public Integer call() throws InterruptedException {
        if (quirks.contains(LIST)) {
            QuirksPage.lines().forEach(System.out::println);
            return 0;
        }
        Quirk[] played = played();
        try (ScriptedModelServer server = ScriptedModelServer.start(port)) {
            server.playing(played);
            if (rude != null) {
                server.rude(rude);
            }
            System.out.println("Scripted model server (no model): " + server.baseUrl());
            System.out.println("Use it:  ./parley up --llm-base-url " + server.baseUrl() + " --llm-model scripted");
            Thread.currentThread().join();
        }
        return 0;
    }

    private Quirk[] played() {
        try {
            return quirks.stream().map(Quirk::called).toArray(Quirk[]::new);
        } catch (Quirk.UnknownException e) {
            throw new CommandFailedException(e.getMessage() + " (--quirks alone lists all)");
        }
    }
}
