package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import org.junit.jupiter.api.Test;

class PricesTest {

    private static final Usage USAGE = new Usage(1_000, 200, UsageBasis.MEASURED, null);

    @Test
    void tokensCostWhatAMillionOfThemCostsInMillionths() {
        assertThat(new Prices(3.0, 15.0).priced(USAGE).getCostMicros()).isEqualTo(6_000);
        assertThat(new Prices(0.0015, null).priced(USAGE).getCostMicros()).isEqualTo(2);
        assertThat(new Prices(null, 0.5).priced(USAGE).getCostMicros()).isEqualTo(100);
    }

    @Test
    void whatHasNoPriceHasNoCost() {
        assertThat(Prices.NONE.priced(USAGE).getCostMicros()).isNull();
    }
}
