package dev.parley.stack.scripted;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The catalogue of quirks for people to read. */
public final class QuirksPage {

    private static final int NAME_WIDTH = 36;

    private QuirksPage() {}

    /** As a page of Markdown. */
    public static String markdown() {
        StringBuilder page = new StringBuilder("""
                # Quirks of model servers

                What the scripted model server plays by name, besides well-behaved answers. Real servers, gateways and proxies do
                each of these; the names of products say where it was met, not that it is so today.

                    model: scripted+done-then-open                     a quirk by the model's name
                    model: scripted-64x20ms+carriage-returns+gzipped   several of them
                    model: scripted+rude7                              drawn at random for each request, under the seed 7
                    script {"tokens": ["a", "b"], "quirks": ["no-done"]}   by the user's message
                    Script.text("Hello").with("no-done")                           by a test

                A quirk does nothing in an API that it is not of. *What a careful client makes of it*:

                """);
        for (Quirk.Result result : Quirk.Result.values()) {
            page.append("- ")
                    .append(result.title())
                    .append(": ")
                    .append(result.meaning())
                    .append('\n');
        }
        page.append("""

                *Ends*: for what reason an answer ends that is played so, or by what error's name it fails, in a client that makes the
                best of it. `EveryQuirkTest` in llm-processor holds the workers to that, and to text, reasoning, calls and tokens.
                """);
        byKind().forEach((kind, quirks) -> {
            page.append("\n## ")
                    .append(kind)
                    .append("\n\n| quirk | does | seen in | API | result | ends |\n|---|---|---|---|---|---|\n");
            quirks.forEach(quirk -> page.append("| `")
                    .append(quirk.wire())
                    .append("` | ")
                    .append(quirk.does().replace("|", "\\|"))
                    .append(" | ")
                    .append(quirk.seenIn())
                    .append(" | ")
                    .append(apis(quirk))
                    .append(" | ")
                    .append(quirk.result().title())
                    .append(" | ")
                    .append(ends(quirk))
                    .append(" |\n"));
        });
        return page.toString();
    }

    /** For a terminal, a line each. */
    public static List<String> lines() {
        return Quirk.catalogue().stream()
                .map(quirk -> ("%-" + NAME_WIDTH + "s %s").formatted(quirk.wire(), quirk.does()))
                .toList();
    }

    private static Map<String, List<Quirk>> byKind() {
        return Quirk.catalogue().stream()
                .collect(Collectors.groupingBy(Quirk::kind, LinkedHashMap::new, Collectors.toList()));
    }

    private static String ends(Quirk quirk) {
        return Arrays.stream(Api.values())
                .filter(quirk.apis()::contains)
                .map(api -> quirk.outcome(api).title(api))
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String apis(Quirk quirk) {
        return Arrays.stream(Api.values())
                .filter(quirk.apis()::contains)
                .map(Api::title)
                .collect(Collectors.joining(", "));
    }
}
