package dev.parley.topologies.retrieval;

import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/**
 * How the index lies on disk: as Lucene has it, but for vectors. Those are compared in seven bits a dimension, and small
 * segments have no graph of neighbours: to build one costs twenty times as much as all else, while to compare with every
 * vector of a small segment takes a few milliseconds. Merges build the graphs of large segments, in the background, so that
 * a workspace is searchable long before it is fast.
 *
 * <p>Reads as Lucene's own codec, under whose name it writes.
 */
final class PassageCodec extends FilterCodec {

    private static final int NEIGHBOURS = 16;
    private static final int BEAM_WIDTH = 100;

    /** Searches for as many neighbours as this visit all of a segment of some 9000 passages; smaller ones have no graph. */
    private static final int NEIGHBOURS_WORTH_A_GRAPH = 1_000;

    private final KnnVectorsFormat vectors = new PerFieldKnnVectorsFormat() {

        private final KnnVectorsFormat format = new Lucene104HnswScalarQuantizedVectorsFormat(
                ScalarEncoding.SEVEN_BIT, NEIGHBOURS, BEAM_WIDTH, 1, null, NEIGHBOURS_WORTH_A_GRAPH);

        @Override
        public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
            return format;
        }
    };

    PassageCodec() {
        super("Lucene104", new Lucene104Codec());
    }

    @Override
    public KnnVectorsFormat knnVectorsFormat() {
        return vectors;
    }
}
