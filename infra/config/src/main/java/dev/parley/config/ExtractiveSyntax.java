package dev.parley.config;

import dev.parley.chat.v1.EngineKind;
import java.util.List;

/** The engine that every worker has by itself; a file may bound it. */
final class ExtractiveSyntax implements EngineSyntax {

    @Override
    public EngineKind kind() {
        return EngineKind.EXTRACTIVE;
    }

    @Override
    public List<EngineKey> keys() {
        return List.of(EngineKeys.CONTEXT, EngineKeys.CONCURRENCY);
    }
}
