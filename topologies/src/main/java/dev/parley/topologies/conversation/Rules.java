package dev.parley.topologies.conversation;

import dev.parley.schemas.work.WorkKinds;

/**
 * What bounds a conversation.
 *
 * @param maxQueuedTurns how many turns may wait for the running one
 * @param maxQueuedChars of what waits in all: it is kept in the conversation's head, which is one record
 * @param work how many workers may try it, by its kind
 * @param defaultWorkspace whose knowledge conversations draw on that come into being by their first message
 */
public record Rules(int maxQueuedTurns, int maxQueuedChars, WorkKinds work, String defaultWorkspace) {}
