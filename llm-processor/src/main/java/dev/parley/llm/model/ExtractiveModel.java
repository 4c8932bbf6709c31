package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.llm.model.Quotations.Quotation;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Answers without a model, by quoting what fits the question best out of the request's passages, each quotation with the
 * number of its source. Says plainly that no model is connected, and when nothing fits.
 */
public final class ExtractiveModel implements Model {

    public static final String NAME = "extractive";

    private static final int MAX_TITLES = 3;
    private static final int PIECE_CHARS = 24;

    private static final String HOW_TO_CONNECT = """
            To connect a model, start Parley with any OpenAI-compatible server:

            ```bash
            ./parley up --llm-base-url http://127.0.0.1:11434/v1 --llm-model llama3.2      # Ollama
            ./parley up --llm-base-url http://127.0.0.1:8000/v1 --llm-model Qwen/Qwen3-8B  # vLLM
            ```

            The same settings are read from `PARLEY_LLM_BASE_URL`, `PARLEY_LLM_MODEL` and `PARLEY_LLM_API_KEY`.
            """;

    private static final String NOTHING_FOUND = """
            **No language model is connected**, so I cannot answer this myself, and no document here says anything about it.

            """ + HOW_TO_CONNECT;

    private static final String NOTHING_FITS = """
            **No language model is connected**, so I can only quote, and no sentence here answers this in its own words. The \
            nearest that the documents have:

            """;

    private static final String FOUND =
            "*No language model is connected: these are quotations from the documents at hand.*\n\n";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        if (Prefill.isIn(request)) {
            return new Outcome.Failed(
                    ErrorCode.ENGINE_REJECTED,
                    "messages must not end with one of the assistant's: the engine '" + NAME
                            + "' cannot go on with an answer that was begun");
        }
        String answer = answer(request);
        for (int start = 0; start < answer.length() && !cancellation.isCancelled(); start += PIECE_CHARS) {
            sink.text(answer.substring(start, Math.min(answer.length(), start + PIECE_CHARS)));
        }
        return new Outcome.Finished("stop");
    }

    private static String answer(GenerationRequest request) {
        List<Passage> passages = request.getPassages();
        List<Quotation> quotations =
                Quotations.of(request.getMessages().getLast().getContent(), passages);
        if (quotations.isEmpty()) {
            return passages.isEmpty() ? NOTHING_FOUND : NOTHING_FITS + titles(passages) + "\n\n" + HOW_TO_CONNECT;
        }
        StringBuilder answer = new StringBuilder(FOUND);
        for (Quotation quotation : quotations) {
            answer.append(quoted(quotation.markdown()))
                    .append(quotation.markdown().indexOf('\n') < 0 ? " [" : "\n>\n> [")
                    .append(quotation.source())
                    .append("]\n\n");
        }
        return answer.toString();
    }

    private static String quoted(String markdown) {
        return markdown.lines().map(line -> "> " + line).collect(Collectors.joining("\n"));
    }

    private static String titles(List<Passage> passages) {
        return IntStream.range(0, Math.min(MAX_TITLES, passages.size()))
                .mapToObj(i -> "- " + passages.get(i).getSource().getTitle() + " [" + (i + 1) + "]")
                .collect(Collectors.joining("\n"));
    }
}
