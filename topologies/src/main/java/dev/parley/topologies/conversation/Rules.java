package dev.parley.topologies.conversation;

/**
 * What bounds a conversation.
 *
 * @param maxQueuedTurns how many turns may wait for the running one
 * @param maxQueuedChars of what waits in all: it is kept in the conversation's head, which is one record
 * @param maxAttempts how many workers may try one generation
 * @param defaultWorkspace whose knowledge conversations draw on that come into being by their first message
 */
public record Rules(int maxQueuedTurns, int maxQueuedChars, int maxAttempts, String defaultWorkspace) {}
