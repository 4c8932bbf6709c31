package dev.parley.topologies.retrieval;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.AbstractInProcessEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.HuggingFaceTokenCountEstimator;
import dev.langchain4j.model.embedding.onnx.OnnxBertBiEncoder;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import dev.parley.topologies.nativework.NativeWork;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * bge-small-en-v1.5, quantised, inside this process: 384 dimensions, weights in the jar, no network. Loaded on first use,
 * once for the process, whoever asks; about 150 MB from then on.
 *
 * <p>Texts are embedded one after another on the caller's thread. ONNX Runtime spreads each over the cores by itself, so
 * threads of our own would only wait for one another. Thread-safe.
 *
 * <p>Its libraries do not survive an exit of the process while a text is being embedded: see {@link NativeWork}.
 */
public final class BgeSmallEmbedder implements Embedder {

    public static final String MODEL = "bge-small-en-v1.5-q";
    public static final int DIMENSIONS = 384;

    /** The model was trained to find passages by questions that begin so. */
    private static final String QUESTION_PREFIX = "Represent this sentence for searching relevant passages: ";

    /** Of one text; it has too little work for more. */
    private static final int MAX_THREADS = 4;

    /** What the model reads, less the two tokens that frame each text. A longer text would be averaged from parts. */
    public static final int MAX_TOKENS = 510;

    /** In place of a text in which the model sees nothing, such as one of control characters: it must have some vector. */
    private static final String NOTHING = ".";

    @Override
    public List<float[]> embed(List<String> texts) {
        List<float[]> vectors = new ArrayList<>(texts.size());
        for (String text : texts) {
            vectors.add(vector(text));
        }
        return vectors;
    }

    @Override
    public float[] embedQuestion(String question) {
        return vector(QUESTION_PREFIX + question);
    }

    @Override
    public String model() {
        return MODEL;
    }

    /** How many tokens a text has; of more than {@link #MAX_TOKENS} the model reads only the beginning. */
    public int tokens(String text) {
        try (var _ = NativeWork.ofProcess().begin("the embedding model's tokenizer")) {
            return Loaded.TOKENS.estimateTokenCountInText(text);
        } catch (LinkageError e) {
            throw unusable(e);
        }
    }

    private static IllegalStateException unusable(LinkageError e) {
        return new IllegalStateException(
                "the embedding model does not run on this machine; PARLEY_EMBEDDINGS=none goes without", e);
    }

    /**
     * Loads the model now, so that the first question need not wait for it.
     *
     * @throws IllegalStateException where this machine cannot run it
     */
    public void load() {
        vector(NOTHING);
    }

    private static float[] vector(String text) {
        // Loading, where this is the first of all, is a part of it.
        try (var _ = NativeWork.ofProcess().begin("the embedding model")) {
            return Loaded.MODEL.embed(readable(text)).content().vector();
        } catch (LinkageError e) {
            throw unusable(e);
        }
    }

    /** As much of the beginning of {@code text} as the model reads. */
    private static String readable(String text) {
        String head = text;
        int tokens = Loaded.TOKENS.estimateTokenCountInText(head);
        while (tokens > MAX_TOKENS) {
            // Tokens are spread evenly enough for this to end after a round or two, and it always gets shorter.
            int end = (int) ((long) head.length() * MAX_TOKENS / tokens);
            if (Character.isHighSurrogate(head.charAt(end - 1))) {
                end--;
            }
            head = head.substring(0, end);
            tokens = Loaded.TOKENS.estimateTokenCountInText(head);
        }
        return tokens == 0 ? NOTHING : head;
    }

    /** Embeds on the thread that asks. */
    private static final class Model extends AbstractInProcessEmbeddingModel {

        private final OnnxBertBiEncoder encoder;

        Model(OnnxBertBiEncoder encoder) {
            super(Runnable::run);
            this.encoder = encoder;
        }

        @Override
        protected OnnxBertBiEncoder model() {
            return encoder;
        }
    }

    /** Made when first touched. */
    private static final class Loaded {

        static {
            // The tokenizer's library reports to its makers when it runs on EC2, and would fetch a build for CUDA.
            setIfAbsent("OPT_OUT_TRACKING", "true");
            setIfAbsent("RUST_FLAVOR", "cpu");
        }

        static final TokenCountEstimator TOKENS = new HuggingFaceTokenCountEstimator();
        static final EmbeddingModel MODEL = new Model(encoder());

        /**
         * The encoder of langchain4j's own class for this model, but for how it takes the cores: its threads would spin
         * while they wait for one another, which doubles the time of a passage where the cores have other work too.
         */
        private static OnnxBertBiEncoder encoder() {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            try (InputStream weights = resource(".onnx");
                    InputStream tokenizer = resource("-tokenizer.json");
                    OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setIntraOpNumThreads(
                        Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
                options.addConfigEntry("session.intra_op.allow_spinning", "0");
                OrtSession session = environment.createSession(weights.readAllBytes(), options);
                return new OnnxBertBiEncoder(environment, session, tokenizer, PoolingMode.CLS);
            } catch (IOException | OrtException e) {
                throw new IllegalStateException("the embedding model cannot be loaded", e);
            }
        }

        private static InputStream resource(String ending) {
            return Objects.requireNonNull(
                    BgeSmallEmbedder.class.getResourceAsStream("/" + BgeSmallEmbedder.MODEL + ending),
                    "the weights are in the jar");
        }

        private static void setIfAbsent(String property, String value) {
            if (System.getProperty(property) == null) {
                System.setProperty(property, value);
            }
        }
    }
}
