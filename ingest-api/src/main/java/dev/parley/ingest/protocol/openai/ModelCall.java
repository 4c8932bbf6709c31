package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Handling;
import dev.parley.ingest.door.Question;
import dev.parley.schemas.keys.TurnIds;
import java.util.Map;
import java.util.Optional;

/**
 * What a request of a model API asks for, as a message with what was sent along.
 *
 * @param model as the caller named it
 * @param choice of route and engine behind that name
 */
record ModelCall(
        String model, Models.Choice choice, String content, CallerPrompt prompt, Map<String, String> metadata) {

    static ModelCall of(
            String model,
            Models.Choice choice,
            Asked asked,
            GenerationOptions.Builder options,
            Map<String, String> metadata) {
        PromptMessage last = asked.last();
        CallerPrompt prompt = new CallerPrompt(
                last.getRole(),
                last.getToolCallId(),
                asked.before(),
                options.setPrefill(asked.prefill().orElse(null)).build());
        return new ModelCall(model, choice, last.getContent(), prompt, metadata);
    }

    SubmitMessage submit(TurnIds ids) {
        return submit(ids, Optional.empty());
    }

    /** The message, which is to come after another. */
    SubmitMessage submit(TurnIds ids, Optional<BranchPoint> after) {
        Handling handling = new Handling(OnBusy.ENQUEUE, choice.intent(), choice.engine(), metadata);
        // Which response it goes on with is no part of the fingerprint: it names the conversation as well.
        return new Question(content, handling, Optional.of(prompt), Optional.empty())
                .submit(ids, Optional.of(prompt), after);
    }
}
