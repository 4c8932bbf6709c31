package dev.parley.topologies.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.topologies.aggregate.Decision.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DraftTest {

    @Test
    void eachChangeIsEvolvedOnceAndGoesWithTheStatesAroundIt() {
        List<String> evolved = new ArrayList<>();
        Draft<String, String, String> draft = new Draft<>("a", (state, change) -> {
            evolved.add(change);
            return state + change;
        });

        draft.change("b");
        draft.change("c");
        draft.order("tell");
        Decision<String, String, String> decision = draft.decision();

        assertThat(decision.steps()).containsExactly(new Step<>("a", "b", "ab"), new Step<>("ab", "c", "abc"));
        assertThat(decision.before()).isEqualTo("a");
        assertThat(decision.state()).isEqualTo("abc");
        assertThat(decision.orders()).containsExactly("tell");
        assertThat(decision.isEmpty()).isFalse();
        assertThat(evolved).containsExactly("b", "c");
    }

    @Test
    void aDraftThatNothingWasAddedToIsAnEmptyDecision() {
        Decision<String, String, String> decision = new Draft<String, String, String>("a", String::concat).decision();

        assertThat(decision.isEmpty()).isTrue();
        assertThat(decision.state()).isEqualTo("a");
    }
}
