package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.DisjunctionMaxQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;

/**
 * Looks for a question's words by BM25 and for its meaning by vector, and joins both lists by reciprocal rank: ranks
 * compare where scores do not.
 *
 * <p>A rank says nothing about whether anything fits at all, so each passage has to earn its place besides: by sharing
 * enough of the question's words, weighted by how rare they are, or by a vector that is near enough. A question about
 * something else gets no passages rather than the least unfit.
 *
 * @see <a href="https://doi.org/10.1145/1571941.1572114">Cormack, Clarke, Büttcher: Reciprocal rank fusion</a>
 */
final class HybridSearch {

    /** The constant of reciprocal rank fusion, as its authors chose it. */
    private static final int RANK_CONSTANT = 60;

    /** How far down each list is read. */
    private static final int CANDIDATES = 50;

    /** The weight of words that a passage must share with a question, as a part of the weight of all. */
    private static final double MIN_SHARED = 0.3;

    /** As if so many passages more were known, so that a word's rareness in a few passages does not count for much. */
    private static final int ASSUMED_PASSAGES = 100;

    private static final int ASSUMED_WITH_A_WORD = 10;

    /** Also scores a word a little for standing in more than one field. */
    private static final float OTHER_FIELDS = 0.1f;

    private static final int MAX_QUESTION_CHARS = 4_000;
    private static final int MAX_QUESTION_WORDS = 64;
    private static final String HEADING_SEPARATOR = " › ";
    private static final ScoreDoc[] NONE = {};

    private final PassageAnalyzer analyzer;

    HybridSearch(PassageAnalyzer analyzer) {
        this.analyzer = analyzer;
    }

    /** A candidate; {@code similarity} is the cosine of the angle to the question, and below all where it is unknown. */
    private record Candidate(int document, double rank, double similarity) {

        Candidate seen(double rank) {
            return new Candidate(document, this.rank + rank, similarity);
        }
    }

    /**
     * The passages of a workspace that bear on {@code question}, best first.
     *
     * @param minSimilarity the cosine from which on a passage fits, whatever its words are; it depends on the model
     */
    List<Passage> find(
            IndexSearcher searcher,
            String workspace,
            Question question,
            SearchMode mode,
            int limit,
            double minSimilarity)
            throws IOException {
        if (limit <= 0) {
            return List.of();
        }
        String text = question.text();
        SequencedSet<String> words = analyzer.words(
                text.length() <= MAX_QUESTION_CHARS ? text : text.substring(0, MAX_QUESTION_CHARS), MAX_QUESTION_WORDS);
        int candidates = Math.max(CANDIDATES, limit);
        ScoreDoc[] byMeaning = mode == SearchMode.WORDS ? NONE : byMeaning(searcher, workspace, question, candidates);
        ScoreDoc[] byWords = mode == SearchMode.MEANING ? NONE : byWords(searcher, workspace, words, candidates);
        Words asked = Words.of(words, searcher.getIndexReader());
        // The best rank there is, so that scores go up to one.
        double best = (byMeaning.length > 0 ? 2.0 : 1.0) / (RANK_CONSTANT + 1);

        List<Passage> found = new ArrayList<>(limit);
        Set<String> seen = new HashSet<>();
        StoredFields stored = searcher.storedFields();
        for (Candidate candidate : fused(byMeaning, byWords)) {
            Document document = stored.document(candidate.document);
            String passage = document.get(PassageIndex.TEXT);
            if (!fits(candidate, document, asked, minSimilarity) || !seen.add(passage.strip())) {
                continue;
            }
            Source source = new Source(
                    document.get(PassageIndex.SOURCE_ID),
                    title(document),
                    document.get(PassageIndex.URI),
                    candidate.rank / best);
            found.add(new Passage(source, passage));
            if (found.size() == limit) {
                break;
            }
        }
        return found;
    }

