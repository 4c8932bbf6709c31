package dev.parley.topologies.retrieval;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.SequencedSet;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.WordlistLoader;
import org.apache.lucene.analysis.core.FlattenGraphFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;

/**
 * The words of passages and of questions, the same way. English, as Lucene's own analyzer does it, with three changes:
 * names such as {@code PARLEY_LLM_BASE_URL}, {@code chat.passages.v1} or {@code maxPassages} are also found by their
 * parts; accents are folded; and the stop words are Snowball's, which include a question's own ({@code how}, {@code what},
 * {@code do}), so that what is left over are the words that say what a question is about.
 */
final class PassageAnalyzer extends Analyzer {

    private static final int NAMES = WordDelimiterGraphFilter.GENERATE_WORD_PARTS
            | WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS
            | WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE
            | WordDelimiterGraphFilter.PRESERVE_ORIGINAL;

    private static final CharArraySet STOP_WORDS = stopWords();

    @Override
    protected TokenStreamComponents createComponents(String fieldName) {
        StandardTokenizer tokenizer = new StandardTokenizer();
        TokenStream words = new EnglishPossessiveFilter(tokenizer);
        words = new FlattenGraphFilter(new WordDelimiterGraphFilter(words, NAMES, null));
        words = new ASCIIFoldingFilter(new LowerCaseFilter(words));
        return new TokenStreamComponents(tokenizer, new PorterStemFilter(new StopFilter(words, STOP_WORDS)));
    }

    /** The different words of {@code text}, in their order, at most {@code limit}. */
    SequencedSet<String> words(String text, int limit) {
        SequencedSet<String> words = new LinkedHashSet<>();
        try (TokenStream tokens = tokenStream("words", text)) {
            CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
            tokens.reset();
            while (words.size() < limit && tokens.incrementToken()) {
                words.add(term.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return words;
    }

    private static CharArraySet stopWords() {
        try (InputStream list = Objects.requireNonNull(SnowballFilter.class.getResourceAsStream("english_stop.txt"))) {
            return CharArraySet.unmodifiableSet(
                    WordlistLoader.getSnowballWordSet(new InputStreamReader(list, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
