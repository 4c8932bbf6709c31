/**
 * The one place where a conversation changes: commands and reports in, events, turn requests and controls out.
 *
 * <p>{@link dev.parley.topologies.conversation.Decider} and {@link dev.parley.topologies.conversation.Conversation} are
 * pure; {@link dev.parley.topologies.conversation.DecideConversation} loads, decides, saves and forwards.
 */
@NullMarked
package dev.parley.topologies.conversation;

import org.jspecify.annotations.NullMarked;
