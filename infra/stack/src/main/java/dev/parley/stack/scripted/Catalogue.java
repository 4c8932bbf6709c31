package dev.parley.stack.scripted;

import java.util.Comparator;
import java.util.List;
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

    private Catalogue() {}

    /** Those of {@code quirks} that do something in {@code api}, as they are applied. */
    static List<Quirk> ordered(List<Quirk> quirks, Api api) {
        return quirks.stream()
                .filter(quirk -> quirk.apis().contains(api))
                .sorted(Comparator.comparingInt(ALL::indexOf))
                .toList();
    }
}
