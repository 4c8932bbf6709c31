package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Answers without a model, by quoting the sentences of the request's passages that share most words with the question,
 * each with the number of its source. Says plainly that no model is connected.
 */
public final class ExtractiveModel implements Model {

    public static final String NAME = "extractive";

    private static final int MAX_SENTENCES = 4;
    private static final int PIECE_CHARS = 24;
    private static final Pattern WORD_BREAK = Pattern.compile("[^\\p{L}\\p{N}]+");

    private static final String NOTHING_FOUND = """
            **No language model is connected**, so I cannot answer this myself, and no document here says anything about it.

            To connect a model, start Parley with any OpenAI-compatible server:

            ```bash
            ./parley up --llm-base-url http://127.0.0.1:11434/v1 --llm-model llama3.2      # Ollama
            ./parley up --llm-base-url http://127.0.0.1:8000/v1 --llm-model Qwen/Qwen3-8B  # vLLM
            ```

            The same settings are read from `PARLEY_LLM_BASE_URL`, `PARLEY_LLM_MODEL` and `PARLEY_LLM_API_KEY`.
            """;

    private static final String FOUND =
            "*No language model is connected: these are quotations from the documents at hand.*\n\n";

    private record Sentence(String text, int source, int sharedWords) {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        String answer = answer(request);
        for (int start = 0; start < answer.length() && !cancellation.isCancelled(); start += PIECE_CHARS) {
            sink.text(answer.substring(start, Math.min(answer.length(), start + PIECE_CHARS)));
        }
        return new Outcome.Finished("stop", Optional.empty());
    }

    private static String answer(GenerationRequest request) {
        Set<String> asked = words(request.getMessages().getLast().getContent());
        List<Sentence> best = sentences(request.getPassages(), asked).stream()
                .filter(sentence -> sentence.sharedWords() > 0)
                .sorted(Comparator.comparingInt(Sentence::sharedWords).reversed())
                .limit(MAX_SENTENCES)
                .toList();
        if (best.isEmpty()) {
            return NOTHING_FOUND;
        }
        StringBuilder answer = new StringBuilder(FOUND);
        best.forEach(sentence -> answer.append("> ")
                .append(sentence.text())
                .append(" [")
                .append(sentence.source())
                .append("]\n\n"));
        return answer.toString();
    }

    private static List<Sentence> sentences(List<Passage> passages, Set<String> asked) {
        List<Sentence> sentences = new ArrayList<>();
        for (int i = 0; i < passages.size(); i++) {
            String text = passages.get(i).getText();
            BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
            breaks.setText(text);
            int start = breaks.first();
            for (int end = breaks.next(); end != BreakIterator.DONE; start = end, end = breaks.next()) {
                String sentence = text.substring(start, end).strip().replaceAll("\\s+", " ");
                Set<String> shared = words(sentence);
                shared.retainAll(asked);
                sentences.add(new Sentence(sentence, i + 1, shared.size()));
            }
        }
        return sentences;
    }

    /** Words of four letters and more: shorter ones hardly tell what a text is about. */
    private static Set<String> words(String text) {
        Set<String> words = new HashSet<>();
        for (String word :
                WORD_BREAK.splitAsStream(text.toLowerCase(Locale.ROOT)).toList()) {
            if (word.length() > 3) {
                words.add(word);
            }
        }
        return words;
    }
}
