package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.search.Embeddings;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Vectors of texts, by the model that knowledge is searched with. Nothing of it is kept.
 *
 * <p>The model is native code, in which a virtual thread would hold the thread that carries it, and with it all that is to be carried
 * besides: it works on a few platform threads, which are this class's own.
 */
final class EmbeddingCalls implements AutoCloseable {

    private static final int MAX_TEXTS = 2_048;

    /** Of one request, so that it does not take the cores for longer than half a minute or so. */
    private static final int MAX_TOKENS = 100_000;

    /** Each text is spread over the cores by itself: a second request is there for not all of a long one to be waited for. */
    private static final int AT_A_TIME = 2;

    private static final int WAITING = 2;

    private final Embeddings embeddings;
    private final ThreadPoolExecutor workers = new ThreadPoolExecutor(
            AT_A_TIME,
            AT_A_TIME,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Thread.ofPlatform().daemon().name("embeddings-", 0).factory());

    EmbeddingCalls(Embeddings embeddings) {
        this.embeddings = embeddings;
    }

    /** Lets those who wait go. What the model is at is not waited for. */
    @Override
    public void close() {
        workers.shutdownNow().forEach(waiting -> {
            boolean _ = ((Future<?>) waiting).cancel(false);
        });
    }

    /**
     * What the model makes of the texts of a request.
     *
     * @param tokens how many it has read
     */
    private record Read(int tokens, List<float[]> vectors) {}

    void create(Context ctx, Request request) {
        JsonBody body = request.body();
        checkModel(body.requiredText("model"));
        List<String> texts = texts(body);
        boolean base64 = body.oneOf("encoding_format", List.of("float", "base64"))
                .filter("base64"::equals)
                .isPresent();
        body.integer("dimensions", embeddings.dimensions(), embeddings.dimensions());
        body.unused("user");
        body.done();
        Read read = read(texts);
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        for (float[] vector : read.vectors()) {
            ObjectNode entry = Json.object().put("object", "embedding").put("index", data.size());
            if (base64) {
                entry.put("embedding", base64(vector));
            } else {
                ArrayNode numbers = entry.putArray("embedding");
                for (float number : vector) {
                    numbers.add(number);
                }
            }
            data.add(entry);
        }
        answer.put("model", embeddings.model());
        answer.putObject("usage").put("prompt_tokens", read.tokens()).put("total_tokens", read.tokens());
        Json.answer(ctx, 200, answer);
    }

    private void checkModel(String model) {
        if (embeddings.model().isEmpty()) {
            throw new ProblemException(
                    ErrorCode.MODEL_NOT_FOUND, "has nothing to name: this process has no model for vectors", "model");
        }
        if (!model.equals(embeddings.model()) && !model.equals(Models.DEFAULT)) {
            throw new ProblemException(
                    ErrorCode.MODEL_NOT_FOUND,
                    "must be " + embeddings.model() + " or " + Models.DEFAULT + ": there is no other model for vectors",
                    "model");
        }
    }

    private static List<String> texts(JsonBody body) {
        if (!body.isList("input")) {
            return List.of(notEmpty(body, body.requiredText("input")));
        }
        if (!body.isListOfTexts("input")) {
            throw body.refusal("input", "must be texts: this server takes no tokens");
        }
        List<String> texts = body.texts("input", MAX_TEXTS);
        if (texts.isEmpty()) {
            throw body.refusal("input", "must hold at least one text");
        }
        texts.forEach(text -> notEmpty(body, text));
        return texts;
    }

    private static String notEmpty(JsonBody body, String text) {
        if (text.isEmpty()) {
            throw body.refusal("input", "must not be, or hold, an empty text");
        }
        return text;
    }

    /** How many tokens there are to read. A text of which the model would read but a part is refused. */
    private int tokens(List<String> texts) {
        int sum = 0;
        for (int i = 0; i < texts.size(); i++) {
            int tokens = embeddings.tokens(texts.get(i));
            if (tokens > embeddings.maxTokens()) {
                throw new ProblemException(
                        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                        "has " + tokens + " tokens, and the model reads " + embeddings.maxTokens(),
                        texts.size() == 1 ? "input" : "input[" + i + "]");
            }
            sum += tokens;
            if (sum > MAX_TOKENS) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "must have at most " + MAX_TOKENS + " tokens in all", "input");
            }
        }
        return sum;
    }

    private Read read(List<String> texts) {
        try {
            return workers.submit(() -> new Read(tokens(texts), embeddings.embed(texts)))
                    .get();
        } catch (RejectedExecutionException e) {
            throw new ProblemException(ErrorCode.OVERLOADED, "too many requests wait for vectors");
        } catch (CancellationException e) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "this process is about to end");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "interrupted while the texts were read");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ProblemException problem) {
                throw problem;
            }
            throw new IllegalStateException("the model for vectors failed", e);
        }
    }

    /** 32-bit floats, little-endian. */
    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
