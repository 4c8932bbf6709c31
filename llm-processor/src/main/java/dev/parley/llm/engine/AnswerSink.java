package dev.parley.llm.engine;

import dev.parley.chat.v1.Answerer;
import dev.parley.llm.model.Model;

/** Takes an answer's pieces, and is told first who is being asked for them. */
public interface AnswerSink extends Model.Sink {

    /** What follows comes from {@code answerer}, at these prices; told anew for each try. */
    void asking(Answerer answerer, Prices prices);

    /** It came from {@code answerer}, who was asked last: a model's name may have become known only with the answer. */
    default void answered(Answerer answerer) {}
}
