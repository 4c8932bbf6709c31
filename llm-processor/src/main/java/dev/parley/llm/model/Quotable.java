package dev.parley.llm.model;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A piece of a text that can stand alone in a quotation: a sentence, an item of a list, a row of a table, a block of code.
 *
 * @param markdown as it is to be quoted; of more than one line where it is code, or a table's row under its head
 * @param words what it says, for comparing
 * @param context what stands above it and says what it is about: headings, and the line that leads to a block of code
 */
record Quotable(String markdown, String words, String context) {

    private static final Pattern FENCE = Pattern.compile("^\\s*(```|~~~).*");
    private static final Pattern ROW = Pattern.compile("^\\s*\\|.*");
    private static final Pattern RULE = Pattern.compile("^\\s*\\|?[\\s:|-]+\\|?\\s*$");
    private static final Pattern HEADING = Pattern.compile("^#{1,6}\\s+(.*)");
    private static final Pattern ITEM = Pattern.compile("^\\s*(?:[-*+]|\\d{1,3}[.)])\\s+(.*)");
    private static final Pattern COMMENT = Pattern.compile("^\\s*<!--.*");
    private static final int MAX_SENTENCE_CHARS = 600;
    private static final int MAX_CODE_CHARS = 1_500;

    /** The pieces of a Markdown text, or of a plain one, in their order. */
    static List<Quotable> of(String text) {
        return new Reader(text.lines().toList()).read();
    }

    private static final class Reader {
        private final List<String> lines;
        private final List<Quotable> pieces = new ArrayList<>();
        private final StringBuilder paragraph = new StringBuilder();
        private String heading = "";
        private String lead = "";
        private int at;

        Reader(List<String> lines) {
            this.lines = lines;
        }

        List<Quotable> read() {
            while (at < lines.size()) {
                String line = lines.get(at);
                if (FENCE.matcher(line).matches()) {
                    endParagraph();
                    code();
                } else if (ROW.matcher(line).matches()) {
                    endParagraph();
                    table();
                } else {
                    prose(line);
                    at++;
                }
            }
            endParagraph();
            return pieces;
        }

        private void prose(String line) {
            var headed = HEADING.matcher(line);
            var item = ITEM.matcher(line);
            if (headed.matches()) {
                endParagraph();
                heading = headed.group(1);
                lead = "";
            } else if (line.isBlank() || COMMENT.matcher(line).matches()) {
                endParagraph();
            } else if (item.matches()) {
                endParagraph();
                paragraph.append(item.group(1));
            } else {
                paragraph.append(paragraph.isEmpty() ? "" : " ").append(line.strip());
            }
        }

        private void endParagraph() {
            if (paragraph.isEmpty()) {
                return;
            }
            for (String sentence : sentences(paragraph.toString())) {
                pieces.add(new Quotable(sentence, sentence, heading));
                lead = sentence;
            }
            paragraph.setLength(0);
        }

        private void code() {
            int start = at++;
            while (at < lines.size() && !FENCE.matcher(lines.get(at)).matches()) {
                at++;
            }
            List<String> inside = lines.subList(start + 1, at);
            at = Math.min(at + 1, lines.size());
            String code = String.join("\n", inside);
            if (!code.isBlank() && code.length() <= MAX_CODE_CHARS) {
                pieces.add(new Quotable("```\n" + code + "\n```", code, heading + " " + lead));
            }
        }

        private void table() {
            int start = at;
            while (at < lines.size() && ROW.matcher(lines.get(at)).matches()) {
                at++;
            }
            List<String> rows = lines.subList(start, at);
            boolean headed = rows.size() > 1 && RULE.matcher(rows.get(1)).matches();
            for (String row : headed ? rows.subList(2, rows.size()) : rows) {
                String quoted = headed ? rows.get(0) + "\n" + rows.get(1) + "\n" + row : row;
                pieces.add(new Quotable(quoted, row, heading + " " + (headed ? rows.get(0) : "")));
            }
        }

        /** Sentences end where a space follows: a full stop within a path or a number ends none. */
        private static List<String> sentences(String text) {
            List<String> sentences = new ArrayList<>();
            BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
            breaks.setText(text);
            int start = 0;
            breaks.first();
            for (int end = breaks.next(); end != BreakIterator.DONE; end = breaks.next()) {
                boolean whole = end == text.length() || Character.isWhitespace(text.charAt(end - 1));
                if (whole || end - start > MAX_SENTENCE_CHARS) {
                    String sentence = text.substring(start, end).strip();
                    if (!sentence.isEmpty()) {
                        sentences.add(sentence);
                    }
                    start = end;
                }
            }
            return sentences;
        }
    }
}
