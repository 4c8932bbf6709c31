package dev.parley.stack.scripted;

import dev.parley.schemas.settings.EditDistance;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Every quirk, in the order in which several are applied: what is said before how, and what replaces all of it last. */
final class Catalogue {

    static final List<Quirk> ALL = Stream.<Quirk[]>of(
                    ToolCallQuirk.values(),
                    BlockQuirk.values(),
                    ContentQuirk.values(),
                    FinishQuirk.values(),
                    UsageQuirk.values(),
                    StreamErrorQuirk.values(),
                    EndingQuirk.values(),
                    FramingQuirk.values(),
                    NoStreamQuirk.values(),
                    OverflowQuirk.values(),
                    HttpErrorQuirk.values(),
                    RequestQuirk.values(),
                    ModelListQuirk.values())
            .<Quirk>flatMap(Stream::of)
            .toList();

    private static final int SUGGESTIONS = 5;

    private Catalogue() {}

    /** The names that are most like {@code name}: those that share words with it, or that a slip or two away is. */
    static List<String> like(String name) {
        List<String> words = List.of(name.toLowerCase(Locale.ROOT).split("[^a-z0-9]+"));
        return ALL.stream()
                .map(Quirk::wire)
                .filter(wire -> EditDistance.between(wire, name) <= Math.max(2, name.length() / 4)
                        || (!name.isBlank() && List.of(wire.split("-")).containsAll(words)))
                .sorted(Comparator.comparingInt(wire -> EditDistance.between(wire, name)))
                .limit(SUGGESTIONS)
                .toList();
    }

    /** Those of {@code quirks} that do something in {@code api}, as they are applied. */
    static List<Quirk> ordered(List<Quirk> quirks, Api api) {
        return quirks.stream()
                .filter(quirk -> quirk.apis().contains(api))
                .sorted(Comparator.comparingInt(ALL::indexOf))
                .toList();
    }
}
