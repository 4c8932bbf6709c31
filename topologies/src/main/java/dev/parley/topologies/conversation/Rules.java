package dev.parley.topologies.conversation;

/**
 * What bounds a conversation.
 *
 * @param maxQueuedTurns how many turns may wait for the running one
 * @param maxAttempts how many workers may try one generation
 */
public record Rules(int maxQueuedTurns, int maxAttempts) {}
