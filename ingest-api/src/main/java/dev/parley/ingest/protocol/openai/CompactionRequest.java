package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.door.Asked;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.JsonBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The body of {@code POST /v1/responses/compact}: what is to be summarised, and by which model.
 *
 * @param messages of the input
 * @param previous the response whose conversation comes before them
 */
record CompactionRequest(String model, Models.Choice choice, List<PromptMessage> messages, Optional<String> previous) {

    private static final String TASK = """
            You summarise conversations, so that they can go on from the summary alone. Keep what was asked and decided, facts, \
            names, numbers, code and open questions, in the language of the conversation; leave out courtesies. Write nothing \
            but the summary.""";

    private static final String QUESTION = "Summarise the conversation so far.";

    /**
     * Reads a body.
     *
     * @param references finds the messages that a reference to an item of an earlier response stands for
     */
    static CompactionRequest of(JsonBody body, Models models, Function<String, List<PromptMessage>> references) {
        String model = body.text("model").orElse(Models.DEFAULT);
        Models.Choice choice = models.choice(model);
        Optional<String> previous = body.text("previous_response_id");
        List<PromptMessage> messages = new ArrayList<>();
        body.text("instructions", Integer.MAX_VALUE)
                .filter(text -> !text.isBlank())
                .ifPresent(text -> messages.add(new PromptMessage(Role.SYSTEM, text, List.of(), null, null)));
        if (body.has("input")) {
            messages.addAll(ResponseRequest.input(body, references));
        }
        if (messages.isEmpty() && previous.isEmpty()) {
            throw JsonBody.required("input");
        }
        for (String hint : List.of("prompt_cache_key", "prompt_cache_retention", "service_tier")) {
            body.unused(hint);
        }
        body.done();
        return new CompactionRequest(model, choice, messages, previous);
    }

    /** The turn that makes the summary, of {@code past} and what the request itself has. */
    ModelCall call(List<PromptMessage> past) {
        List<PromptMessage> all = new ArrayList<>(past);
        all.addAll(messages);
        all.add(new PromptMessage(Role.USER, QUESTION, List.of(), null, null));
        return ModelCall.of(
                model,
                choice,
                new Asked(all.subList(0, all.size() - 1), all.getLast(), Optional.empty()),
                GenerationOptions.newBuilder().setInstructions(TASK),
                Map.of());
    }
}
