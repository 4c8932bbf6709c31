package dev.parley.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;

/**
 * All that is known of a trial once it is at rest: what clients did and saw, what the log and the tables hold, and what the
 * model was asked. Values; the checker's one input.
 */
record History(
        List<Submission> submissions,
        List<ClientRecord> clients,
        List<ModelCall> modelCalls,
        List<Poison> poison,
        Log log,
        Tables tables) {

    History {
        submissions = List.copyOf(submissions);
        clients = List.copyOf(clients);
        modelCalls = List.copyOf(modelCalls);
        poison = List.copyOf(poison);
    }

    /** How a turn may end. */
    enum Ending {
        COMPLETED,
        FAILED,
        CANCELLED;

        static Ending of(TurnEnd end) {
            return switch (end) {
                case MessageCompleted completed -> COMPLETED;
                case TurnFailed failed -> FAILED;
                case TurnCancelled cancelled -> CANCELLED;
            };
        }
    }

    /** What a client knows of its own request. */
    sealed interface Outcome {
        /** Acknowledged with a 2xx. */
        record Acknowledged() implements Outcome {}

        /** Refused for good, with a status and a code. */
        record Refused(int status, String code) implements Outcome {}

        /** No answer, or one that says nothing: it may have happened or not. */
        record Unknown(String why) implements Outcome {}
    }

    /**
     * A message that a client asked to be taken; several with the same ids are repeats of one.
     *
     * @param ask whose answers the model plays: see {@link ModelCall#ask}
     * @param endings that are right for it
     * @param codes with which it may fail; empty: any
     */
    record Submission(
            String conversation,
            String messageId,
            String turnId,
            String content,
            String ask,
            Set<Ending> endings,
            Set<String> codes,
            Outcome outcome) {
        Submission {
            endings = Set.copyOf(endings);
            codes = Set.copyOf(codes);
        }
    }

    /**
     * One call of the model.
     *
     * @param text that it says when it is left to finish
     * @param tokens that it reports for that
     * @param whole whether the script lets it finish
     * @param open whether it is still being answered
     */
    record ModelCall(String ask, int number, String text, int tokens, boolean whole, boolean open) {}

    /** A record that nobody can read, put on a topic by the trial. */
    record Poison(String topic, Bytes key, Bytes value) {}

    /** One follower's record, in its order. {@code complete}: it began at the first event, and never goes without a cursor. */
    record ClientRecord(String name, String conversation, boolean complete, List<Seen> seen) {
        ClientRecord {
            seen = List.copyOf(seen);
        }
    }

    /** What happened to a follower. */
    sealed interface Seen {
        /** A stream was opened, from a cursor or without one. */
        record Connected(Optional<String> cursor) implements Seen {}

        /** A frame arrived whole. */
        record Frame(String type, String id, JsonNode fields) implements Seen {}

        /** The client loaded the conversation anew, as a gap or the lack of a cursor has it do. */
        record Reloaded(long cursor, JsonNode messages) implements Seen {}

        /** The connection ended. */
        record Broke(String why) implements Seen {}
    }

    /** What the topics hold, in the order of their offsets within each partition. */
    record Log(List<Event> events, List<Chunk> chunks, List<DeadLetter> deadLetters) {
        Log {
            events = List.copyOf(events);
            chunks = List.copyOf(chunks);
            deadLetters = List.copyOf(deadLetters);
        }
    }

    /** A record of chat.events with its bytes. */
    record Event(int partition, long offset, ConversationEvent event, Bytes value) {}

    /** A record of chat.chunks. */
    record Chunk(String conversation, int partition, long offset, GenerationChunk chunk) {}

    /** A record of chat.dead-letters: where the original stood, and its bytes. */
    record DeadLetter(String topic, String cause, Bytes key, Bytes value) {}

    /** The rows of the trial's conversations. */
    record Tables(
            List<EventRow> events,
            List<ConversationRow> conversations,
            List<MessageRow> messages,
            List<GenerationRow> generations) {
        Tables {
            events = List.copyOf(events);
            conversations = List.copyOf(conversations);
            messages = List.copyOf(messages);
            generations = List.copyOf(generations);
        }
    }

    record EventRow(String conversation, long sequence, int partition, long offset, Bytes data) {}

    record ConversationRow(
            String id,
            Optional<String> title,
            int messageCount,
            long lastSequence,
            Optional<String> activeTurn,
            boolean deleted) {}

    record MessageRow(String conversation, String id, String turnId, long position, String role, MessageState state) {

        MessageRow in(MessageState next) {
            return new MessageRow(conversation, id, turnId, position, role, next);
        }
    }

    /** What changes of a message. */
    record MessageState(
            String status,
            String content,
            Optional<Integer> inputTokens,
            Optional<Integer> outputTokens,
            Optional<String> errorCode) {

        /** Of a message of which nothing more is known. */
        MessageState(String status, String content) {
            this(status, content, Optional.empty(), Optional.empty(), Optional.empty());
        }

        MessageState with(String next) {
            return new MessageState(next, content, inputTokens, outputTokens, errorCode);
        }
    }

    record GenerationRow(
            String conversation,
            String id,
            String turnId,
            String messageId,
            String outcome,
            Optional<String> attemptId,
            Optional<Integer> inputTokens,
            Optional<Integer> outputTokens) {}
}
