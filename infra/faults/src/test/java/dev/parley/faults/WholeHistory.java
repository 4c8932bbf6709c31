package dev.parley.faults;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.faults.History.Chunk;
import dev.parley.faults.History.ClientRecord;
import dev.parley.faults.History.ConversationRow;
import dev.parley.faults.History.DeadLetter;
import dev.parley.faults.History.Ending;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.EventRow;
import dev.parley.faults.History.GenerationRow;
import dev.parley.faults.History.Log;
import dev.parley.faults.History.MessageRow;
import dev.parley.faults.History.MessageState;
import dev.parley.faults.History.ModelCall;
import dev.parley.faults.History.Outcome;
import dev.parley.faults.History.Poison;
import dev.parley.faults.History.Seen;
import dev.parley.faults.History.Submission;
import dev.parley.faults.History.Tables;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * The history of one conversation in which all is as it should be, in parts that a test may spoil: one question, a first
 * attempt that was lost after two words, a second one that said three, a client that followed all of it, one poison.
 */
final class WholeHistory {

    static final String CONVERSATION = "c";
    static final String TURN = "t";
    static final String GENERATION = "t.1";
    static final String TEXT = "second0 second1 second2 ";

    final List<Submission> submissions = new ArrayList<>();
    final List<Seen> seen = new ArrayList<>();
    final List<ModelCall> calls = new ArrayList<>();
    final List<Poison> poison = new ArrayList<>();
    final List<Event> events = new ArrayList<>();
    final List<Chunk> chunks = new ArrayList<>();
    final List<DeadLetter> deadLetters = new ArrayList<>();
    final List<EventRow> eventRows = new ArrayList<>();
    final List<ConversationRow> conversationRows = new ArrayList<>();
    final List<MessageRow> messageRows = new ArrayList<>();
    final List<GenerationRow> generationRows = new ArrayList<>();

    WholeHistory() {
        submissions.add(new Submission(
                CONVERSATION, "m", TURN, "hello", "q", Set.of(Ending.COMPLETED), Set.of(), new Outcome.Acknowledged()));
        calls.add(new ModelCall("q", 0, "first0 first1 first2 ", 3, true, false));
        calls.add(new ModelCall("q", 1, TEXT, 3, true, false));
        log();
        client();
        tables();
        Bytes key = bytes("default/c");
        poison.add(new Poison("chat.turns.v1", key, bytes("poison")));
        deadLetters.add(new DeadLetter("chat.turns.v1", "undecodable", key, bytes("poison")));
    }

    History history() {
        return new History(
                submissions,
                List.of(new ClientRecord("client", CONVERSATION, true, seen)),
                calls,
                poison,
                new Log(events, chunks, deadLetters),
                new Tables(eventRows, conversationRows, messageRows, generationRows));
    }

