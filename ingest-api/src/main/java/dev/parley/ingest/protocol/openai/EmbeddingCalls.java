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
import java.util.concurrent.Semaphore;

/** Vectors of texts, by the model that knowledge is searched with. Nothing of it is kept. */
final class EmbeddingCalls {

    private static final int MAX_TEXTS = 2_048;

    /** Of one request, so that it does not take the cores for longer than half a minute or so. */
    private static final int MAX_TOKENS = 100_000;

    /** Each text is spread over the cores by itself: more at a time would only wait for one another. */
    private static final int AT_A_TIME = 4;

    private final Embeddings embeddings;
    private final Semaphore room = new Semaphore(AT_A_TIME);

    EmbeddingCalls(Embeddings embeddings) {
        this.embeddings = embeddings;
    }

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
        int tokens = tokens(texts);
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        for (float[] vector : vectors(texts)) {
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
        answer.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
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

    private List<float[]> vectors(List<String> texts) {
        if (!room.tryAcquire()) {
            throw new ProblemException(ErrorCode.OVERLOADED, "too many requests wait for vectors");
        }
        try {
            return embeddings.embed(texts);
        } finally {
            room.release();
        }
    }

    /** 32-bit floats, little-endian. */
    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
