package dev.parley.ingest.documents;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.select.NodeVisitor;

/**
 * A web page as Markdown: its main content, with headings, lists, tables and code still recognisable, and without what is
 * there for browsers or for finding the way about the site.
 */
final class HtmlText {

    private static final String NOT_CONTENT =
            "script, style, noscript, template, svg, canvas, iframe, object, form, button, select, dialog, nav, aside,"
                    + " footer, [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo]";

    /** Where pages say that their content is, the clearest word first. */
    private static final List<String> MAIN = List.of("main", "[role=main]", "article");

    private static final Set<String> APART = Set.of(
            "p",
            "div",
            "section",
            "article",
            "header",
            "main",
            "blockquote",
            "ul",
            "ol",
            "dl",
            "table",
            "figure",
            "hr",
            "details",
            "address",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6");
    private static final Set<String> LINES = Set.of("tr", "dt", "dd", "li", "figcaption", "caption", "summary");

    private HtmlText() {}

    static ReadDocument read(String html) {
        Document page = Jsoup.parse(html);
        Optional<String> title = Optional.of(page.title().strip()).filter(text -> !text.isEmpty());
        Element body = page.body();
        body.select(NOT_CONTENT).remove();
        Element content = body;
        for (String place : MAIN) {
            List<Element> found = body.select(place);
            if (found.size() == 1 && found.getFirst().hasText()) {
                content = found.getFirst();
                break;
            }
        }
        Optional<String> heading = Optional.ofNullable(content.selectFirst("h1, h2"))
                .map(Element::text)
                .filter(text -> !text.isEmpty());
        Written written = new Written();
        content.traverse(written);
        return new ReadDocument(DocumentTypes.MARKDOWN, title.or(() -> heading), written.text());
    }

    /** Writes what it is led past. */
    private static final class Written implements NodeVisitor {
        private final StringBuilder out = new StringBuilder();
        /** How many elements of preformatted text are open. */
        private int preformatted;

        @Override
        public void head(Node node, int depth) {
            if (node instanceof TextNode text) {
                if (preformatted == 0) {
                    inline(text.getWholeText());
                } else {
                    out.append(text.getWholeText());
                }
            } else if (node instanceof Element element) {
                begin(element, element.normalName());
            }
        }

        private void begin(Element element, String name) {
            if (preformatted > 0) {
                preformatted += name.equals("pre") ? 1 : 0;
                if (name.equals("br")) {
                    out.append('\n');
                }
                return;
            }
            if (APART.contains(name)) {
                apart();
                if (isHeading(name)) {
                    out.repeat('#', name.charAt(1) - '0').append(' ');
                }
            } else if (LINES.contains(name)) {
                line();
                if (name.equals("li")) {
                    out.append("- ");
                }
            }
            switch (name) {
                case "br" -> line();
                case "td", "th" -> {
                    if (element.previousElementSibling() != null) {
                        out.append(" | ");
                    }
                }
                case "pre" -> {
                    apart();
                    out.append("```\n");
                    preformatted = 1;
                }
                default -> {} // Nothing of its own: its text is what counts.
            }
        }

        @Override
        public void tail(Node node, int depth) {
            if (!(node instanceof Element element)) {
                return;
            }
            String name = element.normalName();
            if (preformatted > 0) {
                preformatted -= name.equals("pre") ? 1 : 0;
                if (preformatted == 0) {
                    line();
                    out.append("```\n\n");
                }
            } else {
                if (APART.contains(name)) {
                    apart();
                } else if (LINES.contains(name)) {
                    line();
                }
            }
        }

        private static boolean isHeading(String name) {
            return name.length() == 2 && name.charAt(0) == 'h' && Character.isDigit(name.charAt(1));
        }

        /** White space of any kind is one space, and none at the beginning of a line. */
        private void inline(String text) {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (!Character.isWhitespace(c) && c != '\u00a0') {
                    out.append(c);
                } else if (!out.isEmpty() && !Character.isWhitespace(out.charAt(out.length() - 1))) {
                    out.append(' ');
                }
            }
        }

        private void line() {
            while (!out.isEmpty() && out.charAt(out.length() - 1) == ' ') {
                out.setLength(out.length() - 1);
            }
            if (!out.isEmpty() && out.charAt(out.length() - 1) != '\n') {
                out.append('\n');
            }
        }

        private void apart() {
            int end = out.length();
            if (end >= 2 && out.charAt(end - 1) == ' ' && out.charAt(end - 2) == '-') {
                return; // A list's item that begins with a paragraph.
            }
            line();
            if (out.length() > 1 && out.charAt(out.length() - 2) != '\n') {
                out.append('\n');
            }
        }

        String text() {
            return out.toString().strip();
        }
    }

    /** The name of an encoding, of those that a page's own head may name; a page says so near its beginning. */
    static Optional<String> charset(String beginning) {
        String lower = beginning.toLowerCase(Locale.ROOT);
        int at = lower.indexOf("charset=");
        if (at < 0) {
            return Optional.empty();
        }
        String name = lower.substring(at + "charset=".length()).replaceFirst("^[\"' ]+", "");
        int end = 0;
        while (end < name.length()
                && (Character.isLetterOrDigit(name.charAt(end)) || "-_".indexOf(name.charAt(end)) >= 0)) {
            end++;
        }
        return end == 0 ? Optional.empty() : Optional.of(name.substring(0, end));
    }
}
