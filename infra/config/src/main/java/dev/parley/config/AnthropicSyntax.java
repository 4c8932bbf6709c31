package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import java.util.List;
import java.util.Map;

/** A server with Anthropic's API; Anthropic's own, where none is named. */
final class AnthropicSyntax implements EngineSyntax {

    static final String ENDPOINT = "https://api.anthropic.com/v1";

    @Override
    public EngineKind kind() {
        return EngineKind.ANTHROPIC;
    }

    @Override
    public List<EngineKey> keys() {
        return EngineKeys.OF_SERVERS;
    }

    @Override
    public Map<String, String> needed() {
        return Map.of("model", "the name of the model to ask for");
    }

    @Override
    public void complete(EngineConfiguration.Builder engine) {
        if (engine.getEndpoints().isEmpty()) {
            engine.setEndpoints(List.of(ENDPOINT));
        }
    }
}
