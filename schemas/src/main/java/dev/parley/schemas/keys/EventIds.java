package dev.parley.schemas.keys;

import org.jspecify.annotations.Nullable;

/**
 * The ids of records, as CloudEvents and reports carry them. Each is a function of what its record tells, so that whoever
 * reads a repeat knows it for one.
 */
public final class EventIds {

    /** In place of an attempt, where there was none. */
    private static final String NO_ATTEMPT = "none";

    private EventIds() {}

    /** Of an event in the log of record. */
    public static String ofEvent(ConversationKey conversation, long sequence) {
        return conversation + "/" + sequence;
    }

    /** Of a turn to be prepared for an attempt. */
    public static String ofTurn(GenerationId generation, int attempt) {
        return generation + "/" + attempt;
    }

    /** Of the same turn, to be prepared so that a model is asked which way it goes, for the {@code number}-th time. */
    public static String ofTurnToClassify(GenerationId generation, int attempt, int number) {
        return ofTurn(generation, attempt) + "/classify-" + number;
    }

    /** Of the same turn, once a model has said which way it goes. */
    public static String ofClassifiedTurn(GenerationId generation, int attempt) {
        return ofTurn(generation, attempt) + "/classified";
    }

    /** Of the order for an attempt. */
    public static String ofOrder(GenerationId generation, int attempt) {
        return ofTurn(generation, attempt) + "/request";
    }

    /** Of the word that whoever works on a generation is to stop. */
    public static String ofStop(GenerationId generation) {
        return generation + "/stop";
    }

    /** Of the report that an attempt is prepared. */
    public static String ofPrepared(GenerationId generation, int attempt) {
        return ofTurn(generation, attempt) + "/prepared";
    }

    /** Of the report that an attempt is not made since its question is refused. */
    public static String ofRefused(GenerationId generation, int attempt) {
        return ofTurn(generation, attempt) + "/refused";
    }

    /**
     * Of the report of a fact.
     *
     * @param attemptId whose fact it is; null where nobody attempted
     * @param fact unique within the attempt
     */
    public static String ofReport(GenerationId generation, @Nullable String attemptId, String fact) {
        return generation + "/" + (attemptId == null ? NO_ATTEMPT : attemptId) + "/" + fact;
    }

    /**
     * Of a chunk.
     *
     * @param chunk unique within the attempt
     */
    public static String ofChunk(String attemptId, String chunk) {
        return attemptId + "/" + chunk;
    }

    /** Of what a search has found. */
    public static String ofSearchResult(String searchId) {
        return searchId + "/result";
    }

    /** Of what becomes of a turn that stood in {@code phase} for too long. */
    public static String ofDeadline(TurnId turn, String phase) {
        return turn + "/deadline/" + phase;
    }
}
