package dev.parley.config;

import dev.parley.chat.v1.EngineKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/** Every kind of engine that a file may name. */
final class EngineSyntaxes {

    static final List<EngineSyntax> ALL =
            List.of(new OpenAiSyntax(), new AnthropicSyntax(), new ExtractiveSyntax(), new ScriptedSyntax());

    private static final List<EngineKey> KEYS = everyKey();

    /** Of an engine, whatever its kind. */
    static final Keys ENGINE = new Keys("engines.NAME", names());

    private EngineSyntaxes() {}

    private static List<EngineKey> everyKey() {
        SequencedSet<EngineKey> keys = new LinkedHashSet<>();
        ALL.forEach(syntax -> keys.addAll(syntax.keys()));
        return List.copyOf(keys);
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(List.of("kind"));
        KEYS.forEach(key -> names.add(key.name()));
        return names;
    }

    static Map<String, EngineSyntax> byName() {
        Map<String, EngineSyntax> byName = new LinkedHashMap<>();
        ALL.forEach(syntax -> byName.put(syntax.name(), syntax));
        return byName;
    }

    /** Those of a kind; of one that this version does not know, all that there are. */
    static List<EngineKey> keys(EngineKind kind) {
        return ALL.stream()
                .filter(syntax -> syntax.kind() == kind)
                .findFirst()
                .map(EngineSyntax::keys)
                .orElse(KEYS);
    }

    /** The mappings of an engine, its own first. */
    static List<Keys> mappings() {
        List<Keys> mappings = new ArrayList<>(List.of(ENGINE));
        KEYS.stream().map(EngineKey::nested).flatMap(Optional::stream).forEach(mappings::add);
        return mappings;
    }
}