    private static ScoreDoc[] byMeaning(IndexSearcher searcher, String workspace, Question question, int candidates)
            throws IOException {
        float[] vector = question.vector();
        if (vector == null) {
            return NONE;
        }
        Query scope = new TermQuery(
                new Term(PassageIndex.vectorScopeField(), PassageIndex.vectorScope(workspace, question.model())));
        return searcher.search(
                        new KnnFloatVectorQuery(PassageIndex.vectorField(vector.length), vector, candidates, scope),
                        candidates)
                .scoreDocs;
    }

    private static ScoreDoc[] byWords(IndexSearcher searcher, String workspace, Set<String> words, int candidates)
            throws IOException {
        if (words.isEmpty()) {
            return NONE;
        }
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        query.add(new TermQuery(new Term(PassageIndex.WORKSPACE, workspace)), Occur.FILTER);
        query.setMinimumNumberShouldMatch(1);
        for (String word : words) {
            query.add(
                    new DisjunctionMaxQuery(
                            List.of(
                                    new BoostQuery(new TermQuery(new Term(PassageIndex.TITLE, word)), 2),
                                    new BoostQuery(new TermQuery(new Term(PassageIndex.HEADING, word)), 2),
                                    new TermQuery(new Term(PassageIndex.TEXT, word))),
                            OTHER_FIELDS),
                    Occur.SHOULD);
        }
        return searcher.search(query.build(), candidates).scoreDocs;
    }

    private static List<Candidate> fused(ScoreDoc[] byMeaning, ScoreDoc[] byWords) {
        Map<Integer, Candidate> candidates = new LinkedHashMap<>();
        for (int i = 0; i < byMeaning.length; i++) {
            // Lucene moves the cosine into 0 to 1.
            candidates.put(
                    byMeaning[i].doc, new Candidate(byMeaning[i].doc, reciprocal(i), 2.0 * byMeaning[i].score - 1));
        }
        for (int i = 0; i < byWords.length; i++) {
            double rank = reciprocal(i);
            candidates.merge(
                    byWords[i].doc, new Candidate(byWords[i].doc, rank, -2), (known, other) -> known.seen(other.rank));
        }
        return candidates.values().stream()
                .sorted(Comparator.comparingDouble(Candidate::rank)
                        .thenComparingDouble(Candidate::similarity)
                        .reversed())
                .toList();
    }

    private static double reciprocal(int index) {
        return 1.0 / (RANK_CONSTANT + index + 1);
    }

    private boolean fits(Candidate candidate, Document document, Words asked, double minSimilarity) {
        if (candidate.similarity >= minSimilarity) {
            return true;
        }
        String everything = document.get(PassageIndex.TITLE)
                + "\n"
                + document.get(PassageIndex.HEADING)
                + "\n"
                + document.get(PassageIndex.TEXT);
        return asked.shared(analyzer.words(everything, Integer.MAX_VALUE)) >= MIN_SHARED;
    }

    private static String title(Document document) {
        String heading = document.get(PassageIndex.HEADING);
        String title = document.get(PassageIndex.TITLE);
        return heading.isEmpty() ? title : title + HEADING_SEPARATOR + heading;
    }

    /** The words of a question with their weights: the rarer a word is in the texts, the more it says. */
    private record Words(Map<String, Double> weights, double sum) {

        static Words of(Set<String> words, IndexReader reader) throws IOException {
            Map<String, Double> weights = new HashMap<>();
            double sum = 0;
            int documents = reader.numDocs();
            for (String word : words) {
                int with = reader.docFreq(new Term(PassageIndex.TEXT, word));
                double weight = Math.log((double) (Math.max(documents, with) + ASSUMED_PASSAGES)
                        / (Math.min(documents, with) + ASSUMED_WITH_A_WORD));
                weights.put(word, weight);
                sum += weight;
            }
            return new Words(weights, sum);
        }

        double shared(Set<String> words) {
            double shared = 0;
            for (Map.Entry<String, Double> weight : weights.entrySet()) {
                if (words.contains(weight.getKey())) {
                    shared += weight.getValue();
                }
            }
            return sum == 0 ? 0 : shared / sum;
        }
    }
}
