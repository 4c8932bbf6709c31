package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import java.util.List;
import java.util.Map;

/** An engine that says what the file says. */
final class ScriptedSyntax implements EngineSyntax {

    private static final int MAX_SCRIPT_CHARS = 32 * 1024;
    private static final int MAX_PACE_MILLIS = 60_000;

    private static final EngineKey SCRIPT = EngineKey.plain(
            "script",
            (section, engine) -> engine.setScript(section.text("script", MAX_SCRIPT_CHARS)
                    .map(String::stripTrailing)
                    .orElse(null)),
            EngineConfiguration::getScript);

    /** Between two words. */
    private static final EngineKey PACE = EngineKey.plain(
            "pace",
            (section, engine) -> {
                Integer millis = section.millis("pace", MAX_PACE_MILLIS);
                engine.setPaceMillis(millis == null ? 0 : millis);
            },
            engine -> engine.getPaceMillis() == 0 ? null : Durations.text(engine.getPaceMillis()));

    @Override
    public EngineKind kind() {
        return EngineKind.SCRIPTED;
    }

    @Override
    public List<EngineKey> keys() {
        return List.of(EngineKeys.CONTEXT, EngineKeys.CONCURRENCY, EngineKeys.PRICE, SCRIPT, PACE);
    }

    @Override
    public Map<String, String> needed() {
        return Map.of("script", "what it is to say");
    }
}
