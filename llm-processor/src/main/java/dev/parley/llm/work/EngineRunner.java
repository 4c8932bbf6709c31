package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model.Outcome;

/** Does what a model does: asks the engine that the order names, as it is by the order's configuration. */
public record EngineRunner(EngineRegistry engines) implements Runner {

    /** A version that is not known yet is waited for later, when the work runs: orders behind this one are not. */
    @Override
    public Answerer expected(GenerationRequest order) {
        return engines.find(order.getConfiguration())
                .flatMap(known -> known.find(order.getEngine()))
                .map(engine -> new Answerer(engine.name(), engine.model(), ""))
                .orElseGet(() -> new Answerer(order.getEngine(), "", ""));
    }

    @Override
    public Outcome run(GenerationRequest order, AnswerSink sink, Cancellation cancellation)
            throws InterruptedException {
        return engines.await(order.getConfiguration()).answer(order, sink, cancellation);
    }
}
