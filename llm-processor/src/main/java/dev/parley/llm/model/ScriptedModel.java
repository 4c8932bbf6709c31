package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationRequest;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Says the same to everybody, word by word at one pace: for demonstrations, tests and notices. */
public final class ScriptedModel implements Model {

    private static final String NAME = "scripted";
    private static final Pattern WORD = Pattern.compile("\\S+\\s*|\\s+");

    private final List<String> words;
    private final Duration pace;

    /**
     * Says {@code script}.
     *
     * @param pace between the beginnings of two words
     */
    public ScriptedModel(String script, Duration pace) {
        this.words = WORD.matcher(script).results().map(MatchResult::group).toList();
        this.pace = pace;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        long due = System.nanoTime();
        for (String word : words) {
            if (cancellation.await(Duration.ofNanos(Math.max(0, due - System.nanoTime())))) {
                break;
            }
            sink.text(word);
            due += pace.toNanos();
        }
        return new Outcome.Finished("stop");
    }
}
