package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.keys.WorkspaceKey;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Utils;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.jspecify.annotations.Nullable;

/**
 * Passages in a Lucene index on disk, which lies in the page cache and not in the heap: what stays there are one write
 * buffer, and the graph of vectors that a merge is building. A commit takes notes along, so that the index and what it says
 * about itself never disagree.
 *
 * <p>Used by one thread at a time; {@link #passages} and {@link #bytes} may be asked by any.
 */
final class PassageIndex implements Closeable {

    static final String WORKSPACE = "workspace";
    static final String SOURCE_ID = "sourceId";
    static final String TITLE = "title";
    static final String HEADING = "heading";
    static final String TEXT = "text";
    static final String URI = "uri";

    private static final String KEY = "key";

    /** Counts up when fields or words change, so that an index of another kind is built anew. */
    private static final String KIND = "1/" + org.apache.lucene.util.Version.LATEST;

    private static final String KIND_NOTE = "kind";
    private static final double WRITE_BUFFER_MB = 16;
    private static final int MAX_DIMENSIONS = 1_024;

    private final Directory directory;
    private final IndexWriter writer;
    private final SearcherManager searchers;
    private final HybridSearch search;
    private boolean stale;
    private volatile long bytes;

    private PassageIndex(Directory directory, PassageAnalyzer analyzer) throws IOException {
        this.directory = directory;
        this.writer = new IndexWriter(directory, config(analyzer));
        try {
            this.searchers = new SearcherManager(writer, true, false, null);
        } catch (IOException | RuntimeException e) {
            Utils.closeQuietly(writer::rollback, "passage index");
            throw e;
        }
        this.search = new HybridSearch(analyzer);
        this.bytes = measured();
    }

    private static IndexWriterConfig config(PassageAnalyzer analyzer) {
        ConcurrentMergeScheduler merges = new ConcurrentMergeScheduler();
        // A process has an index for each of its partitions; one background thread each is plenty.
        merges.setMaxMergesAndThreads(4, 1);
        return new IndexWriterConfig(analyzer)
                .setCodec(new PassageCodec())
                .setRAMBufferSizeMB(WRITE_BUFFER_MB)
                .setMergeScheduler(merges)
                .setCommitOnClose(false);
    }

    /** Opens the index in {@code path} as it was last committed, or an empty one. */
    static PassageIndex open(Path path) throws IOException {
        Files.createDirectories(path);
        Directory directory = new MMapDirectory(path);
        try {
            return new PassageIndex(directory, new PassageAnalyzer());
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /** What the last commit in {@code path} noted; null where there is no index, or none that this version can read. */
    static @Nullable Map<String, String> notes(Path path) {
        if (!Files.isDirectory(path)) {
            return null;
        }
        try (Directory directory = new MMapDirectory(path)) {
            if (!DirectoryReader.indexExists(directory)) {
                return null;
            }
            Map<String, String> notes = SegmentInfos.readLatestCommit(directory).getUserData();
            return KIND.equals(notes.get(KIND_NOTE)) ? notes : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    /** Takes up the passages of a document, in place of what its key held before. */
    void put(String key, DocumentPassages document) throws IOException {
        List<Document> passages = new ArrayList<>(document.getPassages().size());
        for (IndexedPassage passage : document.getPassages()) {
            passages.add(indexed(key, document, passage));
        }
        stale = true;
        if (passages.isEmpty()) {
            writer.deleteDocuments(new Term(KEY, key));
        } else {
            writer.updateDocuments(new Term(KEY, key), passages);
        }
    }

    void delete(String key) throws IOException {
        stale = true;
        writer.deleteDocuments(new Term(KEY, key));
    }

    private static Document indexed(String key, DocumentPassages document, IndexedPassage passage) {
        Document indexed = new Document();
        WorkspaceKey workspace = PassageChange.workspace(document);
        indexed.add(new StringField(KEY, key, Field.Store.NO));
        indexed.add(new StringField(WORKSPACE, workspace.toString(), Field.Store.NO));
        indexed.add(new StoredField(SOURCE_ID, passage.getSourceId()));
        indexed.add(new TextField(TITLE, document.getTitle(), Field.Store.YES));
        indexed.add(new TextField(HEADING, passage.getHeading(), Field.Store.YES));
        indexed.add(new TextField(TEXT, passage.getText(), Field.Store.YES));
        if (document.getUri() != null) {
            indexed.add(new StoredField(URI, document.getUri()));
        }
        float[] vector = Question.unit(Vectors.decode(passage.getVector()));
        if (vector != null && vector.length <= MAX_DIMENSIONS) {
            // A field has one dimension for ever, and the next model may have another.
            String field = vectorField(vector.length);
            indexed.add(new KnnFloatVectorField(field, vector, VectorSimilarityFunction.DOT_PRODUCT));
            indexed.add(new StringField(
                    vectorScopeField(), vectorScope(workspace, document.getEmbeddingModel()), Field.Store.NO));
        }
        return indexed;
    }

    static String vectorField(int dimensions) {
        return "vector-" + dimensions;
    }

    static String vectorScopeField() {
        return "vectorScope";
    }

    /** What vectors must share to be compared. */
    static String vectorScope(WorkspaceKey workspace, String model) {
        return workspace + "\u0000" + model;
    }

    /**
     * The passages of a workspace that bear on {@code question}, best first. All changes so far are seen; the view is
     * renewed at the first search after a change and not at others.
     *
     * @param minSimilarity see {@link HybridSearch}
     */
    List<Passage> find(WorkspaceKey workspace, Question question, SearchMode mode, int limit, double minSimilarity)
            throws IOException {
        IndexSearcher searcher = searcher();
        try {
            return search.find(searcher, workspace, question, mode, limit, minSimilarity);
        } finally {
            searchers.release(searcher);
        }
    }

    /** Whether a workspace has passages, or had some of which the deletion is under way. All changes so far are seen. */
    boolean mayHold(WorkspaceKey workspace) throws IOException {
        IndexSearcher searcher = searcher();
        try {
            return searcher.getIndexReader().docFreq(new Term(WORKSPACE, workspace.toString())) > 0;
        } finally {
            searchers.release(searcher);
        }
    }

    /** A view of all changes so far, to be released. */
    private IndexSearcher searcher() throws IOException {
        if (stale) {
            searchers.maybeRefreshBlocking();
            stale = false;
        }
        return searchers.acquire();
    }

    /** Makes all changes so far durable, together with {@code notes}. */
    void commit(Map<String, String> notes) throws IOException {
        Map<String, String> kept = new HashMap<>(notes);
        kept.put(KIND_NOTE, KIND);
        writer.setLiveCommitData(kept.entrySet());
        writer.commit();
        bytes = measured();
    }

    /** Passages that can be found, those of which deletion is under way included. */
    long passages() {
        return writer.isOpen() ? writer.getDocStats().numDocs : 0;
    }

    /** Size on disk at the last commit. */
    long bytes() {
        return bytes;
    }

    private long measured() throws IOException {
        long sum = 0;
        for (String file : directory.listAll()) {
            sum += length(file);
        }
        return sum;
    }

    private long length(String file) {
        try {
            return directory.fileLength(file);
        } catch (IOException e) {
            return 0; // A merge has just finished with it.
        }
    }

    /** Lets go without a commit. */
    @Override
    public void close() throws IOException {
        try {
            searchers.close();
        } finally {
            try {
                writer.rollback();
            } finally {
                directory.close();
            }
        }
    }
}
