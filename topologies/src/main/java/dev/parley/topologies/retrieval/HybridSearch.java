package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.schemas.keys.WorkspaceKey;
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
 * <p>A rank says nothing about whether anything fits at all, so each passage has to earn its place besides: by a vector that
 * is near enough, by sharing most of the question's words, weighted by how rare they are, or by a little less of the one and
 * some of the other. A question about something else gets no passages rather than the least unfit. {@code
 * docs/retrieval.md} has the measurements that the bounds were chosen by.
 *
 * @see <a href="https://doi.org/10.1145/1571941.1572114">Cormack, Clarke, Büttcher: Reciprocal rank fusion</a>
 */
final class HybridSearch {

    /** The constant of reciprocal rank fusion. Its authors chose 60; a smaller one gives first places more weight. */
    private static final int RANK_CONSTANT = 20;

    /** Of a rank by meaning, where a rank by words has 1. */
    private static final double MEANING_WEIGHT = 1.25;

    /** How far down each list is read. */
    private static final int CANDIDATES = 50;

    /** Who shares so much of the weight of a question's words fits, whatever its vector: it has the names that were asked for. */
    private static final double SHARED_ALONE = 0.5;

    /** What fits where there are no vectors to ask. */
    private static final double SHARED_WITHOUT_VECTOR = 0.3;

    /** What fits where the vector is almost near enough: nearer than this below what is wanted of vectors alone. */
    private static final double SHARED_WITH_VECTOR = 0.2;

    private static final double ALMOST = 0.05;

    private static final double UNKNOWN = -2;

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

    /** A candidate; {@code similarity} is the cosine of the angle to the question, or {@link #UNKNOWN}. */
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
            WorkspaceKey workspace,
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
        // Where the list is full, what is not on it is not nearer; where it is not, what is missing has no vector.
        double reach = byMeaning.length < candidates ? UNKNOWN : similarity(byMeaning[byMeaning.length - 1]);
        Words asked = Words.of(words, searcher.getIndexReader());
        // The best rank there is, so that scores go up to one.
        double best = (byMeaning.length > 0 ? MEANING_WEIGHT + 1 : 1) / (RANK_CONSTANT + 1);

        List<Passage> found = new ArrayList<>(limit);
        Set<String> seen = new HashSet<>();
        StoredFields stored = searcher.storedFields();
        for (Candidate candidate : fused(byMeaning, byWords)) {
            Document document = stored.document(candidate.document);
            String passage = document.get(PassageIndex.TEXT);
            if (!fits(candidate, reach, document, asked, minSimilarity) || !seen.add(passage.strip())) {
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

    private static ScoreDoc[] byMeaning(
            IndexSearcher searcher, WorkspaceKey workspace, Question question, int candidates) throws IOException {
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

    private static ScoreDoc[] byWords(IndexSearcher searcher, WorkspaceKey workspace, Set<String> words, int candidates)
            throws IOException {
        if (words.isEmpty()) {
            return NONE;
        }
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        query.add(new TermQuery(new Term(PassageIndex.WORKSPACE, workspace.toString())), Occur.FILTER);
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
            candidates.put(
                    byMeaning[i].doc,
                    new Candidate(byMeaning[i].doc, MEANING_WEIGHT * reciprocal(i), similarity(byMeaning[i])));
        }
        for (int i = 0; i < byWords.length; i++) {
            double rank = reciprocal(i);
            candidates.merge(
                    byWords[i].doc,
                    new Candidate(byWords[i].doc, rank, UNKNOWN),
                    (known, other) -> known.seen(other.rank));
        }
        return candidates.values().stream()
                .sorted(Comparator.comparingDouble(Candidate::rank)
                        .thenComparingDouble(Candidate::similarity)
                        .reversed())
                .toList();
    }

    /** The cosine, which Lucene has moved into 0 to 1. */
    private static double similarity(ScoreDoc found) {
        return 2.0 * found.score - 1;
    }

    private static double reciprocal(int index) {
        return 1.0 / (RANK_CONSTANT + index + 1);
    }

    /**
     * Whether {@code candidate} earns its place.
     *
     * @param reach what the similarity of a candidate is at most where that is unknown itself
     */
    private boolean fits(Candidate candidate, double reach, Document document, Words asked, double minSimilarity) {
        if (candidate.similarity >= minSimilarity) {
            return true;
        }
        String everything = document.get(PassageIndex.TITLE)
                + "\n"
                + document.get(PassageIndex.HEADING)
                + "\n"
                + document.get(PassageIndex.TEXT);
        double shared = asked.shared(analyzer.words(everything, Integer.MAX_VALUE));
        double similarity = candidate.similarity == UNKNOWN ? reach : candidate.similarity;
        return shared >= SHARED_ALONE
                || (similarity == UNKNOWN
                        ? shared >= SHARED_WITHOUT_VECTOR
                        : shared >= SHARED_WITH_VECTOR && similarity >= minSimilarity - ALMOST);
    }

    private static String title(Document document) {
        String heading = document.get(PassageIndex.HEADING);
        String title = document.get(PassageIndex.TITLE);
        if (heading.isEmpty() || heading.equals(title)) {
            return title;
        }
        // A document's first heading mostly is its title.
        return heading.startsWith(title + HEADING_SEPARATOR) ? heading : title + HEADING_SEPARATOR + heading;
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
