/**
 * The one place where a conversation changes: commands and reports in, events, turn requests and controls out.
 *
 * <p>Pure are {@link dev.parley.topologies.conversation.Conversation}, which a change evolves, and
 * {@link dev.parley.topologies.conversation.Decider} with the rules that it calls: for commands, reports and deadlines, over
 * those of which turn runs and how one ends. {@link dev.parley.topologies.conversation.ConversationAggregate} joins them
 * with the stores for the {@linkplain dev.parley.topologies.aggregate kernel}, which loads, decides, saves and forwards.
 */
@NullMarked
package dev.parley.topologies.conversation;

import org.jspecify.annotations.NullMarked;
