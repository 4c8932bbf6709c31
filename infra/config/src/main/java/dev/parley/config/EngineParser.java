package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the engines of a file, each in the words of its kind. */
final class EngineParser {

    static final int MAX_ENGINES = 100;

    private static final Map<String, EngineSyntax> KINDS = EngineSyntaxes.byName();

    private EngineParser() {}

    static EngineConfiguration engine(String name, Section section) {
        Optional<EngineSyntax> syntax = section.choice("kind", KINDS);
        if (!section.has("kind")) {
            section.problem("kind", "is missing: one of " + String.join(", ", KINDS.keySet()));
        }
        EngineKind kind = syntax.map(EngineSyntax::kind).orElse(EngineKind.UNKNOWN);
        if (name.equals(BuiltInConfiguration.EXTRACTIVE) && syntax.isPresent() && kind != EngineKind.EXTRACTIVE) {
            section.problem("kind", "must be extractive: every worker brings the engine of that name by itself");
        }
        EngineConfiguration.Builder engine =
                EngineConfiguration.newBuilder().setName(name).setKind(kind);
        syntax.ifPresent(known -> check(known, section));
        EngineSyntaxes.keys(kind).forEach(key -> key.read().accept(section, engine));
        syntax.ifPresent(known -> known.complete(engine));
        return engine.build();
    }

    /** What a kind needs, and what has no meaning for it. */
    private static void check(EngineSyntax syntax, Section section) {
        List<String> meant = syntax.keys().stream().map(EngineKey::name).toList();
        for (String key : EngineSyntaxes.ENGINE.known()) {
            if (syntax.needed().containsKey(key) && !section.has(key)) {
                section.problem(
                        key,
                        "is missing: kind " + syntax.name() + " needs "
                                + syntax.needed().get(key));
            }
            if (section.has(key) && !key.equals("kind") && !meant.contains(key)) {
                section.problem(key, "has no meaning for kind " + syntax.name());
            }
        }
    }
}
