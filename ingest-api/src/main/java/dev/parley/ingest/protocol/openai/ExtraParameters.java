package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Parameters that only some model servers take: they reach the engine as they are, and it is the engine that says what it does
 * not take. Which of them a configured engine is never sent, its dialect says.
 */
final class ExtraParameters {

    /** Names in OpenAI's own API, and in those of vLLM, SGLang, llama.cpp and others that are like it. */
    static final List<String> NAMES = List.of(
            "logit_bias",
            "verbosity",
            "prediction",
            "top_k",
            "top_a",
            "min_p",
            "typical_p",
            "tfs_z",
            "mirostat",
            "mirostat_tau",
            "mirostat_eta",
            "repetition_penalty",
            "repeat_penalty",
            "length_penalty",
            "no_repeat_ngram_size",
            "min_tokens",
            "ignore_eos",
            "stop_token_ids",
            "bad_words",
            "include_stop_str_in_output",
            "skip_special_tokens",
            "spaces_between_special_tokens",
            "add_generation_prompt",
            "continue_final_message",
            "chat_template_kwargs",
            "enable_thinking",
            "thinking",
            "thinking_budget",
            "guided_json",
            "guided_regex",
            "guided_choice",
            "guided_grammar",
            "structured_outputs",
            "grammar");

    private static final Set<String> SAYS_NOTHING = Set.of("{}", "[]", "\"\"");
    private static final int MOST_LOGPROBS = 20;

    private final ObjectNode parameters = Json.object();

    private ExtraParameters() {}

    /** Those in {@code body}. */
    static ExtraParameters of(JsonBody body) {
        ExtraParameters extra = new ExtraParameters();
        for (String name : NAMES) {
            body.json(name).filter(json -> !SAYS_NOTHING.contains(json)).ifPresent(json -> extra.put(name, json));
        }
        return extra;
    }

    /** Adds one, as JSON. */
    void put(String name, String json) {
        parameters.putRawValue(name, new RawValue(json));
    }

    /** What chat completions are asked for: probabilities are worked out, but no answer has room for them. */
    ExtraParameters withLogprobs(JsonBody body) {
        boolean wanted = body.flag("logprobs").orElse(false);
        Optional<Long> top = body.integer("top_logprobs", 0, MOST_LOGPROBS);
        if (!wanted && top.isPresent()) {
            throw body.refusal("top_logprobs", "needs logprobs");
        }
        if (wanted) {
            body.unused("logprobs");
            logprobs(top);
        }
        return this;
    }

    /** What responses are asked for under other names. */
    ExtraParameters withTopLogprobs(JsonBody body) {
        body.integer("top_logprobs", 0, MOST_LOGPROBS).filter(top -> top > 0).ifPresent(top -> {
            body.unused("top_logprobs");
            logprobs(Optional.of(top));
        });
        return this;
    }

    private void logprobs(Optional<Long> top) {
        parameters.put("logprobs", true);
        top.ifPresent(most -> parameters.put("top_logprobs", most));
    }

    /** As a JSON object; empty where there are none. */
    Optional<String> json() {
        return Optional.of(parameters).filter(any -> !any.isEmpty()).map(ObjectNode::toString);
    }
}
