package dev.parley.topologies.conversation;

import java.text.BreakIterator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names for conversations, from what was asked first. */
final class Titles {

    static final int MAX_CHARS = 60;

    private static final String CUT = "…";

    /** Marks at the beginning of a line that Markdown does not show. */
    private static final Pattern MARKS = Pattern.compile("^[\\s#>*\\-+`]+");

    private static final Pattern BLANKS = Pattern.compile("[\\s\\p{Cntrl}]+");

    private Titles() {}

    /** The first line that says something, cut at a word; empty where none does. */
    static Optional<String> of(String question) {
        return question.lines()
                .map(line -> MARKS.matcher(line).replaceFirst(""))
                .map(line -> BLANKS.matcher(line).replaceAll(" ").strip())
                .filter(line -> line.chars().anyMatch(Character::isLetterOrDigit))
                .findFirst()
                .map(Titles::cut);
    }

    private static String cut(String line) {
        if (line.length() <= MAX_CHARS) {
            return line;
        }
        BreakIterator words = BreakIterator.getWordInstance(Locale.ROOT);
        words.setText(line);
        int end = words.preceding(MAX_CHARS);
        // A single word that is longer than a title is cut between characters.
        BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
        characters.setText(line);
        int place = end > MAX_CHARS / 2 ? end : characters.preceding(MAX_CHARS);
        return line.substring(0, place).strip() + CUT;
    }
}
