package dev.parley.llm.engine;

import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageDetails;
import org.jspecify.annotations.Nullable;

/**
 * What an engine's tokens cost, for a million of them, in a currency of the operator's choice; null: nothing is known.
 *
 * @param cachedInput of input that the model server has in its cache; null: as any input
 */
public record Prices(
        @Nullable Double input,
        @Nullable Double cachedInput,
        @Nullable Double output) {

    public static final Prices NONE = new Prices(null, null, null);

    /**
     * {@code usage} with its cost in millionths of the currency, where a price is known.
     *
     * @param details how much of the input the model server had in its cache; null: it did not tell
     */
    public Usage priced(Usage usage, @Nullable UsageDetails details) {
        if (input == null && cachedInput == null && output == null) {
            return usage;
        }
        double inputPrice = input == null ? 0 : input;
        Integer told = details == null ? null : details.getCachedInputTokens();
        int cached = told == null ? 0 : Math.min(told, usage.getInputTokens());
        double micros = (usage.getInputTokens() - cached) * inputPrice
                + cached * (cachedInput == null ? inputPrice : cachedInput)
                + usage.getOutputTokens() * (output == null ? 0 : output);
        return new Usage(usage.getInputTokens(), usage.getOutputTokens(), usage.getBasis(), Math.round(micros));
    }
}
