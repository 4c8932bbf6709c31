package dev.parley.topologies.conversation;

import dev.parley.schemas.work.WorkKinds;
import java.time.Duration;

/**
 * What bounds a conversation.
 *
 * @param maxQueuedTurns how many turns may wait for the running one
 * @param maxQueuedChars of what waits in all: it is kept in the conversation's head, which is one record
 * @param work how many workers may try it, by its kind
 * @param maxModelCalls how often model servers may be asked for one turn, over all attempts, engines and retries
 * @param longestPause how long a turn waits for a model server that asks for time; where it asks for more, the turn fails
 * @param defaultWorkspace whose knowledge conversations draw on that come into being by their first message
 */
public record Rules(
        int maxQueuedTurns,
        int maxQueuedChars,
        WorkKinds work,
        int maxModelCalls,
        Duration longestPause,
        String defaultWorkspace) {}
