package dev.parley.bench;

import dev.parley.launcher.RoleName;
import dev.parley.launcher.Roles;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.Stack;
import dev.parley.stack.StackSettings;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** A Parley for one benchmark: a throw-away stack, every role in this process, a scripted model server behind it. */
final class BenchPipeline implements AutoCloseable {

    private final Scratch scratch;
    private final ScriptedModelServer model;
    private final Stack stack;
    private final Roles roles;
    private final Map<String, String> settings;

    private BenchPipeline(
            Scratch scratch, ScriptedModelServer model, Stack stack, Roles roles, Map<String, String> settings) {
        this.scratch = scratch;
        this.model = model;
        this.stack = stack;
        this.roles = roles;
        this.settings = Map.copyOf(settings);
    }

    /**
     * Starts all of it, and waits until it is ready.
     *
     * @param modelName what the scripted model plays
     * @param more settings of the roles, beside those of the stack
     */
    static BenchPipeline start(String modelName, Map<String, String> more, Consumer<String> progress)
            throws InterruptedException {
        return start(modelName, EnumSet.allOf(RoleName.class), more, progress);
    }

    /** The same with some of the roles; others may run elsewhere, by {@link #settings}. */
    static BenchPipeline start(
            String modelName, Set<RoleName> wanted, Map<String, String> more, Consumer<String> progress)
            throws InterruptedException {
        ScriptedModelServer model = ScriptedModelServer.start();
        Scratch scratch = scratch();
        Stack stack = Stack.start(StackSettings.ephemeral(scratch.folder()));
        Map<String, String> settings = new HashMap<>(stack.environment());
        settings.put("PARLEY_HTTP_PORT", "0");
        settings.put("PARLEY_LLM_BASE_URL", model.baseUrl().toString());
        settings.put("PARLEY_LLM_MODEL", modelName);
        settings.putAll(more);
        Roles roles = Roles.start(wanted, Settings.of(settings), true, progress);
        roles.awaitReady();
        return new BenchPipeline(scratch, model, stack, roles, settings);
    }

    URI url() {
        return URI.create(roles.httpUrl().orElseThrow());
    }

    ScriptedModelServer model() {
        return model;
    }

    /** To read what happened. */
    KafkaSettings kafka() {
        return KafkaSettings.of(stack.bootstrapServers());
    }

    Topics topics() {
        Settings read = Settings.of(settings);
        return Topics.of(TopicSettings.from(read), new ValueSerdes(RegistrySettings.from(read)));
    }

    /** Of the roles, as environment variables. */
    Map<String, String> settings() {
        return settings;
    }

    Stack stack() {
        return stack;
    }

    private static Scratch scratch() {
        try {
            return Scratch.create();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        roles.close();
        stack.close();
        model.close();
        scratch.close();
    }
}
