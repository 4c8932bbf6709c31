package dev.parley.topologies.indexing;

import dev.parley.chat.v1.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Cuts a document along its structure into passages that can be found and quoted by themselves. Pure: the same document
 * gives the same passages. Nothing of the text is lost but the marks of headings and rules.
 */
final class Splitter {

    /** A passage grows by its neighbours under the same heading up to here, and longer blocks are cut. */
    static final int MAX_WORDS = 220;

    /** What is left over at the end of a section and shorter than this goes with the passage before it. */
    static final int SLACK_WORDS = 40;

    /** Tables and code are cut only above this: half a table is worth less than half a text. */
    static final int WHOLE_WORDS = 280;

    private static final int MAX_TITLE_CHARS = 300;
    private static final String BETWEEN_BLOCKS = "\n\n";

    private static final Set<String> MARKDOWN_TYPES = Set.of(
            "text/markdown",
            "text/x-markdown",
            // What the front door has made Markdown of.
            "text/html",
            "application/xhtml+xml");
    private static final Set<String> LINE_TYPES = Set.of(
            "application/json",
            "application/sql",
            "application/toml",
            "application/xml",
            "application/yaml",
            "text/css",
            "text/csv",
            "text/tab-separated-values",
            "text/xml");
    private static final Set<String> MARKDOWN_ENDINGS = Set.of("md", "markdown", "mdx");
    private static final Set<String> LINE_ENDINGS = Set.of(
            ("avdl avsc bash bat c cc clj cmake conf cpp cs css csv cxx dart dockerfile ejs erl ex exs fish fs fsx go gradle"
                            + " graphql groovy h hcl hh hpp hs ini ipynb java jl js json jsonl jsx kt kts less lua m makefile"
                            + " mjs mk ml mm nix php pl pm proto properties ps1 py pyi r rb rs sass scala scss sh sql svelte"
                            + " swift tcl tf toml ts tsv tsx vb vue xml xsd xsl yaml yml zig zsh")
                    .split(" "));

    /**
     * A document, cut.
     *
     * @param title the document's own, else its first heading, else the last segment of its path
     */
    record Cut(String title, List<Stretch> stretches) {}

    /**
     * What becomes a passage.
     *
     * @param heading the headings above it, outermost first
     */
    record Stretch(String heading, String text) {}

    private Splitter() {}

    static Cut cut(Document document) {
        String text = document.getText().replace("\r\n", "\n").replace('\r', '\n');
        MarkdownBlocks.Outline outline = switch (kind(document.getContentType(), document.getPath())) {
            case MARKDOWN -> MarkdownBlocks.of(text);
            case LINES -> untitled(PlainBlocks.of(text, Block.Form.LINES));
            case PROSE -> untitled(PlainBlocks.of(text, Block.Form.PROSE));
        };
        String title = Optional.ofNullable(document.getTitle())
                .filter(own -> !own.isBlank())
                .or(outline::title)
                .orElseGet(() -> document.getPath().substring(document.getPath().lastIndexOf('/') + 1));
        return new Cut(shortened(title.strip(), MAX_TITLE_CHARS), merge(outline.blocks()));
    }

    /** {@code text} itself, or its beginning with an ellipsis; never half a character. */
    static String shortened(String text, int chars) {
        if (text.length() <= chars) {
            return text;
        }
        int end = chars - 1;
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
    }

    private static MarkdownBlocks.Outline untitled(List<Block> blocks) {
        return new MarkdownBlocks.Outline(Optional.empty(), blocks);
    }

    private enum Kind {
        MARKDOWN,
        LINES,
        PROSE
    }

    /** The type decides where it says something; else the name does. */
    private static Kind kind(String contentType, String path) {
        String whole = contentType.toLowerCase(Locale.ROOT);
        String type = (whole.indexOf(';') < 0 ? whole : whole.substring(0, whole.indexOf(';'))).strip();
        if (MARKDOWN_TYPES.contains(type)) {
            return Kind.MARKDOWN;
        }
        if (LINE_TYPES.contains(type)
                || type.startsWith("text/x-")
                || type.endsWith("script")
                || type.endsWith("+json")
                || type.endsWith("+xml")) {
            return Kind.LINES;
        }
        String name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        String ending = name.substring(name.lastIndexOf('.') + 1);
        if (MARKDOWN_ENDINGS.contains(ending)) {
            return Kind.MARKDOWN;
        }
        return LINE_ENDINGS.contains(ending) ? Kind.LINES : Kind.PROSE;
    }

