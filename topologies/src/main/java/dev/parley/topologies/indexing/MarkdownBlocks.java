package dev.parley.topologies.indexing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.ListBlock;
import org.commonmark.node.Node;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.SourceSpan;
import org.commonmark.node.Text;
import org.commonmark.node.ThematicBreak;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of a Markdown document under their headings, each as its source has it: an answer quotes Markdown. The parser
 * only says which lines belong together, and lines that it gives to nobody are blocks too, so that nothing is lost. Lives
 * for one document; used by one thread.
 */
final class MarkdownBlocks {

    static final String BETWEEN_HEADINGS = " › ";

    private static final int MAX_LABEL_CHARS = 200;
    private static final String FRONT_MATTER = "---";

    private static final Parser PARSER = Parser.builder()
            .extensions(List.of(TablesExtension.create()))
            .includeSourceSpans(IncludeSourceSpans.BLOCKS)
            // Each line is offered to every open block: without a bound, a page of '>' would take for ever.
            .maxOpenBlockParsers(64)
            .build();

    private final String[] lines;
    private final List<Block> blocks = new ArrayList<>();
    private final Deque<Title> titles = new ArrayDeque<>();
    private @Nullable String firstTitle;
    /** Whether the innermost heading has nothing under it yet. */
    private boolean bare;
    /** The first line that no block has. */
    private int next;

    private record Title(int level, String label) {}

    /**
     * A document's blocks, and its first heading.
     *
     * @param blocks in order
     */
    record Outline(Optional<String> title, List<Block> blocks) {}

    private MarkdownBlocks(String[] lines) {
        this.lines = lines;
    }

    /** Reads {@code text}, whose lines end in line feeds. */
    static Outline of(String text) {
        String[] lines = text.split("\n", -1);
        MarkdownBlocks reader = new MarkdownBlocks(lines);
        // Front matter is no Markdown, and would be read as a heading.
        int skipped = frontMatterLines(lines);
        reader.addLines(0, skipped, Block.Form.LINES);
        String body = skipped == 0
                ? text
                : "\n".repeat(skipped) + String.join("\n", List.of(lines).subList(skipped, lines.length));
        for (Node node = PARSER.parse(body).getFirstChild(); node != null; node = node.getNext()) {
            reader.add(node);
        }
        reader.addLines(reader.next, lines.length, Block.Form.PROSE);
        reader.endHeading();
        return new Outline(Optional.ofNullable(reader.firstTitle), reader.blocks);
    }

    private static int frontMatterLines(String[] lines) {
        if (!lines[0].stripTrailing().equals(FRONT_MATTER)) {
            return 0;
        }
        for (int i = 1; i < lines.length && !lines[i].isBlank(); i++) {
            if (lines[i].stripTrailing().equals(FRONT_MATTER)) {
                return i + 1;
            }
        }
        return 0;
    }

    private void add(Node node) {
        List<SourceSpan> spans = node.getSourceSpans();
        if (spans.isEmpty()) {
            return;
        }
        int from = spans.getFirst().getLineIndex();
        int to = spans.getLast().getLineIndex() + 1;
        addLines(next, from, Block.Form.PROSE);
        switch (node) {
            case Heading heading -> addHeading(heading, to);
            case ThematicBreak rule -> next = to;
            case ListBlock list when isLong(from, to) -> addItems(list, to);
            case FencedCodeBlock code -> addLines(next, to, Block.Form.FENCED);
            case IndentedCodeBlock code -> addLines(next, to, Block.Form.LINES);
            case TableBlock table -> addLines(next, to, Block.Form.TABLE);
            default -> addLines(next, to, Block.Form.PROSE);
        }
    }

    /** The items of a list that is no passage by itself, as blocks. */
    private void addItems(Node list, int to) {
        for (Node item = list.getFirstChild(); item != null; item = item.getNext()) {
            List<SourceSpan> spans = item.getSourceSpans();
            if (!spans.isEmpty()) {
                addLines(next, spans.getLast().getLineIndex() + 1, Block.Form.PROSE);
            }
        }
        addLines(next, to, Block.Form.PROSE);
    }

    private boolean isLong(int from, int to) {
        return Words.count(source(from, to)) > Splitter.MAX_WORDS;
    }

    private void addHeading(Heading heading, int to) {
        String source = source(next, to).strip();
        String full = label(heading);
        String label = Splitter.shortened(full, MAX_LABEL_CHARS);
        if (titles.isEmpty() || titles.getLast().level() >= heading.getLevel()) {
            endHeading();
        }
        while (!titles.isEmpty() && titles.getLast().level() >= heading.getLevel()) {
            titles.removeLast();
        }
        next = to;
        if (label.isEmpty()) {
            if (letters(source) > 0) {
                blocks.add(new Block(path(), source, Block.Form.PROSE));
                bare = false;
            }
            return;
        }
        titles.addLast(new Title(heading.getLevel(), label));
        if (firstTitle == null) {
            firstTitle = label;
        }
        bare = true;
        if (letters(label) < letters(source)) {
            // A link's address, or the rest of a very long one: it must be found too.
            blocks.add(new Block(path(), source, Block.Form.PROSE));
            bare = false;
        }
    }

    /** A heading with nothing under it says something by itself. */
    private void endHeading() {
        if (bare) {
            blocks.add(new Block(path(), titles.getLast().label(), Block.Form.PROSE));
            bare = false;
        }
    }

    private void addLines(int from, int to, Block.Form form) {
        String source = source(from, to);
        if (!source.isBlank()) {
            blocks.add(new Block(path(), source, form));
            bare = false;
        }
        next = Math.max(next, to);
    }

    private String source(int from, int to) {
        StringBuilder source = new StringBuilder();
        for (int i = from; i < to; i++) {
            source.append(source.isEmpty() ? "" : "\n").append(source.isEmpty() && lines[i].isBlank() ? "" : lines[i]);
        }
        return source.toString().stripTrailing();
    }

    private String path() {
        return titles.stream().map(Title::label).collect(Collectors.joining(BETWEEN_HEADINGS));
    }

    /** A heading's words without its markup. */
    private static String label(Heading heading) {
        StringBuilder label = new StringBuilder();
        Node node = heading.getFirstChild();
        while (node != null) {
            switch (node) {
                case Text text -> label.append(text.getLiteral());
                case Code code -> label.append(code.getLiteral());
                case SoftLineBreak end -> label.append(' ');
                default -> {}
            }
            node = after(node, heading);
        }
        return label.toString().strip();
    }

    /** The node that follows in the order of the text; by hand, since markup may nest deeper than a stack. */
    private static @Nullable Node after(Node node, Node root) {
        if (node.getFirstChild() != null) {
            return node.getFirstChild();
        }
        Node at = node;
        while (!at.equals(root)) {
            if (at.getNext() != null) {
                return at.getNext();
            }
            at = at.getParent();
        }
        return null;
    }

    private static long letters(String text) {
        return text.codePoints().filter(Character::isLetterOrDigit).count();
    }
}
