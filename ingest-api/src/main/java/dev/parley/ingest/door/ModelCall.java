package dev.parley.ingest.door;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.keys.TurnIds;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a request of a model API asks for, as a message with what was sent along.
 *
 * @param model as the caller named it
 * @param choice of route and engine behind that name
 */
public record ModelCall(
        String model, Models.Choice choice, String content, CallerPrompt prompt, Map<String, String> metadata) {

    public static ModelCall of(
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

    public SubmitMessage submit(TurnIds ids) {
        return submit(ids, Optional.empty());
    }

    /** The message, which is to come after another. */
    public SubmitMessage submit(TurnIds ids, Optional<BranchPoint> after) {
        return submit(ids, prompt.getContext(), after);
    }

    /** The message, with {@code context} in place of what was sent along: the same, and what is known of it beside. */
    public SubmitMessage submitWith(TurnIds ids, List<PromptMessage> context) {
        return submit(ids, context, Optional.empty());
    }

    private SubmitMessage submit(TurnIds ids, List<PromptMessage> context, Optional<BranchPoint> after) {
        Handling handling = new Handling(OnBusy.ENQUEUE, choice.intent(), choice.engine(), metadata);
        // Its fingerprint is of what the caller sent alone. Which response it goes on with is no part of that: it names
        // the
        // conversation as well.
        return new Question(content, handling, Optional.of(prompt), Optional.empty())
                .submit(
                        ids,
                        Optional.of(new CallerPrompt(
                                prompt.getRole(), prompt.getToolCallId(), context, prompt.getOptions())),
                        after);
    }
}
