package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.chat.v1.UsageDetails;
import org.junit.jupiter.api.Test;

class PricesTest {

    private static final Usage USAGE = new Usage(1_000, 200, UsageBasis.MEASURED, null);

    @Test
    void tokensCostWhatAMillionOfThemCostsInMillionths() {
        assertThat(new Prices(3.0, null, 15.0).priced(USAGE, null).getCostMicros())
                .isEqualTo(6_000);
        assertThat(new Prices(0.0015, null, null).priced(USAGE, null).getCostMicros())
                .isEqualTo(2);
        assertThat(new Prices(null, null, 0.5).priced(USAGE, null).getCostMicros())
                .isEqualTo(100);
    }

    @Test
    void whatTheServerHadInItsCacheCostsLessWhereThatIsKnown() {
        UsageDetails cached = new UsageDetails(600, null, null, null, null);

        assertThat(new Prices(3.0, 0.5, 15.0).priced(USAGE, cached).getCostMicros())
                .isEqualTo(4_500);
        assertThat(new Prices(3.0, null, 15.0).priced(USAGE, cached).getCostMicros())
                .isEqualTo(6_000);
        assertThat(new Prices(3.0, 0.5, 15.0).priced(USAGE, null).getCostMicros())
                .isEqualTo(6_000);
        UsageDetails impossible = new UsageDetails(5_000, null, null, null, null);
        assertThat(new Prices(3.0, 0.5, 0.0).priced(USAGE, impossible).getCostMicros())
                .isEqualTo(500);
    }

    @Test
    void whatHasNoPriceHasNoCost() {
        assertThat(Prices.NONE.priced(USAGE, null).getCostMicros()).isNull();
    }
}
