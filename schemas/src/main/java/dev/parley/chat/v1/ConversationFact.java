package dev.parley.chat.v1;

import org.jspecify.annotations.NullMarked;

/** An event about a conversation as a whole, or about a message that has ended: no part of the course of a turn. */
@NullMarked
public sealed interface ConversationFact extends ConversationEvent.Body
        permits ConversationCreated,
                ConversationRenamed,
                ConversationDeleted,
                FeedbackRecorded,
                BranchSwitched,
                ConversationAnnotated {}
