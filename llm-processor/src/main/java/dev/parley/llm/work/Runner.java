package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model.Outcome;

/** Does work of one kind. Thread-safe: many pieces of work run at once, each on a virtual thread of its own. */
public interface Runner {

    /** Who is going to do it, as far as that can be said without waiting: for the claim. */
    Answerer expected(GenerationRequest order);

    /**
     * Does it, and tells {@code sink} what comes of it, piece by piece; returns when it has ended. What {@code sink} throws ends
     * it and is thrown on.
     *
     * <p>When {@code cancellation} is cancelled, at whatever stage, it returns soon, with whatever outcome.
     */
    Outcome run(GenerationRequest order, AnswerSink sink, Cancellation cancellation) throws InterruptedException;
}
