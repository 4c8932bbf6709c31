package dev.parley.faults;

import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.faults.History.Chunk;
import dev.parley.faults.History.Ending;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.Log;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The log as the checker looks things up in it. */
final class LogIndex {

    private final Map<String, List<Event>> events = new LinkedHashMap<>();
    private final Map<String, List<Attempt>> attempts = new HashMap<>();
    private final Map<String, String> decided = new HashMap<>();
    private final Map<String, End> ends = new HashMap<>();
    private final Map<String, String> generations = new HashMap<>();
    private int lateChunks;

    /** What one attempt said, in log order. */
    static final class Attempt {
        private final String id;
        private final List<Integer> seqs = new ArrayList<>();
        private final List<String> parts = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();

        Attempt(String id) {
            this.id = id;
        }

        String id() {
            return id;
        }

        /** Counts a delta that is part of no text. */
        private void wordless(int seq) {
            seqs.add(seq);
            parts.add("");
        }

        /** As they stand in the log; right when they are 0, 1, 2 … */
        List<Integer> seqs() {
            return seqs;
        }

        boolean isGapFree() {
            for (int i = 0; i < seqs.size(); i++) {
                if (seqs.get(i) != i) {
                    return false;
                }
            }
            return true;
        }

        /** The text of a delta, where the log has one of that number. */
        Optional<String> part(int seq) {
            int at = seqs.indexOf(seq);
            return at < 0 ? Optional.empty() : Optional.of(parts.get(at));
        }

        String text() {
            return text.toString();
        }

        /** The text up to and including a delta. */
        String textTo(int seq) {
            StringBuilder some = new StringBuilder();
            for (int i = 0; i < seqs.size(); i++) {
                if (seqs.get(i) <= seq) {
                    some.append(parts.get(i));
                }
            }
            return some.toString();
        }
    }

    /** How a turn ended, by the first of its endings. */
    record End(Ending ending, String content, long sequence) {}

    LogIndex(Log log) {
        Comparator<Event> inOrder = Comparator.comparingInt(Event::partition).thenComparingLong(Event::offset);
        log.events().stream()
                .sorted(inOrder)
                .forEach(event -> events.computeIfAbsent(event.event().getConversationId(), id -> new ArrayList<>())
                        .add(event));
        events.values().forEach(list -> list.forEach(this::take));
        Map<String, List<GenerationChunk>> chunks = new LinkedHashMap<>();
        log.chunks().stream()
                .sorted(Comparator.comparingInt(Chunk::partition).thenComparingLong(Chunk::offset))
                .map(Chunk::chunk)
                .forEach(chunk -> chunks.computeIfAbsent(chunk.getGenerationId(), id -> new ArrayList<>())
                        .add(chunk));
        chunks.forEach(this::follow);
    }

    private void take(Event event) {
        String turn = event.event().getTurnId();
        if (turn == null) {
            return;
        }
        if (event.event().getBody() instanceof TurnStarted started) {
            generations.putIfAbsent(turn, started.getGenerationId());
        }
        End end = end(event);
        if (end != null) {
            ends.putIfAbsent(turn, end);
        }
    }

    /** What an event says about the end of its turn. */
    static @Nullable End end(Event event) {
        long sequence = event.event().getSequence();
        return event.event().getBody() instanceof TurnEnd end
                ? new End(Ending.of(end), end.getContent(), sequence)
                : null;
    }

    /** The rule of the log: the last claim is current, others are void, its terminal chunk closes the generation. */
    private void follow(String generation, List<GenerationChunk> chunks) {
        Map<String, Attempt> byId = new LinkedHashMap<>();
        Attempt current = null;
        boolean closed = false;
        for (GenerationChunk chunk : chunks) {
            String id = chunk.getAttemptId();
            if (chunk.getBody() instanceof AttemptStarted) {
                boolean known = byId.containsKey(id);
                Attempt claimed = byId.computeIfAbsent(id, Attempt::new);
                current = closed || known ? current : claimed;
                continue;
            }
            Attempt attempt = byId.get(id);
            if (attempt == null) {
                continue;
            }
            if (attempt != current) {
                lateChunks++;
            }
            switch (chunk.getBody()) {
                case TextDelta delta -> {
                    attempt.seqs.add(delta.getSeq());
                    attempt.parts.add(delta.getText());
                    attempt.text.append(delta.getText());
                }
                case ReasoningDelta delta -> {
                    attempt.seqs.add(delta.getSeq());
                    attempt.parts.add(delta.getText());
                }
                case ToolArgumentsDelta delta -> attempt.wordless(delta.getSeq());
                case ToolCalled called -> attempt.wordless(called.getSeq());
                default -> {}
            }
            if (attempt == current && !closed) {
                closed = switch (chunk.getBody()) {
                    case AttemptFinished finished ->
                        attempt.isGapFree() && finished.getTally().getSeq() == attempt.seqs.size();
                    case AttemptFailed failed -> !failed.getRetryable();
                    case AttemptCancelled cancelled -> true;
                    default -> false;
                };
                if (closed) {
                    decided.put(generation, id);
                }
            }
        }
        attempts.put(generation, List.copyOf(byId.values()));
    }

    /** A conversation's events in log order. */
    List<Event> events(String conversation) {
        return events.getOrDefault(conversation, List.of());
    }

    /** A generation's attempts, in the order of their claims. */
    List<Attempt> attempts(String generation) {
        return attempts.getOrDefault(generation, List.of());
    }

    /** How many chunks came from an attempt after another had taken its place. */
    int lateChunks() {
        return lateChunks;
    }

    /** How many attempts came after another of the same generation. */
    int laterAttempts() {
        return attempts.values().stream().mapToInt(its -> its.size() - 1).sum();
    }

    /** The attempt whose terminal chunk closed the generation. */
    Optional<String> deciding(String generation) {
        return Optional.ofNullable(decided.get(generation));
    }

    Optional<End> end(String turn) {
        return Optional.ofNullable(ends.get(turn));
    }

    Optional<String> generation(String turn) {
        return Optional.ofNullable(generations.get(turn));
    }

    /** An event's name in the event stream: the words of its record's, {@code message.accepted} of MessageAccepted. */
    static String wireType(Object body) {
        return String.join(".", body.getClass().getSimpleName().split("(?=[A-Z])"))
                .toLowerCase(Locale.ROOT);
    }
}
