package dev.parley.schemas.keys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The ids of records are on the topics already: their texts are for ever. */
class EventIdsTest {

    private static final GenerationId GENERATION = new TurnId("turn_1").generation(1);

    @Test
    void generationsAreNamedAfterTheirTurn() {
        assertThat(GENERATION).hasToString("turn_1.1");
        assertThat(GENERATION.classification()).hasToString("turn_1.1/classify");
        assertThat(GENERATION.within("c")).isEqualTo("c/turn_1.1");
    }

    @Test
    void theTextsStand() {
        assertThat(EventIds.ofEvent(new ConversationKey("t", "c"), 7)).isEqualTo("t/c/7");
        assertThat(EventIds.ofTurn(GENERATION, 2)).isEqualTo("turn_1.1/2");
        assertThat(EventIds.ofTurnToClassify(GENERATION, 2, 3)).isEqualTo("turn_1.1/2/classify-3");
        assertThat(EventIds.ofClassifiedTurn(GENERATION, 2)).isEqualTo("turn_1.1/2/classified");
        assertThat(EventIds.ofOrder(GENERATION, 2)).isEqualTo("turn_1.1/2/request");
        assertThat(EventIds.ofStop(GENERATION)).isEqualTo("turn_1.1/stop");
        assertThat(EventIds.ofPrepared(GENERATION, 2)).isEqualTo("turn_1.1/2/prepared");
        assertThat(EventIds.ofRefused(GENERATION, 2)).isEqualTo("turn_1.1/2/refused");
        assertThat(EventIds.ofReport(GENERATION, "a", "claimed")).isEqualTo("turn_1.1/a/claimed");
        assertThat(EventIds.ofReport(GENERATION, null, "cancelled")).isEqualTo("turn_1.1/none/cancelled");
        assertThat(EventIds.ofChunk("a", "5")).isEqualTo("a/5");
        assertThat(EventIds.ofSearchResult("search_1")).isEqualTo("search_1/result");
        assertThat(EventIds.ofDeadline(new TurnId("turn_1"), "preparing")).isEqualTo("turn_1/deadline/preparing");
    }
}
