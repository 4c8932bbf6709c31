package dev.parley.topologies.indexing;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Document;
import dev.parley.topologies.indexing.Splitter.Cut;
import dev.parley.topologies.indexing.Splitter.Stretch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SplitterTest {

    /** A passage may have what is kept whole, an announcement before it, and a rest after it. */
    private static final int MOST_WORDS = Splitter.WHOLE_WORDS + 2 * Splitter.SLACK_WORDS;

    @Test
    void aSectionIsAPassageUnderItsHeadings() {
        Cut cut = markdown("""
                # Guide

                Before all else.

                ## Models

                ### vLLM

                Set the address.

                - one
                - two

                ## Tables
                | a | b |
                |---|---|
                | 1 | 2 |
                """);
        assertThat(cut.title()).isEqualTo("Guide");
        assertThat(cut.stretches())
                .containsExactly(
                        new Stretch("Guide", "Before all else."),
                        new Stretch("Guide › Models › vLLM", "Set the address.\n\n- one\n- two"),
                        new Stretch("Guide › Tables", "| a | b |\n|---|---|\n| 1 | 2 |"));
    }

    @Test
    void anUnderlinedHeadingCountsAndMarkupInHeadingsDoesNot() {
        Cut cut = markdown("Connect *any* `model`\n=====\n\ntext\n\nSub\n---\n\nmore");
        assertThat(cut.stretches())
                .containsExactly(
                        new Stretch("Connect any model", "text"), new Stretch("Connect any model › Sub", "more"));
    }

    @Test
    void whatAHeadingHidesIsKeptAsText() {
        assertThat(markdown("## [1.2.0](https://example.com/1.2.0)\n\nfixed").stretches())
                .containsExactly(new Stretch("1.2.0", "## [1.2.0](https://example.com/1.2.0)\n\nfixed"));
    }

    @Test
    void aHeadingWithNothingUnderItIsAPassage() {
        assertThat(markdown("# A\n## B\n## C\ntext\n# D").stretches())
                .containsExactly(new Stretch("A › B", "B"), new Stretch("A › C", "text"), new Stretch("D", "D"));
    }

    @Test
    void frontMatterIsNoHeading() {
        Cut cut = markdown("---\ntitle: x\n---\n# Real\n\ntext");
        assertThat(cut.title()).isEqualTo("Real");
        assertThat(cut.stretches()).containsExactly(new Stretch("", "---\ntitle: x\n---"), new Stretch("Real", "text"));
    }

    @Test
    void aHashInACodeBlockIsNoHeading() {
        assertThat(markdown("# A\n\n```bash\n# comment\n\nrun\n```").stretches())
                .containsExactly(new Stretch("A", "```bash\n# comment\n\nrun\n```"));
    }

    @Test
    void smallNeighboursAreMergedAndALongSectionIsNot() {
        Cut cut = markdown(
                "# A\n\n" + IntStream.range(0, 12).mapToObj(i -> sentence(50)).collect(joining("\n\n")));
        assertThat(cut.stretches())
                .hasSize(3)
                .allSatisfy(stretch -> assertThat(Words.count(stretch.text())).isBetween(120, Splitter.MAX_WORDS));
    }

    @Test
    void aLongParagraphIsCutAtSentenceEndsIntoEvenParts() {
        Cut cut = plain(IntStream.range(0, 23).mapToObj(i -> sentence(20)).collect(joining(" ")));
        assertThat(cut.stretches()).hasSize(3).allSatisfy(stretch -> {
            assertThat(stretch.text()).endsWith(".");
            assertThat(Words.count(stretch.text())).isBetween(120, Splitter.MAX_WORDS);
        });
    }

    @Test
    void anAnnouncementStaysWithWhatItAnnounces() {
        Cut cut = markdown(sentence(200) + "\n\nDo this:\n\n```\n" + "word ".repeat(100) + "\n```");
        assertThat(cut.stretches()).hasSize(2);
        assertThat(cut.stretches().get(1).text()).startsWith("Do this:\n\n```");
    }

    @Test
    void aTableThatIsTooLongIsCutBetweenRowsUnderItsHead() {
        String rows = IntStream.range(0, 200)
                .mapToObj(i -> "| key%d | value of row %d |".formatted(i, i))
                .collect(joining("\n"));
        Cut cut = markdown("| key | value |\n|---|---|\n" + rows);
        assertThat(cut.stretches())
                .hasSizeGreaterThan(4)
                .allSatisfy(stretch -> assertThat(stretch.text())
                        .startsWith("| key | value |\n|---|---|\n| key")
                        .endsWith(" |"));
        assertThat(texts(cut)).contains("| key0 |").contains("| key199 |");
    }

    @Test
    void codeThatIsTooLongIsCutWithinItsFence() {
        String code = IntStream.range(0, 200)
                .mapToObj(i -> "  call(%d);".formatted(i))
                .collect(joining("\n"));
        Cut cut = markdown("```java\n" + code.replace(";", " // with a comment;") + "\n```");
        assertThat(cut.stretches())
                .hasSizeGreaterThan(2)
                .allSatisfy(stretch -> assertThat(stretch.text())
                        .startsWith("```java\n  call(")
                        .endsWith(";\n```"));
    }

    @Test
    void aLongListIsCutBetweenItems() {
        String list = IntStream.range(0, 40).mapToObj(i -> "- " + sentence(20)).collect(joining("\n"));
        assertThat(markdown(list).stretches())
                .hasSizeGreaterThan(3)
                .allSatisfy(
                        stretch -> assertThat(stretch.text()).startsWith("- ").endsWith("."));
    }

    @Test
    void codeIsCutAtBlankLinesAndKeepsItsIndentation() {
        String method = "    void method() {\n" + "        statement of some words;\n".repeat(20) + "    }";
        Cut cut = cut("src/Main.java", null, "text/plain", String.join("\n\n", method, method, method, method));
        assertThat(cut.title()).isEqualTo("Main.java");
        assertThat(cut.stretches())
                .hasSize(2)
                .allSatisfy(stretch -> assertThat(stretch.text()).isEqualTo(method + "\n\n" + method));
    }

    @Test
    void theDocumentsOwnTitleWins() {
        assertThat(cut("a/b.md", " Own ", "text/markdown", "# Other").title()).isEqualTo("Own");
        assertThat(cut("a/b.md", " ", "text/markdown", "# Other").title()).isEqualTo("Other");
        assertThat(cut("a/b.md", null, "text/markdown", "none").title()).isEqualTo("b.md");
    }

    @ParameterizedTest
    @CsvSource({
        "text/markdown, a.txt, true",
        "TEXT/MARKDOWN; charset=utf-8, a, true",
        "text/plain, a/b.MD, true",
        "text/plain, a.txt, false",
        "text/x-python, a.md, false",
        "application/javascript, a.md, false"
    })
    void theTypeSaysWhatItIsAndElseTheName(String type, String path, boolean markdown) {
        assertThat(cut(path, null, type, "# A\n\ntext").stretches().getFirst().heading())
                .isEqualTo(markdown ? "A" : "");
    }

    @Test
    void anEmptyDocumentHasNoPassages() {
        assertThat(markdown("").stretches()).isEmpty();
        assertThat(plain(" \n\t\n ").stretches()).isEmpty();
    }

    @Test
    void hostileTextsEnd() {
        for (String text : List.of(
                ">".repeat(200_000),
                (">".repeat(500) + "\n").repeat(200),
                "[".repeat(100_000),
                "*a_".repeat(50_000),
                "# " + "*".repeat(50_000) + "x",
                "- ".repeat(50_000),
                ".".repeat(200_000),
                "\n".repeat(200_000),
                "|".repeat(20_000) + "\n" + "|-".repeat(20_000) + "\n" + "|x".repeat(20_000),
                "a" + " ".repeat(200_000) + "b",
                "``` ".repeat(50_000))) {
            for (String type : List.of("text/markdown", "text/plain", "text/x-java")) {
                cut("a", null, type, text)
                        .stretches()
                        .forEach(stretch ->
                                assertThat(Words.count(stretch.text())).isLessThanOrEqualTo(MOST_WORDS));
            }
        }
    }

    static Stream<Long> seeds() {
        return new Random(7).longs(150).boxed();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void plainTextAndCodeLoseNothingButBlanks(long seed) {
        String text = randomText(new Random(seed));
        for (String type : List.of("text/plain", "text/x-java")) {
            Cut cut = cut("a", null, type, text);
            assertThat(withoutBlanks(texts(cut))).isEqualTo(withoutBlanks(text));
            assertSound(cut);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void markdownLosesNothingButMarks(long seed) {
        Random random = new Random(seed);
        String text = random.nextBoolean() ? randomMarkdown(random) : randomText(random);
        Cut cut = markdown(text);
        String all = cut.stretches().stream()
                .flatMap(stretch -> Stream.of(stretch.heading(), stretch.text()))
                .collect(joining(" "));
        for (String word : text.split("[^\\p{L}\\p{N}]+", -1)) {
            // A word that one passage could not hold was cut, and is looked for by its parts elsewhere.
            if (word.length() < 1000) {
                assertThat(all).contains(word);
            }
        }
        assertSound(cut);
        assertThat(markdown(text)).as("the same again").isEqualTo(cut);
    }

    private static void assertSound(Cut cut) {
        assertThat(cut.stretches()).allSatisfy(stretch -> {
            assertThat(stretch.text()).isNotBlank();
            assertThat(Words.count(stretch.text())).isLessThanOrEqualTo(MOST_WORDS);
            assertThat(Character.isLowSurrogate(stretch.text().charAt(0))).isFalse();
            assertThat(Character.isHighSurrogate(
                            stretch.text().charAt(stretch.text().length() - 1)))
                    .isFalse();
        });
    }

    private static final List<String> ODDITIES = List.of(
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "    ",
            ". ",
            "! ",
            "。",
            "漢字",
            "한국어",
            "🙂",
            "👩‍👩‍👧",
            "`",
            "```",
            "*",
            "_",
            "|",
            "-",
            "---",
            ">",
            "#",
            "\n# ",
            "\n## ",
            "\n- ",
            "\n1. ",
            "[x](y)",
            "<b>",
            "&amp;",
            "\u0000",
            "\u00a0",
            "\u200b",
            "\\");

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        int parts = random.nextInt(1500);
        for (int i = 0; i < parts; i++) {
            int kind = random.nextInt(10);
            if (kind < 6) {
                text.append("w").append(random.nextInt(100_000)).append(' ');
            } else if (kind < 9 || random.nextInt(40) > 0) {
                text.append(ODDITIES.get(random.nextInt(ODDITIES.size())));
            } else {
                text.append("🙂".repeat(random.nextInt(5_000)));
            }
        }
        return text.toString();
    }

    private static String randomMarkdown(Random random) {
        List<String> blocks = new ArrayList<>();
        int count = random.nextInt(40);
        for (int i = 0; i < count; i++) {
            int words = 1 + random.nextInt(random.nextInt(10) == 0 ? 900 : 60);
            blocks.add(
                    switch (random.nextInt(8)) {
                        case 0, 1 -> "#".repeat(1 + random.nextInt(6)) + " " + words(random, 1 + words % 5);
                        case 2 -> "```\n" + words(random, words).replace(' ', '\n') + "\n```";
                        case 3 -> "- " + words(random, words).replace(" ", "\n- ");
                        case 4 ->
                            "| a | b |\n|---|---|\n| " + words(random, words).replace(" ", " | c |\n| ") + " | d |";
                        case 5 -> "> " + words(random, words);
                        case 6 -> words(random, 1 + words % 5) + "\n---";
                        default -> words(random, words);
                    });
        }
        return String.join(random.nextBoolean() ? "\n\n" : "\n", blocks);
    }

    private static String words(Random random, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "w" + random.nextInt(100_000) + (random.nextInt(9) == 0 ? "." : ""))
                .collect(joining(" "));
    }

    private static String sentence(int words) {
        return "word ".repeat(words - 1) + "end.";
    }

    private static String texts(Cut cut) {
        return cut.stretches().stream().map(Stretch::text).collect(joining("\n"));
    }

    private static String withoutBlanks(String text) {
        return text.codePoints()
                .filter(character -> !Character.isWhitespace(character))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static Cut markdown(String text) {
        return cut("a.md", null, "text/markdown", text);
    }

    private static Cut plain(String text) {
        return cut("a.txt", null, "text/plain", text);
    }

    private static Cut cut(String path, @Nullable String title, String type, String text) {
        return Splitter.cut(new Document("t", "w", path, title, null, type, text, Instant.EPOCH));
    }
}
