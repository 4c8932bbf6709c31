package dev.parley.config;

import dev.parley.schemas.settings.EditDistance;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * The keys that a mapping of the file may have, to the parser as to the documentation. Those of engines are said by their
 * kinds, see {@link EngineSyntax}.
 *
 * <p>Keys are in kebab case.
 */
record Keys(String path, List<String> known) {

    static final Keys FILE = of("", "default-route", "classifier", "routes", "engines");
    static final Keys CLASSIFIER = of("classifier", "kind", "threshold", "engine", "timeout");
    static final Keys ROUTE = of(
            "routes.INTENT",
            "description",
            "examples",
            "prefixes",
            "system-prompt",
            "engine",
            "fallbacks",
            "retrieval",
            "tools",
            "output",
            "limits");
    static final Keys RETRIEVAL = of("routes.INTENT.retrieval", "enabled", "passages", "tokens", "min-similarity");
    static final Keys OUTPUT = of("routes.INTENT.output", "schema", "name", "strict");
    static final Keys LIMITS = of("routes.INTENT.limits", "question", "history", "output");

    private static final List<Keys> ALL = List.of(FILE, CLASSIFIER, ROUTE, RETRIEVAL, OUTPUT, LIMITS);
    private static final int MAX_DISTANCE = 2;

    Keys {
        known = List.copyOf(known);
    }

    static Keys of(String path, String... known) {
        return new Keys(path, List.of(known));
    }

    /** Every key with its path, such as {@code routes.INTENT.engine}. */
    static List<String> paths() {
        return Stream.concat(ALL.stream(), EngineSyntaxes.mappings().stream())
                .flatMap(keys -> keys.known.stream().map(key -> keys.path.isEmpty() ? key : keys.path + "." + key))
                .toList();
    }

    /** The known key that was probably meant. */
    Optional<String> nearest(String key) {
        return nearest(key, known);
    }

    /** Of {@code names}, the one that {@code name} differs least from, if it is but a slip or a part of it. */
    static Optional<String> nearest(String name, List<String> names) {
        String plain = plain(name);
        int allowed = Math.min(MAX_DISTANCE, Math.max(1, plain.length() / 2));
        return nearest(names, allowed, candidate -> EditDistance.between(plain, plain(candidate)))
                // Of a name such as system-prompt, people may remember but one word.
                .or(() -> nearest(
                        names,
                        allowed,
                        candidate -> Stream.of(candidate.split("-", -1))
                                .mapToInt(part -> EditDistance.between(plain, part))
                                .min()
                                .orElseThrow()));
    }

    private static Optional<String> nearest(List<String> names, int allowed, ToIntFunction<String> distance) {
        return names.stream()
                .filter(candidate -> distance.applyAsInt(candidate) <= allowed)
                .min(Comparator.comparingInt(distance));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }
}
