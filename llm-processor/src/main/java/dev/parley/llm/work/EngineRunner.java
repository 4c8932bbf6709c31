package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.engine.Engines;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model.Outcome;

/**
 * Does what a model does: asks the engine that the order names, as it is by the order's configuration. The contents of files are
 * fetched only where an engine takes them.
 */
public record EngineRunner(EngineRegistry engines, PromptFiles files) implements Runner {

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
        Engines known = engines.await(order.getConfiguration());
        if (!PromptFiles.areIn(order) || !known.taken(order)) {
            return known.answer(order, sink, cancellation);
        }
        return switch (files.given(order)) {
            case PromptFiles.Given.Missing(Outcome.Failed failure) -> failure;
            case PromptFiles.Given.Whole given -> {
                try (given) {
                    yield known.answer(order, given.order(), sink, cancellation);
                }
            }
        };
    }
}
