package dev.parley.topologies.indexing;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The length of texts, and the cutting of long ones. A word is what stands between blanks, and every further
 * {@value #WORD_CHARS} characters of a long one; scripts without blanks have a word a character. So a length in words
 * bounds what a model reads, whatever the text is made of.
 */
final class Words {

    /** Blanks after the end of a sentence, or the place after it where the script has none. */
    private static final Pattern SENTENCE_END = Pattern.compile("(?<=[.!?…][\"'”’)\\]]{0,3})\\s++|(?<=[。！？])[”’」』]*+");

    private static final Pattern LINE_END = Pattern.compile("\\n");
    private static final Pattern BLANK = Pattern.compile("\\s++");

    private static final List<Pattern> PROSE = List.of(SENTENCE_END, LINE_END, BLANK);
    private static final List<Pattern> LINES = List.of(LINE_END, BLANK);

    private static final int WORD_CHARS = 16;

    private Words() {}

    static int count(String text) {
        int words = 0;
        int run = 0;
        for (int i = 0; i < text.length(); ) {
            int character = text.codePointAt(i);
            i += Character.charCount(character);
            if (Character.isWhitespace(character)) {
                run = 0;
            } else {
                words += isWordStart(character, run) ? 1 : 0;
                run++;
            }
        }
        return words;
    }

    /** {@code text} in pieces of at most {@code limit} words, cut at sentence ends where that will do; nothing is lost. */
    static List<String> prose(String text, int limit) {
        return pieces(text, limit, PROSE);
    }

    /** Like {@link #prose}, cut at line ends. */
    static List<String> lines(String text, int limit) {
        return pieces(text, limit, LINES);
    }

    private static List<String> pieces(String text, int limit, List<Pattern> places) {
        if (count(text) <= limit) {
            return List.of(text);
        }
        if (places.isEmpty()) {
            return chunks(text, limit);
        }
        List<String> pieces = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        int words = 0;
        Matcher place = places.getFirst().matcher(text);
        int from = 0;
        while (from < text.length()) {
            int to = place.find() ? place.end() : text.length();
            for (String part : pieces(text.substring(from, to), limit, places.subList(1, places.size()))) {
                int more = count(part);
                if (words + more > limit && !current.isEmpty()) {
                    pieces.add(current.toString());
                    current.setLength(0);
                    words = 0;
                }
                current.append(part);
                words += more;
            }
            from = to;
        }
        pieces.add(current.toString());
        return pieces;
    }

    /** Cuts what has no blanks, between code points. */
    private static List<String> chunks(String text, int limit) {
        List<String> chunks = new ArrayList<>();
        int from = 0;
        int words = 0;
        int run = 0;
        for (int i = 0; i < text.length(); ) {
            int character = text.codePointAt(i);
            if (Character.isWhitespace(character)) {
                run = 0;
            } else {
                if (isWordStart(character, run)) {
                    if (words == limit) {
                        chunks.add(text.substring(from, i));
                        from = i;
                        words = 0;
                        run = 0;
                    }
                    words++;
                }
                run++;
            }
            i += Character.charCount(character);
        }
        chunks.add(text.substring(from));
        return chunks;
    }

    private static boolean isWordStart(int character, int run) {
        return run % WORD_CHARS == 0 || hasNoBlanks(character);
    }

    private static boolean hasNoBlanks(int character) {
        return character >= 0x0E00
                && switch (Character.UnicodeScript.of(character)) {
                    case HAN, HIRAGANA, KATAKANA, HANGUL, THAI, LAO, KHMER, MYANMAR -> true;
                    default -> false;
                };
    }
}
