package dev.parley.config;

import dev.parley.chat.v1.EngineKind;
import java.util.List;
import java.util.Map;

/** A server with OpenAI's API. */
final class OpenAiSyntax implements EngineSyntax {

    @Override
    public EngineKind kind() {
        return EngineKind.OPENAI;
    }

    @Override
    public List<EngineKey> keys() {
        return EngineKeys.OF_SERVERS;
    }

    @Override
    public Map<String, String> needed() {
        return Map.of("endpoints", "the base URLs of the model server, such as http://127.0.0.1:8000/v1");
    }
}
