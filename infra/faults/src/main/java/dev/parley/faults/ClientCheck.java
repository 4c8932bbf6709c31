package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.faults.History.ClientRecord;
import dev.parley.faults.History.Ending;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.Seen;
import dev.parley.faults.LogIndex.Attempt;
import dev.parley.faults.LogIndex.End;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Replays what one client saw by the rules that its documentation gives it, and holds it against the log. */
final class ClientCheck {

    private final ClientRecord client;
    private final LogIndex index;
    private final List<Violation> violations;
    private final Map<Long, Event> bySequence = new HashMap<>();
    private final Map<String, Shown> shown = new HashMap<>();
    private long sequence;

    /** What the client shows of one turn's answer. */
    private static final class Shown {
        private final StringBuilder text = new StringBuilder();
        private boolean turnStarted;
        private int attempt;
        private int resetTo;
        private int nextSeq;
        private boolean ended;

        void forget() {
            text.setLength(0);
            attempt = 0;
            resetTo = 0;
            nextSeq = 0;
            ended = false;
        }
    }

    ClientCheck(ClientRecord client, LogIndex index, List<Violation> violations) {
        this.client = client;
        this.index = index;
        this.violations = violations;
        index.events(client.conversation())
                .forEach(event -> bySequence.put(event.event().getSequence(), event));
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            violations.add(new Violation("client", client.name() + ": " + otherwise));
        }
    }

    void check() {
        for (Seen seen : client.seen()) {
            switch (seen) {
                case Seen.Connected(Optional<String> cursor) -> {
                    if (cursor.isEmpty()) {
                        shown.values().stream().filter(answer -> !answer.ended).forEach(Shown::forget);
                        sequence = 0;
                    }
                }
                case Seen.Reloaded(long cursor, JsonNode messages) -> reloaded(cursor, messages);
                case Seen.Frame(String type, String id, JsonNode fields) -> frame(type, fields);
                case Seen.Broke broke -> {}
            }
        }
        atTheEnd();
    }

    private void frame(String type, JsonNode fields) {
        if (type.equals("feed.gap")) {
            return; // What the client does about it comes next.
        }
        require(
                fields.path("conversationId").asText().equals(client.conversation()),
                type + " is of conversation " + fields.path("conversationId").asText());
        if (fields.has("sequence")) {
            logged(type, fields);
        } else {
            answer(type, fields);
        }
    }

    private void logged(String type, JsonNode fields) {
        long seen = fields.path("sequence").asLong();
        if (client.complete()) {
            require(seen == sequence + 1, type + " " + seen + " comes after " + sequence);
        } else {
            require(seen > sequence, type + " " + seen + " comes after " + sequence);
        }
        sequence = seen;
        Event event = bySequence.get(seen);
        if (event == null) {
            require(false, type + " " + seen + " is not in the log");
            return;
        }
        String logged = LogIndex.wireType(event.event().getBody());
        require(logged.equals(type), seen + " is " + type + " where the log has " + logged);
        String turn = fields.path("turnId").asText("");
        require(
                turn.equals(
                        event.event().getTurnId() == null ? "" : event.event().getTurnId()),
                seen + " is of another turn than in the log");
        Shown answer = shown.computeIfAbsent(turn, id -> new Shown());
        if (type.equals("turn.started")) {
            answer.turnStarted = true;
        }
        End end = LogIndex.end(event);
        if (end != null) {
            ended(turn, answer, end, fields.path("content").asText(""));
        }
    }

    private void ended(String turn, Shown answer, End end, String content) {
        require(!answer.ended, turn + " ends a second time");
        require(content.equals(end.content()), turn + " ends with another text than in the log");
        boolean fits = content.startsWith(answer.text.toString())
                // Whoever stops a generation does not wait for what its worker still says.
                || (end.ending() != Ending.COMPLETED && answer.text.toString().startsWith(content));
        // An attempt that was given up may be followed by a failure of a later one that said nothing.
        boolean superseded = end.ending() != Ending.COMPLETED && content.isEmpty();
        require(fits || superseded, turn + " showed a text that its end does not begin with");
        answer.ended = true;
        answer.text.setLength(0);
        answer.text.append(content);
    }

    private void answer(String type, JsonNode fields) {
        String turn = fields.path("turnId").asText();
        int attempt = fields.path("attempt").asInt();
        Shown answer = shown.computeIfAbsent(turn, id -> new Shown());
        boolean lateReset = type.equals("message.reset");
        require(!answer.ended || lateReset, type + " of " + turn + " comes after its end");
        require(answer.turnStarted || !client.complete(), type + " of " + turn + " comes before its start");
        switch (type) {
            case "message.started" -> {
                require(
                        answer.attempt == 0 || answer.resetTo == attempt,
                        "attempt " + attempt + " of " + turn + " comes after " + answer.attempt + " without a reset");
                require(answer.text.isEmpty(), "attempt " + attempt + " of " + turn + " starts in mid-text");
                answer.attempt = attempt;
                answer.nextSeq = 0;
            }
            case "message.reset" -> {
                answer.text.setLength(0);
                answer.nextSeq = 0;
                answer.resetTo = attempt;
            }
            case "message.snapshot" -> {
                int seq = fields.path("seq").asInt();
                String text = fields.path("text").asText();
                require(
                        attempt(turn, attempt)
                                .map(said -> said.textTo(seq).equals(text))
                                .orElse(false),
                        "the snapshot of " + turn + " at " + attempt + "." + seq + " is not what the attempt said");
                answer.text.setLength(0);
                answer.text.append(text);
                answer.attempt = attempt;
                answer.nextSeq = seq + 1;
            }
            case "message.delta", "tool.arguments" -> delta(turn, answer, attempt, fields);
            default -> require(false, "there is no " + type);
        }
    }

    private void delta(String turn, Shown answer, int attempt, JsonNode fields) {
        int seq = fields.path("seq").asInt();
        String text = fields.path("text").asText(fields.path("reasoning").asText(""));
        require(
                attempt == answer.attempt,
                "a delta of attempt " + attempt + " of " + turn + " comes in attempt " + answer.attempt);
        require(seq == answer.nextSeq, "delta " + seq + " of " + turn + " comes where " + answer.nextSeq + " is due");
        require(
                attempt(turn, attempt)
                        .flatMap(said -> said.part(seq))
                        .map(text::equals)
                        .orElse(false),
                "delta " + attempt + "." + seq + " of " + turn + " is not what the attempt said");
        answer.nextSeq = seq + 1;
        if (fields.has("text")) {
            answer.text.append(text);
        }
    }

    private Optional<Attempt> attempt(String turn, int ordinal) {
        return index.generation(turn)
                .map(index::attempts)
                .filter(attempts -> ordinal >= 1 && ordinal <= attempts.size())
                .map(attempts -> attempts.get(ordinal - 1));
    }

    private void reloaded(long cursor, JsonNode messages) {
        sequence = cursor;
        shown.forEach((turn, answer) -> {
            boolean endIncluded =
                    index.end(turn).map(end -> end.sequence() <= cursor).orElse(false);
            if (!endIncluded) {
                answer.forget();
            }
        });
        for (JsonNode message : messages) {
            String status = message.path("status").asText();
            String turn = message.path("turnId").asText();
            Shown answer = shown.computeIfAbsent(turn, id -> new Shown());
            answer.turnStarted = true;
            if (message.path("role").asText().equals("assistant")
                    && List.of("completed", "failed", "cancelled").contains(status)) {
                Optional<End> end = index.end(turn);
                require(
                        end.isPresent()
                                && end.get().ending().name().equalsIgnoreCase(status)
                                && end.get()
                                        .content()
                                        .equals(message.path("content").asText("")),
                        "the snapshot's answer to " + turn + " is not the log's");
                answer.ended = true;
            }
        }
    }

    private void atTheEnd() {
        List<Event> events = index.events(client.conversation());
        long last = events.isEmpty() ? 0 : events.getLast().event().getSequence();
        if (client.complete()) {
            require(sequence == last, "has seen events up to " + sequence + " of " + last);
        }
        for (Event event : events) {
            String turn = event.event().getTurnId();
            if (turn != null
                    && LogIndex.end(event) != null
                    && index.generation(turn).isPresent()) {
                Shown answer = shown.get(turn);
                require(answer != null && answer.ended, "does not show how " + turn + " ended");
            }
        }
    }
}
