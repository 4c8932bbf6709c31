package dev.parley.llm.engine;

import dev.parley.chat.v1.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What an engine's tokens cost, for a million of them, in a currency of the operator's choice; null: nothing is known.
 */
public record Prices(@Nullable Double input, @Nullable Double output) {

    public static final Prices NONE = new Prices(null, null);

    /** {@code usage} with its cost in millionths of the currency, where a price is known. */
    public Usage priced(Usage usage) {
        if (input == null && output == null) {
            return usage;
        }
        double micros = usage.getInputTokens() * (input == null ? 0 : input)
                + usage.getOutputTokens() * (output == null ? 0 : output);
        return new Usage(usage.getInputTokens(), usage.getOutputTokens(), usage.getBasis(), Math.round(micros));
    }
}
