package dev.parley.llm.model;

import dev.parley.chat.v1.Passage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Chooses what to quote: the pieces of the passages that share most of a question's words, rare ones counting more, and that
 * do not say again what has been quoted already.
 */
final class Quotations {

    private static final int MAX_QUOTES = 4;
    private static final int MAX_CHARS = 2_400;

    /** The part of a question's words, by weight, that a piece must share; its headings help. */
    private static final double LEAST_SHARED = 0.34;

    /** What a word in a heading counts, beside one in the piece itself. */
    private static final double IN_CONTEXT = 0.5;

    /** A quotation must be at least this good, measured by the best one. */
    private static final double BESIDE_BEST = 0.6;

    /** The loss from one passage to the next, which the search found less near. */
    private static final double PER_RANK = 0.04;

    /** Pieces are as good as new up to so many words; what is longer says less for its length. */
    private static final int USUAL_WORDS = 40;

    private static final Pattern BREAK = Pattern.compile("[^\\p{L}\\p{N}]+");

    private static final Set<String> COMMON = BREAK.splitAsStream("""
                    a an and any are as at be been by can could did do does for from get has have how i if in into is it its
                    me my no not of on one or our s should so that the their them then there these they this to up us was we
                    were what when where which who why will with would you your
                    """).collect(Collectors.toUnmodifiableSet());

    private Quotations() {}

    /**
     * A piece that was chosen.
     *
     * @param source the number of its passage, from 1
     */
    record Quotation(String markdown, int source) {}

    private record Scored(Quotable piece, int source, int place, Set<String> words, double score) {}

    /** The best quotations, those of one passage together and in their order; none where nothing fits. */
    static List<Quotation> of(String question, List<Passage> passages) {
        Set<String> asked = words(question);
        List<Scored> pieces = scored(passages, asked);
        List<Scored> best = pieces.stream()
                .filter(piece -> piece.score > 0)
                .sorted(Comparator.comparingDouble(Scored::score).reversed())
                .toList();
        return best.isEmpty()
                ? List.of()
                : chosen(best).stream()
                        .map(piece -> new Quotation(piece.piece.markdown(), piece.source))
                        .toList();
    }

    private static List<Scored> chosen(List<Scored> best) {
        List<Scored> chosen = new ArrayList<>();
        double least = best.getFirst().score * BESIDE_BEST;
        int chars = 0;
        for (Scored piece : best) {
            int length = piece.piece.markdown().length();
            if (chosen.size() == MAX_QUOTES || piece.score < least) {
                break;
            }
            if ((chosen.isEmpty() || chars + length <= MAX_CHARS)
                    && chosen.stream().noneMatch(other -> repeats(piece, other))) {
                chosen.add(piece);
                chars += length;
            }
        }
        // The best passage goes first, then as the texts have it.
        int first = chosen.getFirst().source;
        chosen.sort(Comparator.comparingInt((Scored piece) -> piece.source == first ? 0 : piece.source)
                .thenComparingInt(Scored::place));
        return chosen;
    }

    /** Whether most words of one are those of the other. */
    private static boolean repeats(Scored piece, Scored other) {
        Set<String> shared = new HashSet<>(piece.words);
        shared.retainAll(other.words);
        return shared.size() * 10 >= Math.min(piece.words.size(), other.words.size()) * 8;
    }

    private static List<Scored> scored(List<Passage> passages, Set<String> asked) {
        List<Scored> pieces = new ArrayList<>();
        for (int i = 0; i < passages.size(); i++) {
            Passage passage = passages.get(i);
            for (Quotable piece : Quotable.of(passage.getText())) {
                pieces.add(new Scored(piece, i + 1, pieces.size(), words(piece.words()), 0));
            }
        }
        Map<String, Double> weights = weights(asked, pieces);
        double sum = weights.values().stream().mapToDouble(Double::doubleValue).sum();
        List<Scored> scored = new ArrayList<>(pieces.size());
        for (Scored piece : pieces) {
            Set<String> context = words(piece.piece.context());
            context.addAll(words(passages.get(piece.source - 1).getSource().getTitle()));
            double score = sum == 0 ? 0 : score(piece, context, weights) / sum;
            scored.add(new Scored(piece.piece, piece.source, piece.place, piece.words, score));
        }
        return scored;
    }

    private static double score(Scored piece, Set<String> context, Map<String, Double> weights) {
        double own = 0;
        double around = 0;
        double sum = 0;
        for (Map.Entry<String, Double> weight : weights.entrySet()) {
            sum += weight.getValue();
            if (piece.words.contains(weight.getKey())) {
                own += weight.getValue();
            } else if (context.contains(weight.getKey())) {
                around += weight.getValue();
            }
        }
        if (own == 0 || own + around < LEAST_SHARED * sum) {
            return 0;
        }
        double length = Math.sqrt(Math.max(1.0, (double) piece.words.size() / USUAL_WORDS));
        return (own + IN_CONTEXT * around) / length * (1 - PER_RANK * (piece.source - 1));
    }

    /** The rarer a word is among the pieces, the more it says; one that is in none says nothing about them. */
    private static Map<String, Double> weights(Set<String> asked, List<Scored> pieces) {
        Map<String, Double> weights = new HashMap<>();
        for (String word : asked) {
            long with =
                    pieces.stream().filter(piece -> piece.words.contains(word)).count();
            weights.put(word, Math.log(1 + (double) pieces.size() / (with + 1)));
        }
        return weights;
    }

    /** The telling words of a text, without their usual English endings. */
    static Set<String> words(String text) {
        Set<String> words = new LinkedHashSet<>();
        for (String word : BREAK.splitAsStream(text.toLowerCase(Locale.ROOT)).toList()) {
            if (word.length() > 1 && !COMMON.contains(word)) {
                words.add(stem(word));
            }
        }
        return words;
    }

    private static String stem(String word) {
        for (String ending : List.of("ing", "ed", "es", "s")) {
            if (word.endsWith(ending) && word.length() - ending.length() >= 3 && !word.endsWith("ss")) {
                String stem = word.substring(0, word.length() - ending.length());
                int last = stem.length() - 1;
                boolean doubled = ending.length() > 1 && last > 2 && stem.charAt(last) == stem.charAt(last - 1);
                return doubled ? stem.substring(0, last) : withoutE(stem);
            }
        }
        return withoutE(word);
    }

    private static String withoutE(String word) {
        return word.length() > 3 && word.endsWith("e") ? word.substring(0, word.length() - 1) : word;
    }
}
