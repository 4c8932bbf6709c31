package dev.parley.llm.model;

import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.ErrorCode;

/**
 * Stands for a model that this worker cannot ask: it fails every request, and says why.
 *
 * @param why for the caller and the operator to read
 */
public record UnusableModel(String name, ErrorCode code, String why) implements Model {

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        return new Outcome.Failed(code, why);
    }
}
