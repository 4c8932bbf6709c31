package dev.parley.chat.v1;

import org.jspecify.annotations.NullMarked;

/** An event about what a turn that has begun was given before a model was asked: its route, what was found for it. */
@NullMarked
public sealed interface TurnPreparation extends ConversationEvent.Body permits TurnRouted, TurnRetrieved {}