    static Bytes bytes(String text) {
        return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Usage usage() {
        return new Usage(5, 3, UsageBasis.MEASURED, null);
    }

    private static Attempt attempt(int number) {
        return new Attempt("a" + number, number, "openai", "scripted", "w" + number, "");
    }

    private void log() {
        event(null, new ConversationCreated(null, "default", Map.of()));
        event(
                TURN,
                MessageAccepted.newBuilder()
                        .setMessageId("m")
                        .setAssistantMessageId("a")
                        .setRole(Role.USER)
                        .setContent("hello")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .build());
        event(TURN, new TurnStarted("m", "a", GENERATION, null, null));
        event(TURN, new TurnRouted("a", "chat", 1.0, "default", "default"));
        event(TURN, new TurnRetrieved("a", List.of()));
        event(TURN, completed());
        chunk("a1", new AttemptStarted(1, "initial", "openai", "scripted", "w1", "model"));
        chunk("a1", new TextDelta(0, "first0 ", false));
        chunk("a1", new TextDelta(1, "first1 ", false));
        chunk("a2", new AttemptStarted(2, "worker_lost", "openai", "scripted", "w2", "model"));
        chunk("a2", new TextDelta(0, "second0 ", false));
        // A worker that was given up speaks on: nobody may hear it.
        chunk("a1", new TextDelta(2, "first2 ", false));
        chunk("a2", new TextDelta(1, "second1 ", false));
        chunk("a2", new TextDelta(2, "second2 ", false));
        chunk(
                "a2",
                new AttemptFinished(
                        "stop",
                        Tally.newBuilder()
                                .setSeq(3)
                                .setTextBytes(24L)
                                .setTextCrc32c(0L)
                                .setUsage(usage())
                                .setFirstTokenMillis(1.0)
                                .setGenerationMillis(2.0)
                                .build(),
                        null,
                        List.of()));
    }

    static MessageCompleted completed() {
        return completed(TEXT, 2);
    }

    static MessageCompleted completed(String text, int attempt) {
        return MessageCompleted.newBuilder()
                .setMessageId("a")
                .setGenerationId(GENERATION)
                .setAttempt(attempt(attempt))
                .setContent(text)
                .setFinishReason("stop")
                .setUsage(usage())
                .setTimings(new Timings(1.0, 1.0, 1.0, 1.0))
                .build();
    }

    void event(@Nullable String turn, ConversationEvent.Body body) {
        events.add(event(events.size() + 1, turn, body));
    }

    static Event event(long sequence, @Nullable String turn, ConversationEvent.Body body) {
        return new Event(
                0,
                sequence * 2,
                new ConversationEvent("default", CONVERSATION, sequence, Instant.EPOCH, "cause", turn, null, body),
                bytes("event " + sequence));
    }

    void chunk(String attempt, GenerationChunk.Body body) {
        chunks.add(new Chunk(
                CONVERSATION, 0, chunks.size(), new GenerationChunk(GENERATION, attempt, Instant.EPOCH, body)));
    }

    private void client() {
        seen.add(new Seen.Connected(Optional.of("0")));
        logged(1, "conversation.created", "");
        logged(2, "message.accepted", TURN);
        logged(3, "turn.started", TURN);
        logged(4, "turn.routed", TURN);
        logged(5, "turn.retrieved", TURN);
        answer("message.started", 1);
        delta(1, 0, "first0 ");
        delta(1, 1, "first1 ");
        seen.add(new Seen.Broke("cut"));
        seen.add(new Seen.Connected(Optional.of("5.1.1")));
        answer("message.reset", 2);
        answer("message.started", 2);
        delta(2, 0, "second0 ");
        delta(2, 1, "second1 ");
        delta(2, 2, "second2 ");
        add(frame("message.completed", TURN).put("sequence", 6).put("content", TEXT), "message.completed");
    }

    void logged(long sequence, String type, String turn) {
        add(frame(type, turn).put("sequence", sequence), type);
    }

    void answer(String type, int attempt) {
        add(frame(type, TURN).put("attempt", attempt), type);
    }

    void delta(int attempt, int seq, String text) {
        add(frame("message.delta", TURN).put("attempt", attempt).put("seq", seq).put("text", text), "message.delta");
    }

    private void add(ObjectNode fields, String type) {
        seen.add(new Seen.Frame(type, "", fields));
    }

    static ObjectNode frame(String type, String turn) {
        ObjectNode fields = ChatUser.MAPPER.createObjectNode();
        fields.put("type", type).put("conversationId", CONVERSATION);
        if (!turn.isEmpty()) {
            fields.put("turnId", turn);
        }
        return fields;
    }

    private void tables() {
        events.forEach(event -> eventRows.add(new EventRow(
                CONVERSATION, event.event().getSequence(), event.partition(), event.offset(), event.value())));
        conversationRows.add(new ConversationRow(CONVERSATION, Optional.empty(), 2, 6, Optional.empty(), false));
        messageRows.add(message("m", 2, "user", "ACCEPTED", "hello", Optional.empty(), Optional.empty()));
        messageRows.add(message("a", 3, "assistant", "COMPLETED", TEXT, Optional.of(5), Optional.of(3)));
        generationRows.add(new GenerationRow(
                CONVERSATION, GENERATION, TURN, "a", "completed", Optional.of("a2"), Optional.of(5), Optional.of(3)));
    }

    static MessageRow message(
            String id,
            long position,
            String role,
            String status,
            String content,
            Optional<Integer> input,
            Optional<Integer> output) {
        return new MessageRow(
                CONVERSATION,
                id,
                TURN,
                position,
                role,
                new MessageState(status, content, input, output, Optional.empty()));
    }
}