    /** Puts small neighbours under one heading together, and cuts what is long. */
    private static List<Stretch> merge(List<Block> blocks) {
        List<Stretch> stretches = new ArrayList<>();
        int from = 0;
        while (from < blocks.size()) {
            String heading = blocks.get(from).heading();
            int to = from;
            while (to < blocks.size() && blocks.get(to).heading().equals(heading)) {
                to++;
            }
            section(blocks.subList(from, to)).forEach(text -> stretches.add(new Stretch(heading, text)));
            from = to;
        }
        return stretches;
    }

    private static List<String> section(List<Block> blocks) {
        Section section = new Section();
        for (Block block : blocks) {
            parts(block).stream().filter(part -> !part.isBlank()).forEach(section::add);
        }
        return section.texts();
    }

    /** The passages of one section in the making. */
    private static final class Section {

        private final List<String> passages = new ArrayList<>();
        private final List<String> current = new ArrayList<>();
        private int words;

        void add(String part) {
            int more = Words.count(part);
            if (words + more > MAX_WORDS) {
                end(more);
            }
            current.add(part);
            words += more;
        }

        /** Begins a new passage, to which a line that announces what follows it goes along. */
        private void end(int more) {
            if (current.isEmpty()) {
                return;
            }
            String last = current.getLast();
            int lastWords = Words.count(last);
            boolean announces = current.size() > 1
                    && last.endsWith(":")
                    && lastWords <= SLACK_WORDS
                    && lastWords + more <= WHOLE_WORDS;
            if (announces) {
                current.removeLast();
            }
            passages.add(String.join(BETWEEN_BLOCKS, current));
            current.clear();
            words = 0;
            if (announces) {
                current.add(last);
                words = lastWords;
            }
        }

        List<String> texts() {
            String rest = String.join(BETWEEN_BLOCKS, current);
            if (!passages.isEmpty()
                    && words < SLACK_WORDS
                    && Words.count(passages.getLast()) + words <= MAX_WORDS + SLACK_WORDS) {
                passages.add(passages.removeLast() + BETWEEN_BLOCKS + rest);
            } else if (!rest.isEmpty()) {
                passages.add(rest);
            }
            return passages;
        }
    }

    private static List<String> parts(Block block) {
        String text = block.text();
        int words = Words.count(text);
        return switch (block.form()) {
            case PROSE -> words <= MAX_WORDS ? List.of(text) : stripped(Words.prose(text, evenly(words, MAX_WORDS)));
            case LINES -> words <= WHOLE_WORDS ? List.of(text) : trimmed(Words.lines(text, evenly(words, MAX_WORDS)));
            case TABLE -> words <= WHOLE_WORDS ? List.of(text) : framed(text, 2, "");
            case FENCED -> words <= WHOLE_WORDS ? List.of(text) : framed(text, 1, closing(text));
        };
    }

    /** A limit that gives parts of about the same length rather than full ones and a rest. */
    private static int evenly(int words, int limit) {
        int parts = (words + limit - 1) / limit;
        return Math.min(limit, words / parts + words / parts / 8 + 1);
    }

    /** Cuts what stands between the first {@code head} lines and {@code tail}, and gives both to every part. */
    private static List<String> framed(String text, int head, String tail) {
        int end = 0;
        for (int i = 0; i < head && end >= 0; i++) {
            end = text.indexOf('\n', end) + 1;
            if (end == 0) {
                return trimmed(Words.lines(text, MAX_WORDS));
            }
        }
        String frame = text.substring(0, end);
        int room = MAX_WORDS - Words.count(frame);
        if (room < MAX_WORDS / 2) {
            return trimmed(Words.lines(text, MAX_WORDS));
        }
        String body = text.substring(end, text.length() - tail.length());
        return Words.lines(body, evenly(Words.count(body), room)).stream()
                .filter(part -> !part.isBlank())
                .map(part -> frame + part.stripTrailing() + (tail.isEmpty() ? "" : "\n" + tail.strip()))
                .toList();
    }

    /** The last line of a fenced block, where it is the fence. */
    private static String closing(String text) {
        String last = text.substring(text.lastIndexOf('\n') + 1);
        String mark = text.stripLeading().substring(0, 3);
        return last.strip().startsWith(mark) ? last : "";
    }

    private static List<String> stripped(List<String> parts) {
        return parts.stream().map(String::strip).toList();
    }

    private static List<String> trimmed(List<String> parts) {
        return parts.stream().map(String::stripTrailing).toList();
    }
}
